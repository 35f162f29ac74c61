/** What another spec of a site would do, told before it is done: what others reach by it from then on, and what no longer, with what is called so there. */
import { contains, containsAddress, parseAddress, parsePrefix, readPrefix } from '../../protocol/address.ts';

export interface SiteSpecFacts {
  readonly kind: 'datacenter' | 'vpc';
  readonly lan: 'routed' | 'masquerade';
  readonly allotment: readonly string[];
  readonly prefixes: readonly string[];
  readonly native: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly costPerCpu: number;
}

export interface SiteAround {
  /** Real prefixes that are exposed now, with the virtual ones. */
  readonly exposed: readonly { readonly real: string; readonly virtual: string }[];
  /** What edges of the site offer, and is taken: it stays exposed as long as it is allotted. */
  readonly offered: readonly string[];
  readonly services: readonly { readonly name: string; readonly address: string }[];
  /** Of the tenant's other sites, those that ask this one for native routing. */
  readonly askedBy: readonly string[];
}

export type SiteChange =
  | { readonly kind: 'exposes'; readonly prefix: string }
  | {
      readonly kind: 'hides';
      readonly prefix: string;
      readonly virtual: string;
      /** Names that lead into it, and would lead nowhere. */
      readonly services: readonly string[];
    }
  | { readonly kind: 'staysOffered'; readonly prefix: string }
  | { readonly kind: 'allots' | 'refusesOffers'; readonly prefix: string }
  | { readonly kind: 'lan'; readonly lan: 'routed' | 'masquerade' }
  | { readonly kind: 'siteKind'; readonly siteKind: 'datacenter' | 'vpc' }
  | { readonly kind: 'nativeHolds' | 'nativeWaits' | 'nativeEnds'; readonly site: string }
  | { readonly kind: 'placements' };

/** Undefined: not all that is written is a prefix yet, so nothing can be told of it. */
export function siteChanges(
  before: SiteSpecFacts,
  after: SiteSpecFacts,
  around: SiteAround,
): SiteChange[] | undefined {
  if ([...after.allotment, ...after.prefixes].some((text) => !isPrefix(text))) return undefined;
  const changes: SiteChange[] = [
    ...exposure(before, after, around),
    ...added(before.allotment, after.allotment).map((prefix) => ({ kind: 'allots' as const, prefix })),
    ...added(after.allotment, before.allotment).map((prefix) => ({ kind: 'refusesOffers' as const, prefix })),
    ...nativeChanges(before, after, around),
  ];
  if (before.lan !== after.lan) changes.push({ kind: 'lan', lan: after.lan });
  if (before.kind !== after.kind) changes.push({ kind: 'siteKind', siteKind: after.kind });
  if (before.costPerCpu !== after.costPerCpu || textOfLabels(before.labels) !== textOfLabels(after.labels))
    changes.push({ kind: 'placements' });
  return changes;
}

function exposure(before: SiteSpecFacts, after: SiteSpecFacts, around: SiteAround): SiteChange[] {
  const isAllotted = (prefix: string) =>
    after.allotment.some((range) => contains(parsePrefix(range), parsePrefix(prefix)));
  const kept = around.offered.filter((prefix) => isPrefix(prefix) && isAllotted(prefix));
  const next = new Set([...after.prefixes, ...kept]);
  const now = around.exposed.map(({ real }) => real);
  const servicesIn = (real: string) =>
    around.services
      .filter(({ address }) => isInside(address, real) && ![...next].some((one) => isInside(address, one)))
      .map(({ name }) => name);
  return [
    ...added(now, [...next]).map((prefix) => ({ kind: 'exposes' as const, prefix })),
    ...around.exposed
      .filter(({ real }) => !next.has(real))
      .map(({ real, virtual }) => ({
        kind: 'hides' as const,
        prefix: real,
        virtual,
        services: servicesIn(real),
      })),
    ...added(after.prefixes, before.prefixes)
      .filter((prefix) => kept.includes(prefix))
      .map((prefix) => ({ kind: 'staysOffered' as const, prefix })),
  ];
}

function nativeChanges(before: SiteSpecFacts, after: SiteSpecFacts, { askedBy }: SiteAround): SiteChange[] {
  return [
    ...added(before.native, after.native).map((site) => ({
      kind: askedBy.includes(site) ? ('nativeHolds' as const) : ('nativeWaits' as const),
      site,
    })),
    ...added(after.native, before.native).map((site) => ({ kind: 'nativeEnds' as const, site })),
  ];
}

function added(before: readonly string[], after: readonly string[]): string[] {
  return [...new Set(after)].filter((one) => !before.includes(one));
}

function isInside(address: string, prefix: string): boolean {
  return containsAddress(parsePrefix(prefix), parseAddress(address));
}

function isPrefix(text: string): boolean {
  return typeof readPrefix(text) !== 'string';
}

/** `region=eu, tier=gold`, in one order. */
export function textOfLabels(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(', ');
}

export function labelsIn(parts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    parts.map((part) => {
      const [key = '', ...value] = part.split('=');
      return [key, value.join('=')];
    }),
  );
}
