/**
 * Which is the largest packet that passes: the wanted size first, then by halving, with the first MTU that a router or the kernel
 * tells of tried before. It asks nobody.
 */

export interface SizeSearch {
  /** The largest size that is known to pass, in bytes. */
  readonly passes: number;
  /** The smallest that is known not to. */
  readonly fails: number;
  /** A size that is worth a try before the middle. */
  readonly likely?: number | undefined;
  /** One told MTU is followed: what tells of a smaller one each time must not prolong the search. */
  readonly isTold: boolean;
}

export interface SizeAnswer {
  readonly passes: boolean;
  /** What a router or the kernel said that it takes. */
  readonly mtuBytes?: number | undefined;
}

/** `wanted` is no less than `passes`, which passes for certain. */
export function beginSearch(passes: number, wanted: number): SizeSearch {
  return { passes, fails: wanted + 1, likely: wanted, isTold: false };
}

/** The size to try next; undefined: `passes` is the largest. */
export function nextSize({ passes, fails, likely }: SizeSearch): number | undefined {
  if (passes + 1 >= fails) return undefined;
  return likely ?? Math.floor((passes + fails) / 2);
}

export function withAnswer(search: SizeSearch, sizeBytes: number, answer: SizeAnswer): SizeSearch {
  const passes = answer.passes ? sizeBytes : search.passes;
  const fails = answer.passes ? search.fails : sizeBytes;
  // What was told and passes is most often the largest: the next one above it settles that.
  const isConfirmed = answer.passes && search.likely === sizeBytes;
  const told = search.isTold ? undefined : answer.mtuBytes;
  const likely = isConfirmed ? sizeBytes + 1 : told;
  const isInside = likely !== undefined && likely > passes && likely < fails;
  return {
    passes,
    fails,
    likely: isInside ? likely : undefined,
    isTold: search.isTold || told !== undefined,
  };
}
