/**
 * What was recommended within the hold, as the sliding maximum that it is for: a number counts until a higher one comes or its time is over. Between two looks a
 * recommendation is taken to have stood, because edges tell as soon as it would be another. Values in, values out.
 */

/** Each lower than the one before it, and later; the last one stands now. */
export type Held = readonly {
  readonly wanted: number;
  /** Until when it stood, milliseconds since 1970. Of the last one: when it was first seen. */
  readonly atMs: number;
}[];

const HELD_MAX = 16;

export interface Seen {
  readonly wanted: number;
  readonly nowMs: number;
  readonly holdMs: number;
}

export function hold(held: Held, { wanted, nowMs, holdMs }: Seen): Held {
  const sinceMs = nowMs - holdMs;
  const now = held.at(-1);
  const isYoung = ({ atMs }: { readonly atMs: number }) => atMs > sinceMs;
  if (now?.wanted === wanted) return [...held.slice(0, -1).filter(isYoung), now];
  const stood = now === undefined ? [] : held.with(-1, { ...now, atMs: nowMs });
  const higher = stood.filter((one) => isYoung(one) && one.wanted > wanted);
  return bounded([...higher, { wanted, atMs: nowMs }]);
}

/** Where there are too many, the second gives its time to the first: that holds more for longer, never less. */
function bounded(held: Held): Held {
  const [first, second, ...rest] = held;
  if (held.length <= HELD_MAX || first === undefined || second === undefined) return held;
  return [{ ...first, atMs: second.atMs }, ...rest];
}

/** The most that was recommended within the hold. */
export function mostOf(held: Held): number {
  return held[0]?.wanted ?? 0;
}
