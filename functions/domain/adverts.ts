/**
 * What an edge advertises, and what of it is accepted. Advertised is not accepted: a prefix must lie in the site's
 * allotment and in the token's prefixes, and what is registered already stands, whatever comes later.
 */
import { contains, overlaps, parsePrefix } from '../../protocol/address.ts';
import type { RefusedAdvert } from '../../protocol/edge.ts';
import { EXPOSED_LENGTH_MIN } from '../../protocol/reserved.ts';
import { sortedPrefixes } from './order.ts';
import { reservedFor } from './reserved.ts';

export interface Adverts {
  readonly allotment: readonly string[];
  /** Real prefixes that the site exposes already. */
  readonly registered: readonly string[];
  /** The token's prefixes; null: every one of the allotment. */
  readonly allowed: readonly string[] | null;
  readonly advertised: readonly string[];
  readonly pools: readonly string[];
  /** Prefixes that native routing has given to others (see `nativeTaken`). */
  readonly taken?: readonly string[] | undefined;
}

export interface AdvertsDecided {
  /** Advertised prefixes that are exposed by now; `added` are those of them that were not registered. */
  readonly accepted: string[];
  readonly added: string[];
  readonly refused: RefusedAdvert[];
}

/**
 * Wider before narrower, so that the outcome does not depend on the order of the advertisement. The site's
 * prefixes become `registered` and `added` together: disjoint, and each added one inside the allotment.
 */
export function acceptAdverts(adverts: Adverts): AdvertsDecided {
  const decided: AdvertsDecided = { accepted: [], added: [], refused: [] };
  for (const prefix of widestFirst(adverts.advertised)) {
    const refusal = refusalOf(prefix, adverts, decided.added);
    if (refusal) decided.refused.push({ prefix, ...refusal });
    else decided.accepted.push(prefix);
    if (!refusal && !adverts.registered.includes(prefix)) decided.added.push(prefix);
  }
  return decided;
}

type AdvertRefusal = Omit<RefusedAdvert, 'prefix'>;

function refusalOf(text: string, adverts: Adverts, added: readonly string[]): AdvertRefusal | undefined {
  return (
    unfit(text, adverts) ??
    (adverts.registered.includes(text) ? undefined : rivalled(text, [...adverts.registered, ...added])) ??
    takenNatively(text, adverts.taken ?? [])
  );
}

function unfit(text: string, adverts: Adverts): AdvertRefusal | undefined {
  const prefix = parsePrefix(text);
  const within = (ranges: readonly string[]) => ranges.some((range) => contains(parsePrefix(range), prefix));
  if (prefix.length < EXPOSED_LENGTH_MIN)
    return { reason: 'too_wide', detail: `Nothing wider than /${EXPOSED_LENGTH_MIN} is exposed whole.` };
  const reserved = reservedFor(prefix, adverts.pools);
  if (reserved !== undefined) return { reason: 'reserved', detail: `It overlaps ${reserved}.` };
  if (!within(adverts.allotment))
    return {
      reason: 'outside_allotment',
      detail: `The site's allotment is ${adverts.allotment.join(', ')}.`,
    };
  if (adverts.allowed !== null && !within(adverts.allowed))
    return {
      reason: 'outside_token',
      detail: `The token allows ${adverts.allowed.join(', ') || 'no prefix'}.`,
    };
  return undefined;
}

function rivalled(text: string, rivals: readonly string[]): AdvertRefusal | undefined {
  const prefix = parsePrefix(text);
  const rival = rivals.find((other) => overlaps(parsePrefix(other), prefix));
  if (rival === undefined) return undefined;
  if (contains(parsePrefix(rival), prefix))
    return { reason: 'narrower', detail: `It lies in ${rival}, which is registered and stands.` };
  return { reason: 'overlaps', detail: `It overlaps ${rival}, which is registered and stands.` };
}

function takenNatively(text: string, taken: readonly string[]): AdvertRefusal | undefined {
  if (!taken.some((other) => overlaps(parsePrefix(other), parsePrefix(text)))) return undefined;
  return { reason: 'overlaps', detail: 'The site has native routes, and this range is routed elsewhere.' };
}

function widestFirst(prefixes: readonly string[]): string[] {
  return sortedPrefixes(prefixes).sort((a, b) => parsePrefix(a).length - parsePrefix(b).length);
}
