/**
 * Prefixes as disjoint intervals. nftables refuses a set whose elements overlap, and a refused set is a refused transaction,
 * so whatever goes into one is made disjoint here.
 */
import {
  comparePrefixes,
  contains,
  formatAddress,
  formatPrefix,
  type Prefix,
  parsePrefix,
  sizeOf,
} from '../../protocol/address.ts';

/** The same addresses with contained prefixes left out, sorted. Two prefixes nest or are disjoint, so that is enough. */
export function collapse(prefixes: readonly string[]): string[] {
  const kept: Prefix[] = [];
  for (const prefix of prefixes.map(parsePrefix).sort(comparePrefixes)) {
    const last = kept.at(-1);
    if (!last || !contains(last, prefix)) kept.push(prefix);
  }
  return kept.map(formatPrefix);
}

/** Sorted by address, without duplicates. */
export function sortPrefixes(prefixes: readonly string[]): string[] {
  const sorted = prefixes.map(parsePrefix).sort(comparePrefixes).map(formatPrefix);
  return [...new Set(sorted)];
}

/** First and last address, both included. */
export interface Interval {
  readonly first: number;
  readonly last: number;
}

export interface IntervalPair {
  readonly from: Interval;
  readonly to: Interval;
}

interface Box {
  readonly from: Interval;
  readonly to: string;
}

/** The same pairs of addresses as disjoint boxes: sources are cut where any pair begins or ends. */
export function disjointPairs(
  pairs: readonly { readonly from: string; readonly to: string }[],
): IntervalPair[] {
  const boxes: Box[] = pairs.map(({ from, to }) => ({ from: intervalOf(from), to }));
  const cuts = [...new Set(boxes.flatMap(({ from }) => [from.first, from.last + 1]))].sort((a, b) => a - b);
  const strips = cuts.slice(1).map((end, index) => strip(boxes, { first: cuts[index] ?? 0, last: end - 1 }));
  return joinStrips(strips).flatMap(({ from, to }) => to.map((prefix) => ({ from, to: intervalOf(prefix) })));
}

interface Strip {
  readonly from: Interval;
  readonly to: readonly string[];
}

function strip(boxes: readonly Box[], from: Interval): Strip {
  const over = boxes.filter((box) => box.from.first <= from.first && box.from.last >= from.last);
  return { from, to: collapse(over.map((box) => box.to)) };
}

function joinStrips(strips: readonly Strip[]): Strip[] {
  const joined: Strip[] = [];
  for (const next of strips) {
    const last = joined.at(-1);
    if (next.to.length === 0) continue;
    if (last && last.from.last + 1 === next.from.first && last.to.join() === next.to.join())
      joined.splice(-1, 1, { from: { first: last.from.first, last: next.from.last }, to: last.to });
    else joined.push(next);
  }
  return joined;
}

function intervalOf(text: string): Interval {
  const prefix = parsePrefix(text);
  return { first: prefix.base, last: prefix.base + sizeOf(prefix.length) - 1 };
}

/** `a` or `a-b`. */
export function formatInterval({ first, last }: Interval): string {
  return first === last ? formatAddress(first) : `${formatAddress(first)}-${formatAddress(last)}`;
}
