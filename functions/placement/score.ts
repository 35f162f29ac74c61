/**
 * How good a place a cluster is for an app, in points: what it prefers, what its CPUs cost, how near it is to what it calls, whether the image is there. Points never
 * outweigh a filter, and `factorOf` says how they weigh against free room.
 */
import { compareText, imageMask, maskOf } from './ground.ts';
import { calleesOf, type Round, type Work } from './round.ts';

export const COST_POINTS = 30;
export const LATENCY_POINTS = 60;
/** A pull costs once, a lopsided division for as long as the app runs: enough between equals, too little to skew a handful of replicas. */
export const IMAGE_POINTS = 2;
/** At this distance latency is worth half of its points. */
const LATENCY_HALF_MS = 10;

interface Term {
  readonly text: string;
  readonly points: number;
  readonly mask: Uint8Array;
}

export interface Scale {
  readonly terms: readonly Term[];
  /** By site, mean of the way to the replicas of what it calls; absent if none of them runs. */
  readonly waysMs: Float64Array | undefined;
  /** By site, what its cost and its way are worth. */
  readonly sitePoints: Float64Array;
}

/** From each site to where the callees run now, by their replicas. */
function waysOf(round: Round, work: Work): Float64Array | undefined {
  const { sites, siteOf, latencyMs } = round.ground;
  const weights = new Float64Array(sites.length);
  let sum = 0;
  for (const callee of calleesOf(round, work))
    for (const [cluster, { present }] of callee.holdings) {
      const site = siteOf[cluster] ?? 0;
      weights[site] = (weights[site] ?? 0) + present;
      sum += present;
    }
  if (sum === 0) return undefined;
  return Float64Array.from(sites, (_, from) => {
    let total = 0;
    weights.forEach((weight, to) => {
      total += weight * (latencyMs[from * sites.length + to] ?? 0);
    });
    return total / sum;
  });
}

const costPoints = (cost: number, most: number) => (most === 0 ? 0 : COST_POINTS * (1 - cost / most));
const wayPoints = (ms: number) => (LATENCY_POINTS * LATENCY_HALF_MS) / (LATENCY_HALF_MS + ms);

export function scaleOf(round: Round, work: Work): Scale {
  const { ground } = round;
  const { placement, image } = work.app;
  const preferences = placement.preferences.map(({ constraint, weight }) => ({
    text: constraint,
    points: weight,
    mask: maskOf(ground, constraint),
  }));
  // Points are added up in one order, whatever order they were written in, for the last bit's sake.
  preferences.sort((a, b) => compareText(a.text, b.text) || a.points - b.points);
  const mask = imageMask(ground, image);
  const images =
    mask === undefined ? [] : [{ text: 'the image is there or may be', points: IMAGE_POINTS, mask }];
  const waysMs = waysOf(round, work);
  const sitePoints = Float64Array.from(ground.sites, ({ costPerCpu }, site) => {
    const way = waysMs?.[site];
    return costPoints(costPerCpu, ground.costMax) + (way === undefined ? 0 : wayPoints(way));
  });
  return { terms: [...preferences, ...images], waysMs, sitePoints };
}

export function pointsOf({ ground }: Round, { terms, sitePoints }: Scale, cluster: number): number {
  let points = sitePoints[ground.siteOf[cluster] ?? 0] ?? 0;
  for (const { mask, points: worth } of terms) if (mask[cluster] === 1) points += worth;
  return points;
}

/** Squared, so that points outweigh the wish to divide: at 50 more of them, several replicas go here before the first goes elsewhere. */
export function factorOf(points: number): number {
  return (1 + points / 10) ** 2;
}

/** What the points of a cluster are for, in words. */
export function meritsOf({ ground }: Round, { terms, waysMs }: Scale, cluster: number): string[] {
  const cost = costPoints(ground.costPerCpu[cluster] ?? 0, ground.costMax);
  const way = waysMs?.[ground.siteOf[cluster] ?? 0];
  const line = (text: string, points: number) => (points < 0.5 ? [] : [`${text} (+${Math.round(points)})`]);
  return [
    ...terms.filter(({ mask }) => mask[cluster] === 1).flatMap(({ text, points }) => line(text, points)),
    ...line('cost', cost),
    ...(way === undefined ? [] : line(`${Math.round(way)} ms to what it calls`, wayPoints(way))),
  ];
}
