/** What a site may be: its allotment and the prefixes that it exposes. Other sites' ranges may overlap; that is normal. */
import { contains, overlaps, type Prefix, parsePrefix } from '../../protocol/address.ts';
import type { ProblemCode, Refusal } from '../../protocol/problem.ts';
import { EXPOSED_LENGTH_MIN } from '../../protocol/reserved.ts';
import type { SiteSpec } from '../../protocol/site.ts';
import { ALLOTMENT_LENGTH_MIN, reservedFor } from './reserved.ts';

interface Fault {
  readonly code: ProblemCode;
  readonly pointer: string;
  readonly detail: string;
}

interface Surroundings {
  readonly pools: readonly string[];
  /** Prefixes that the site exposes already because an edge advertised them. */
  readonly others?: readonly string[] | undefined;
}

/** The refusal of a site's spec, with a pointer for each wrong element; its code is that of the first fault. */
export function checkSite(
  spec: Pick<SiteSpec, 'allotment' | 'prefixes'>,
  surroundings: Surroundings,
): Refusal | undefined {
  const faults = [...allotmentFaults(spec.allotment, surroundings), ...prefixFaults(spec, surroundings)];
  const [first] = faults;
  if (!first) return undefined;
  const errors = faults.map(({ pointer, detail }) => ({ pointer, detail }));
  return { code: first.code, detail: first.detail, errors };
}

type Network = Pick<SiteSpec, 'kind' | 'allotment' | 'prefixes' | 'lan'>;

/** True if a change leaves alone what is done to packets of the site itself: it may still ask for native routes. */
export function isSameNetwork(before: Network, after: Network): boolean {
  const textOf = ({ kind, allotment, prefixes, lan }: Network) =>
    JSON.stringify([kind, allotment, prefixes, lan]);
  return textOf(before) === textOf(after);
}

function allotmentFaults(allotment: readonly string[], { pools }: Surroundings): Fault[] {
  return allotment.flatMap((text, index) => {
    const fault = rangeFault(text, ALLOTMENT_LENGTH_MIN, pools);
    return fault ? [{ ...fault, pointer: `/spec/allotment/${index}` }] : [];
  });
}

function prefixFaults(
  { allotment, prefixes }: Pick<SiteSpec, 'allotment' | 'prefixes'>,
  { pools, others = [] }: Surroundings,
): Fault[] {
  return prefixes.flatMap((text, index) => {
    const rivals = [...prefixes.slice(0, index), ...others.filter((other) => other !== text)];
    const fault =
      rangeFault(text, EXPOSED_LENGTH_MIN, pools) ?? outside(text, allotment) ?? overlapping(text, rivals);
    return fault ? [{ ...fault, pointer: `/spec/prefixes/${index}` }] : [];
  });
}

type Found = Omit<Fault, 'pointer'>;

function rangeFault(text: string, lengthMin: number, pools: readonly string[]): Found | undefined {
  const prefix: Prefix = parsePrefix(text);
  const reserved = reservedFor(prefix, pools);
  if (reserved !== undefined)
    return { code: 'prefix_reserved', detail: `${text} overlaps ${reserved}, which no site may expose.` };
  if (prefix.length >= lengthMin) return undefined;
  return { code: 'prefix_too_wide', detail: `${text} is wider than /${lengthMin}; write narrower prefixes.` };
}

function outside(text: string, allotment: readonly string[]): Found | undefined {
  if (allotment.some((range) => contains(parsePrefix(range), parsePrefix(text)))) return undefined;
  const detail = `${text} is not inside the allotment ${allotment.join(', ')}; add its range there first.`;
  return { code: 'prefix_outside_allotment', detail };
}

function overlapping(text: string, rivals: readonly string[]): Found | undefined {
  const rival = rivals.find((other) => overlaps(parsePrefix(other), parsePrefix(text)));
  if (rival === undefined) return undefined;
  return {
    code: 'prefix_overlaps',
    detail: `${text} overlaps ${rival} of the same site; expose one of them.`,
  };
}
