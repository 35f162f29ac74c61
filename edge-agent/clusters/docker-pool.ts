/** Addresses that containers of a pool can have at plain engines. Values in, values out. */
import { poolNetworkName } from './docker-container.ts';

const ADDRESSES_MAX = 4_096;

/** In order, without those that a network needs itself: its first, its last, and the engine's own, which is the second. */
export function poolAddresses(prefixes: readonly string[], isOnLan: boolean): string[] {
  return prefixes.flatMap((prefix) => {
    const { first, count } = rangeOf(prefix);
    // On a LAN the range is a part of the LAN's, so none of it is special.
    const [skip, end] = isOnLan ? [0, count] : [2, count - 1];
    return Array.from({ length: Math.max(0, Math.min(end, ADDRESSES_MAX) - skip) }, (_, index) =>
      textOf(first + skip + index),
    );
  });
}

/** Name of the network that has the address; undefined if no range has it. */
export function networkOfAddress(pool: string, prefixes: readonly string[], address: string) {
  const number = numberOf(address);
  const prefix = prefixes.find((one) => {
    const { first, count } = rangeOf(one);
    return number >= first && number < first + count;
  });
  return prefix === undefined ? undefined : poolNetworkName(pool, prefix);
}

function rangeOf(prefix: string): { readonly first: number; readonly count: number } {
  const [address = '', length = '32'] = prefix.split('/');
  return { first: numberOf(address), count: 2 ** (32 - Number(length)) };
}

function numberOf(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function textOf(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}
