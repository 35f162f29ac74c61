/** Ranges that no site may expose: they mean something on every host, or belong to the deployment itself. */
import { formatPrefix, overlaps, type Prefix, parsePrefix } from '../../protocol/address.ts';

/** Nothing wider than a /16 is exposed whole: a ledger item keeps one /16, so that it can decide alone. */
export const EXPOSED_LENGTH_MIN = 16;
export const ALLOTMENT_LENGTH_MIN = 8;

const RESERVED = [
  { prefix: parsePrefix('0.0.0.0/8'), why: 'this network' },
  { prefix: parsePrefix('127.0.0.0/8'), why: 'loopback' },
  { prefix: parsePrefix('169.254.0.0/16'), why: 'link-local, where clouds serve metadata' },
  { prefix: parsePrefix('224.0.0.0/3'), why: 'multicast and reserved' },
];

/** Why the prefix can't be exposed, as half a sentence; undefined if it can. */
export function reservedFor(prefix: Prefix, pools: readonly string[]): string | undefined {
  const range = RESERVED.find((candidate) => overlaps(candidate.prefix, prefix));
  if (range) return `${formatPrefix(range.prefix)} (${range.why})`;
  const pool = pools.find((candidate) => overlaps(parsePrefix(candidate), prefix));
  return pool === undefined ? undefined : `${pool} (a virtual pool of this deployment)`;
}
