/** The table of clusters that could take replicas of one app, while it is divided. Filled in `survey.ts`, used up in `divide.ts`. */

/**
 * Clusters that can take more, while one app is divided: a column a fact, because there are ten million of these in a large plan. The columns are used again for
 * the next app.
 */
export class Seats {
  size = 0;
  /** Whether there is any of tier 1. */
  hasOuter = false;
  readonly cluster: Int32Array;
  /** How many more fit. */
  readonly fits: Float64Array;
  readonly fitsBefore: Float64Array;
  readonly points: Float64Array;
  readonly weight: Float64Array;
  readonly held: Float64Array;
  readonly added: Float64Array;
  /** Seats of tier 1 are taken while there is none in tier 0. */
  readonly tier: Uint8Array;
  /** What the highest averages are compared by. */
  readonly average: Float64Array;

  constructor(most: number) {
    this.cluster = new Int32Array(most);
    this.fits = new Float64Array(most);
    this.fitsBefore = new Float64Array(most);
    this.points = new Float64Array(most);
    this.weight = new Float64Array(most);
    this.held = new Float64Array(most);
    this.added = new Float64Array(most);
    this.tier = new Uint8Array(most);
    this.average = new Float64Array(most);
  }

  clear(): void {
    this.size = 0;
    this.hasOuter = false;
  }

  push(seat: {
    cluster: number;
    fits: number;
    points: number;
    weight: number;
    held: number;
    tier: number;
  }): void {
    const at = this.size++;
    this.cluster[at] = seat.cluster;
    this.fits[at] = seat.fits;
    this.fitsBefore[at] = seat.fits;
    this.points[at] = seat.points;
    this.weight[at] = seat.weight;
    this.held[at] = seat.held;
    this.added[at] = 0;
    this.tier[at] = seat.tier;
    if (seat.tier === 1) this.hasOuter = true;
    this.average[at] = averageOf(seat.weight, seat.held);
  }

  /** One more replica sits here. */
  seatOne(at: number): void {
    const held = (this.held[at] ?? 0) + 1;
    this.held[at] = held;
    this.fits[at] = (this.fits[at] ?? 0) - 1;
    this.added[at] = (this.added[at] ?? 0) + 1;
    this.average[at] = averageOf(this.weight[at] ?? 0, held);
  }
}

export function averageOf(weight: number, held: number): number {
  return weight / (2 * held + 1);
}
