/**
 * IPv4 addresses and prefixes as numbers: the one place that parses, prints and compares them.
 * Strict on purpose: a prefix has one spelling only, so equal prefixes are equal strings.
 */
import { z } from 'zod';

/** An IPv4 prefix: `base` is an unsigned 32-bit number with no host bits set, `length` is 0 to 32. */
export interface Prefix {
  readonly base: number;
  readonly length: number;
}

export type AddressFault =
  | 'not_an_address'
  | 'leading_zero'
  | 'not_a_prefix'
  | 'length_out_of_range'
  | 'host_bits_set';

const OCTET = /^\d{1,3}$/;

/** The dotted address as an unsigned 32-bit number, or the fault. Leading zeros are refused: readers disagree on octal. */
export function readAddress(text: string): number | AddressFault {
  const octets = text.split('.');
  if (octets.length !== 4) return 'not_an_address';
  let value = 0;
  for (const octet of octets) {
    if (!OCTET.test(octet) || Number(octet) > 255) return 'not_an_address';
    if (octet.length > 1 && octet.startsWith('0')) return 'leading_zero';
    value = value * 256 + Number(octet);
  }
  return value;
}

/** The prefix of `a.b.c.d/n`, or the fault. Host bits must be zero. */
export function readPrefix(text: string): Prefix | AddressFault {
  const [address = '', length = '', ...rest] = text.split('/');
  if (rest.length > 0 || !/^\d{1,2}$/.test(length)) return 'not_a_prefix';
  if (length.length > 1 && length.startsWith('0')) return 'leading_zero';
  if (Number(length) > 32) return 'length_out_of_range';
  const base = readAddress(address);
  if (typeof base === 'string') return base;
  const prefix = { base, length: Number(length) };
  return networkOf(base, prefix.length) === base ? prefix : 'host_bits_set';
}

/** Parses text that was validated at the border; throws a RangeError otherwise. */
export function parsePrefix(text: string): Prefix {
  const prefix = readPrefix(text);
  if (typeof prefix === 'string') throw new RangeError(`${text}: ${prefix}`);
  return prefix;
}

/** Parses text that was validated at the border; throws a RangeError otherwise. */
export function parseAddress(text: string): number {
  const address = readAddress(text);
  if (typeof address === 'string') throw new RangeError(`${text}: ${address}`);
  return address;
}

export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

export function formatPrefix(prefix: Prefix): string {
  return `${formatAddress(prefix.base)}/${prefix.length}`;
}

/** Number of addresses in a prefix of this length. */
export function sizeOf(length: number): number {
  return 2 ** (32 - length);
}

/** The address with its host bits cleared. */
export function networkOf(address: number, length: number): number {
  return address - (address % sizeOf(length));
}

export function containsAddress(prefix: Prefix, address: number): boolean {
  return networkOf(address, prefix.length) === prefix.base;
}

/** Whether the text is an address inside one of the prefixes; text that is none lies in nothing. */
export function isAddressIn(text: string, prefixes: readonly Prefix[]): boolean {
  const address = readAddress(text);
  return typeof address === 'number' && prefixes.some((prefix) => containsAddress(prefix, address));
}

/** True if `inner` lies wholly in `outer` (equal counts). */
export function contains(outer: Prefix, inner: Prefix): boolean {
  return inner.length >= outer.length && containsAddress(outer, inner.base);
}

export function overlaps(a: Prefix, b: Prefix): boolean {
  return contains(a, b) || contains(b, a);
}

/** By address, then the wider first. */
export function comparePrefixes(a: Prefix, b: Prefix): number {
  return a.base - b.base || a.length - b.length;
}

/** The address at the same offset in `to` as `address` has in `from`; both have the same length. */
export function translate(address: number, from: Prefix, to: Prefix): number {
  return to.base + (address - from.base);
}

const ADVICE: Record<AddressFault, string> = {
  not_an_address: 'Write an IPv4 address as four numbers from 0 to 255, for example 10.0.0.10.',
  leading_zero: 'Write numbers without leading zeros: some programs read them as octal.',
  not_a_prefix: 'Write an IPv4 prefix as address/length, for example 10.0.0.0/24.',
  length_out_of_range: 'The length of an IPv4 prefix is 0 to 32.',
  host_bits_set: 'Host bits must be zero: write the first address of the prefix, for example 10.0.0.0/24.',
};

/** A canonical IPv4 prefix such as `10.0.0.0/24`. */
export const Cidr = z
  .string()
  .max(18)
  .check((context) => {
    const prefix = readPrefix(context.value);
    if (typeof prefix === 'string')
      context.issues.push({ code: 'custom', input: context.value, message: ADVICE[prefix] });
  })
  .meta({
    id: 'Cidr',
    description: 'Canonical IPv4 prefix: no leading zeros, no host bits',
    examples: ['10.0.0.0/24'],
  });

/** A canonical IPv4 address such as `10.0.0.10`. */
export const Address = z
  .string()
  .max(15)
  .check((context) => {
    const address = readAddress(context.value);
    if (typeof address === 'string')
      context.issues.push({ code: 'custom', input: context.value, message: ADVICE[address] });
  })
  .meta({ id: 'Address', description: 'IPv4 address without leading zeros', examples: ['10.0.0.10'] });

/** `address:port` of a UDP endpoint. */
export const Endpoint = z
  .string()
  .max(21)
  .check((context) => {
    const [address = '', port = ''] = context.value.split(':');
    const good =
      typeof readAddress(address) === 'number' && /^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65535;
    if (!good || context.value.split(':').length !== 2)
      context.issues.push({
        code: 'custom',
        input: context.value,
        message: 'Write an endpoint as address:port, for example 198.51.100.10:51820.',
      });
  })
  .meta({ id: 'Endpoint', examples: ['198.51.100.10:51820'] });
