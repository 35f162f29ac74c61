/** What was told of a thing since the tab looks: some numbers at each look, the newest last, and no more of them than a curve can show. */

export interface Point {
  readonly atMs: number;
  /** In one order, whatever the look. */
  readonly values: readonly number[];
}

const POINTS_MAX = 300;

/** After one more look; a look that was had already changes nothing, and after other things are told of it begins anew. */
export function nextHistory(points: readonly Point[], next: Point): readonly Point[] {
  const last = points.at(-1);
  if (last === undefined || last.values.length !== next.values.length) return [next];
  if (next.atMs <= last.atMs) return points;
  return [...points, next].slice(-POINTS_MAX);
}
