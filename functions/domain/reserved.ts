/** Ranges that no site may expose: they mean something on every host, or belong to the deployment itself. */
import { formatPrefix, overlaps, type Prefix, parsePrefix } from '../../protocol/address.ts';
import { RESERVED } from '../../protocol/reserved.ts';

export const ALLOTMENT_LENGTH_MIN = 8;

/** Why the prefix can't be exposed, as half a sentence; undefined if it can. */
export function reservedFor(prefix: Prefix, pools: readonly string[]): string | undefined {
  const range = RESERVED.find((candidate) => overlaps(candidate.prefix, prefix));
  if (range) return `${formatPrefix(range.prefix)} (${range.why})`;
  const pool = pools.find((candidate) => overlaps(parsePrefix(candidate), prefix));
  return pool === undefined ? undefined : `${pool} (a virtual pool of this deployment)`;
}
