/**
 * Divides replicas over clusters by highest averages (the method that Webster and Sainte-Laguë gave to parliaments): each next replica goes where weight / (2 × held + 1)
 * is greatest. Its virtue here: when a cluster falls away, what it had goes to the others and nothing moves between these.
 */
import { topologyOf } from './ground.ts';
import { add, type Round, type Work } from './round.ts';
import { factorOf } from './score.ts';
import type { Seats } from './seats.ts';

/** Lets points decide between equals, and never more than that: far below the step between two averages. */
const POINTS_TIE = 1e-9;
const ROOM_TIE = 1e-13;
const ROOM_TIE_MAX = 1_000;
/** Of what takes no room at all any number fits. */
const FITS_MAX = 10_000;

export interface Spreading {
  readonly by: string;
  readonly maxSkew: number;
  readonly domainOf: Int32Array;
  readonly counts: Float64Array;
  /** Domains that count for the emptiest: those of clusters that answer and that the app may use. */
  readonly domains: readonly number[];
  /** Replicas in the emptiest of these. */
  least: number;
}

/**
 * What a cluster weighs; `fits` are the replicas that it would hold of this app, with those that it has: else it would lose weight by being used. `weights` are those of
 * the division, by cluster.
 */
export function weightOf(
  work: Work,
  weights: Float64Array | undefined,
  at: { cluster: number; fits: number; points: number },
): number {
  const { cluster, fits, points } = at;
  const { division } = work.app.placement;
  if (division.kind === 'divide' && division.by === 'free')
    return Math.min(fits, FITS_MAX) * factorOf(points);
  const tie = 1 + points * POINTS_TIE + Math.min(fits, ROOM_TIE_MAX) * ROOM_TIE;
  return weights === undefined ? tie : (weights[cluster] ?? 0) * tie;
}

/** The weights that an app states, by cluster; nothing if it states none. */
export function weightsOf({ ground }: Round, { app }: Work): Float64Array | undefined {
  const { division } = app.placement;
  const weights = division.kind === 'divide' ? division.weights : undefined;
  return weights && Float64Array.from(ground.clusters, ({ name }) => weights[name] ?? 0);
}

export function spreadingsOf(round: Round, work: Work): Spreading[] {
  const { candidates } = work.eligibility;
  return work.app.placement.spread.map(({ by, maxSkew = Number.POSITIVE_INFINITY }) => {
    const { names, domainOf } = topologyOf(round.ground, by);
    const counts = new Float64Array(names.length);
    for (const [cluster, { present }] of work.holdings) {
      const domain = domainOf[cluster] ?? 0;
      counts[domain] = (counts[domain] ?? 0) + present;
    }
    const domains = new Set<number>();
    for (const cluster of candidates) if (round.isAlive[cluster] === 1) domains.add(domainOf[cluster] ?? 0);
    const spreading = { by, maxSkew, domainOf, counts, domains: [...domains], least: 0 };
    findLeast(spreading);
    return spreading;
  });
}

function findLeast(spreading: Spreading): void {
  spreading.least = Number.POSITIVE_INFINITY;
  for (const domain of spreading.domains)
    spreading.least = Math.min(spreading.least, spreading.counts[domain] ?? 0);
}

const countAt = ({ counts, domainOf }: Spreading, cluster: number) => counts[domainOf[cluster] ?? 0] ?? 0;

/** The spreading that forbids one more replica in a cluster, if there is one. */
export function skewedAt(spreadings: readonly Spreading[], cluster: number): Spreading | undefined {
  return spreadings.find((spreading) => {
    if (spreading.maxSkew === Number.POSITIVE_INFINITY) return false;
    return countAt(spreading, cluster) + 1 - spreading.least > spreading.maxSkew;
  });
}

/** Below zero if a is emptier than b, by the first spreading that tells them apart. */
function compareSpread(spreadings: readonly Spreading[], a: number, b: number): number {
  for (const spreading of spreadings) {
    const difference = countAt(spreading, a) - countAt(spreading, b);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The best seat of a tier for the next replica, -1 if there is none. Of equals the first wins, which is the first by id. */
function bestSeat({ size, fits, tier, average }: Seats, wanted: number): number {
  let best = -1;
  let bestAverage = 0;
  for (let at = 0; at < size; at++) {
    const own = average[at] ?? 0;
    if (own <= bestAverage || (fits[at] ?? 0) <= 0 || tier[at] !== wanted) continue;
    best = at;
    bestAverage = own;
  }
  return best;
}

/** The same for an app that is spread: the emptiest place first, then the best seat in it. */
function bestSpreadSeat(seats: Seats, wanted: number, spreadings: readonly Spreading[]): number {
  const { size, fits, tier, average, cluster } = seats;
  const [first] = spreadings;
  let best = -1;
  let bestCount = Number.POSITIVE_INFINITY;
  for (let at = 0; at < size; at++) {
    const own = cluster[at] ?? 0;
    const count = first === undefined ? 0 : countAt(first, own);
    if (count > bestCount || (fits[at] ?? 0) <= 0 || tier[at] !== wanted) continue;
    if (skewedAt(spreadings, own) !== undefined) continue;
    const order = best < 0 ? -1 : compareSpread(spreadings, own, cluster[best] ?? 0);
    if (order > 0 || (order === 0 && (average[at] ?? 0) <= (average[best] ?? 0))) continue;
    best = at;
    bestCount = count;
  }
  return best;
}

/** Counts one more replica, or one less, in the spreadings. */
export function countIn(spreadings: readonly Spreading[], cluster: number, replicas: number): void {
  for (const spreading of spreadings) {
    const domain = spreading.domainOf[cluster] ?? 0;
    spreading.counts[domain] = (spreading.counts[domain] ?? 0) + replicas;
    if (spreading.maxSkew < Number.POSITIVE_INFINITY) findLeast(spreading);
  }
}

/** Gives out up to so many replicas, tier after tier; returns how many found no seat. */
export function divide(
  round: Round,
  work: Work,
  wish: { replicas: number; seats: Seats; spreadings: readonly Spreading[] },
): number {
  const { seats, spreadings } = wish;
  const best = (tier: number) =>
    spreadings.length === 0 ? bestSeat(seats, tier) : bestSpreadSeat(seats, tier, spreadings);
  let left = wish.replicas;
  for (; left > 0; left--) {
    const inner = best(0);
    const at = inner < 0 && seats.hasOuter ? best(1) : inner;
    if (at < 0) break;
    countIn(spreadings, seats.cluster[at] ?? 0, 1);
    seats.seatOne(at);
  }
  for (let at = 0; at < seats.size; at++) {
    const replicas = seats.added[at] ?? 0;
    if (replicas > 0) add(round, work, { cluster: seats.cluster[at] ?? 0, replicas });
  }
  return left;
}
