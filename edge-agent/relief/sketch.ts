/** Quantiles of durations in bounded memory: counts by ranges that grow by a quarter, so that an answer is off by at most an eighth. */

const GROWTH = 1.25;
const LEAST_MS = 0.1;
/** The last range ends above an hour. */
const RANGES = 80;

export type Sketch = readonly number[];

export const EMPTY_SKETCH: Sketch = [];

export function rangeOf(milliseconds: number): number {
  if (milliseconds <= LEAST_MS) return 0;
  return Math.min(RANGES - 1, Math.ceil(Math.log(milliseconds / LEAST_MS) / Math.log(GROWTH)));
}

/** The middle of the range that holds the share (0 to 1) of all values; 0 if there are none. */
export function quantileMs(counts: Sketch, share: number): number {
  const total = counts.reduce((sum, count) => sum + (count ?? 0), 0);
  if (total === 0) return 0;
  let seen = 0;
  const index = counts.findIndex((count) => {
    seen += count ?? 0;
    return seen >= share * total;
  });
  const upper = LEAST_MS * GROWTH ** index;
  return Math.round((index === 0 ? upper : (upper + upper / GROWTH) / 2) * 100) / 100;
}

/** The upper end of a range in milliseconds, as histograms are told. */
export function rangeEndMs(range: number): number {
  return LEAST_MS * GROWTH ** range;
}
