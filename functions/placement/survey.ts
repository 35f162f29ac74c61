/** Looks at every cluster that an app may use: which could take more now, and why the others can't. The inner loop of the whole plan. */
import type { Refusal, Shortage } from './decision.ts';
import { type Spreading, skewedAt, weightOf, weightsOf } from './divide.ts';
import type { Need } from './estate.ts';
import { heldIn, type Round, type Work } from './round.ts';
import { pointsOf, type Scale } from './score.ts';

interface Short {
  readonly full: number[];
  readonly limited: number[];
  readonly silent: number[];
}

/** How many more replicas of the app a cluster could take. */
export function spareIn(round: Round, work: Work, cluster: number): number {
  const slots = (work.eligibility.slots[cluster] ?? 0) - heldIn(work, cluster);
  return Math.min(round.room.fits(cluster, work.app.need), slots);
}

function fill(round: Round, work: Work, scale: Scale): Short {
  const { seats, room, isAlive, ground } = round;
  const { candidates, slots } = work.eligibility;
  const bursts = work.app.placement.burst !== undefined;
  const hasHoldings = work.holdings.size > 0;
  const short: Short = { full: [], limited: [], silent: [] };
  seats.clear();
  const weights = weightsOf(round, work);
  for (const cluster of candidates) {
    if (isAlive[cluster] !== 1) {
      short.silent.push(cluster);
      continue;
    }
    const held = hasHoldings ? heldIn(work, cluster) : 0;
    const fits = room.fits(cluster, work.app.need);
    const free = (slots[cluster] ?? 0) - held;
    if (fits <= 0 || free <= 0) {
      if (held === 0) (fits <= 0 ? short.full : short.limited).push(cluster);
      continue;
    }
    const spare = Math.min(fits, free);
    const points = pointsOf(round, scale, cluster);
    const weight = weightOf(work, weights, { cluster, fits: spare + held, points });
    seats.push({
      cluster,
      fits: spare,
      points,
      weight,
      held,
      tier: bursts ? (ground.isPublic[cluster] ?? 0) : 0,
    });
  }
  return short;
}

const relative = ({ cpuMillis, memoryMib, pods }: Shortage, need: Need) =>
  cpuMillis / Math.max(1, need.cpuMillis) + memoryMib / Math.max(1, need.memoryMib) + pods;

function nearestOf(round: Round, need: Need, full: readonly number[]): Shortage {
  let nearest: Shortage = { cluster: '', cpuMillis: 0, memoryMib: 0, pods: 0 };
  let least = Number.POSITIVE_INFINITY;
  for (const cluster of full) {
    const shortage = round.room.shortage(cluster, round.ground.clusters[cluster]?.id ?? '', need);
    const lacking = relative(shortage, need);
    if (lacking < least) {
      nearest = shortage;
      least = lacking;
    }
  }
  return nearest;
}

function silentRefusals(round: Round, silent: readonly number[]): Refusal[] {
  const groups = new Map<string, Refusal & { clusters: string[] }>();
  for (const index of silent) {
    const cluster = round.ground.clusters[index];
    if (cluster === undefined || cluster.health.verdict === 'alive') continue;
    const { verdict, evidence } = cluster.health;
    const key = `${verdict} ${evidence}`;
    const made: Refusal & { clusters: string[] } =
      verdict === 'dead'
        ? { reason: 'dead' as const, evidence, clusters: [] }
        : { reason: 'silent' as const, verdict, evidence, clusters: [] };
    const group = groups.get(key) ?? made;
    group.clusters.push(cluster.id);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** Fills the round's seats for the app; returns who has none, those that filters refuse included. */
export function survey(round: Round, work: Work, scale: Scale): Refusal[] {
  const { full, limited, silent } = fill(round, work, scale);
  const idsOf = (list: readonly number[]) => list.map((index) => round.ground.clusters[index]?.id ?? '');
  return [
    ...work.eligibility.refusals,
    ...silentRefusals(round, silent),
    ...(full.length === 0
      ? []
      : [
          {
            reason: 'capacity' as const,
            clusters: idsOf(full),
            nearest: nearestOf(round, work.app.need, full),
          },
        ]),
    ...(limited.length === 0 ? [] : [{ reason: 'node_limit' as const, clusters: idsOf(limited) }]),
  ];
}

/** Why clusters that have replicas of the app take no more of it: asked if some found no place. */
export function fullHolders(round: Round, work: Work, spreadings: readonly Spreading[]): Refusal[] {
  const { candidates, slots } = work.eligibility;
  const { placement, replicas } = work.app;
  // With division each a cluster wants its own number and no more.
  const most = placement.division.kind === 'each' ? replicas : Number.POSITIVE_INFINITY;
  const holders = [...candidates].filter((cluster) => {
    const held = heldIn(work, cluster);
    return round.isAlive[cluster] === 1 && held > 0 && held < most;
  });
  const full = holders.filter((cluster) => round.room.fits(cluster, work.app.need) <= 0);
  const open = holders.filter((cluster) => !full.includes(cluster));
  const limited = open.filter((cluster) => (slots[cluster] ?? 0) <= heldIn(work, cluster));
  const nearest = nearestOf(round, work.app.need, full);
  const idsOf = (list: readonly number[]) => list.map((index) => round.ground.clusters[index]?.id ?? '');
  const held = { holds: true } as const;
  return [
    ...(full.length === 0 ? [] : [{ ...held, reason: 'capacity' as const, clusters: idsOf(full), nearest }]),
    ...(limited.length === 0 ? [] : [{ ...held, reason: 'node_limit' as const, clusters: idsOf(limited) }]),
    ...open.flatMap((cluster) => {
      const spreading = limited.includes(cluster) ? undefined : skewedAt(spreadings, cluster);
      if (spreading === undefined) return [];
      const { by, maxSkew } = spreading;
      return [{ ...held, reason: 'skew' as const, by, maxSkew, clusters: idsOf([cluster]) }];
    }),
  ];
}

/** Seats that were left empty although replicas were left over, or that wait until private sites are full. */
export function emptySeats(round: Round, spreadings: readonly Spreading[], left: number): Refusal[] {
  const { seats, ground } = round;
  const waiting: string[] = [];
  const skewed = new Map<Spreading, string[]>();
  for (let at = 0; at < seats.size; at++) {
    const cluster = seats.cluster[at] ?? 0;
    const id = ground.clusters[cluster]?.id ?? '';
    if ((seats.held[at] ?? 0) > 0) continue;
    const spreading = left > 0 ? skewedAt(spreadings, cluster) : undefined;
    if (spreading !== undefined) skewed.set(spreading, [...(skewed.get(spreading) ?? []), id]);
    else if (seats.tier[at] === 1) waiting.push(id);
  }
  return [
    ...(waiting.length === 0 ? [] : [{ reason: 'burst' as const, clusters: waiting }]),
    ...[...skewed].map(([{ by, maxSkew }, clusters]) => ({ reason: 'skew' as const, by, maxSkew, clusters })),
  ];
}
