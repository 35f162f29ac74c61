/**
 * The first half of a plan: what every app keeps. A replica stays where it is as long as it may be there, there is room for it and it is wanted; a silent cluster keeps
 * what it has, until the app's contract says that it is lost.
 */
import { countIn, spreadingsOf, weightOf, weightsOf } from './divide.ts';
import { refusalOf } from './eligible.ts';
import type { Assignment, PlacedCluster } from './estate.ts';
import { refusalText } from './explain.ts';
import { add, heldIn, holdingIn, homesOf, lose, presentOf, type Round, type Work } from './round.ts';
import { pointsOf, scaleOf } from './score.ts';
import { averageOf } from './seats.ts';

interface Found {
  readonly index: number;
  readonly cluster: PlacedCluster;
  readonly assignment: Assignment;
}

function leave(work: Work, { cluster, replicas, state }: Assignment, why: string): void {
  if (state === 'present') work.notes.push({ kind: 'moved_off', cluster, replicas, why });
}

function keepSilent(round: Round, work: Work, { index, cluster, assignment }: Found): void {
  const { replace, lostAfterSeconds } = work.app.disconnect;
  const { evidence, heardAtMs } = cluster.health;
  const { standIns } = assignment;
  const slots = work.eligibility.slots[index] ?? 0;
  const most = slots < 0 ? Number.POSITIVE_INFINITY : slots - heldIn(work, index);
  const replicas = Math.min(assignment.replicas, most);
  if (replicas < assignment.replicas)
    leave(work, { ...assignment, replicas: assignment.replicas - replicas }, 'its nodes may hold no more');
  if (replicas <= 0) return;
  const lostAtMs = heardAtMs + lostAfterSeconds * 1_000;
  const isReplaced = replace && work.app.placement.division.kind === 'divide';
  add(round, work, { cluster: index, replicas });
  holdingIn(work, index).standIns += standIns;
  const about = { cluster: cluster.id, replicas, ageMs: round.nowMs - heardAtMs, evidence };
  if (isReplaced && (assignment.state === 'lost' || round.nowMs >= lostAtMs)) {
    lose(round, work, index);
    work.notes.push({ kind: 'lost', ...about });
    return;
  }
  if (isReplaced) round.wakeAtMs = Math.min(round.wakeAtMs, lostAtMs);
  work.notes.push({ kind: 'silent', ...about, ...(isReplaced ? { lostInMs: lostAtMs - round.nowMs } : {}) });
}

/** Returns how many are kept. */
function keepAlive(round: Round, work: Work, { index, assignment }: Found): number {
  const slots = work.eligibility.slots[index] ?? 0;
  const most = Math.min(round.room.fits(index, work.app.need), slots - heldIn(work, index));
  const kept = Math.max(0, Math.min(assignment.replicas, most));
  if (kept > 0) {
    add(round, work, { cluster: index, replicas: kept });
    holdingIn(work, index).standIns += Math.min(kept, assignment.standIns);
  }
  if (kept < assignment.replicas)
    leave(work, { ...assignment, replicas: assignment.replicas - kept }, 'there is less room than before');
  return kept;
}

/** Takes up to so many replicas away from the clusters in this order; returns how many could not be. */
function takeFrom(round: Round, work: Work, wish: { clusters: readonly number[]; replicas: number }) {
  const taken: { cluster: number; replicas: number }[] = [];
  let left = wish.replicas;
  for (const cluster of wish.clusters) {
    const replicas = Math.min(left, heldIn(work, cluster));
    if (replicas <= 0) continue;
    add(round, work, { cluster, replicas: -replicas });
    taken.push({ cluster, replicas });
    left -= replicas;
  }
  return taken;
}

/** Lost replicas answer again: of them and of their stand-ins only as many stay as are wanted. */
function reconcile(round: Round, work: Work, returned: readonly number[]): void {
  const surplus = presentOf(work) - work.app.replicas;
  const kept = work.app.disconnect.reconcile;
  if (surplus > 0) {
    const standIns = [...work.holdings].filter(([, { standIns }]) => standIns > 0).sort(([a], [b]) => a - b);
    const most =
      kept === 'keep_newest' ? surplus : standIns.reduce((sum, [, each]) => sum + each.standIns, 0);
    const taken =
      kept === 'keep_newest'
        ? takeFrom(round, work, { clusters: returned, replicas: surplus })
        : standIns.flatMap(([cluster, { standIns: count }], at) => {
            const before = standIns.slice(0, at).reduce((sum, [, each]) => sum + each.standIns, 0);
            const replicas = Math.min(count, Math.max(0, Math.min(surplus, most) - before));
            return takeFrom(round, work, { clusters: [cluster], replicas });
          });
    for (const { cluster, replicas } of taken)
      work.notes.push({
        kind: 'reconciled',
        cluster: round.ground.clusters[cluster]?.id ?? '',
        replicas,
        kept,
      });
  }
}

/** No more replicas stand in than are lost. */
function settleStandIns(work: Work): void {
  if (work.before?.assignments.every(({ standIns }) => standIns === 0) !== false) return;
  let lost = 0;
  for (const holding of work.holdings.values()) lost += holding.lost;
  for (const [, holding] of [...work.holdings].sort(([a], [b]) => a - b)) {
    holding.standIns = Math.min(holding.standIns, lost);
    lost -= holding.standIns;
  }
}

/**
 * More than are wanted: away with those that nobody sees, then with those that burst, then where most of them stand together, then where dividing would have put the
 * last one.
 */
export function trim(round: Round, work: Work): void {
  let surplus = presentOf(work) - work.app.replicas;
  if (surplus <= 0) return;
  const { ground, isAlive, room } = round;
  const scale = scaleOf(round, work);
  const spreadings = spreadingsOf(round, work);
  const weights = weightsOf(round, work);
  const homes = homesOf(work).map((cluster) => {
    const fits = Math.max(0, room.fits(cluster, work.app.need)) + heldIn(work, cluster);
    return {
      cluster,
      weight: weightOf(work, weights, { cluster, fits, points: pointsOf(round, scale, cluster) }),
    };
  });
  const isAway = (cluster: number) =>
    work.app.placement.burst !== undefined && ground.isPublic[cluster] === 1;
  const crowd = (cluster: number) =>
    spreadings.map(({ counts, domainOf }) => -(counts[domainOf[cluster] ?? 0] ?? 0));
  const removed = new Map<number, number>();
  for (; surplus > 0; surplus--) {
    const ordered = homes
      .filter(({ cluster }) => heldIn(work, cluster) > 0)
      .map(({ cluster, weight }) => ({
        cluster,
        order: [
          isAlive[cluster] ?? 0,
          isAway(cluster) ? 0 : 1,
          ...crowd(cluster),
          averageOf(weight, heldIn(work, cluster) - 1),
          -cluster,
        ],
      }));
    const first = ordered.reduce(
      (least, each) => (isBelow(each.order, least.order) ? each : least),
      ordered[0] ?? none,
    );
    add(round, work, { cluster: first.cluster, replicas: -1 });
    countIn(spreadings, first.cluster, -1);
    removed.set(first.cluster, (removed.get(first.cluster) ?? 0) + 1);
  }
  for (const [cluster, replicas] of removed)
    work.notes.push({ kind: 'scaled_down', cluster: ground.clusters[cluster]?.id ?? '', replicas });
}

const none = { cluster: -1, order: [] };

function isBelow(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at >= 0 && (a[at] ?? 0) < (b[at] ?? 0);
}

/** Of an app that every cluster runs, none has more than all. */
function trimEach(round: Round, work: Work): void {
  for (const cluster of homesOf(work)) {
    const replicas = heldIn(work, cluster) - work.app.replicas;
    if (replicas <= 0) continue;
    add(round, work, { cluster, replicas: -replicas });
    work.notes.push({ kind: 'scaled_down', cluster: round.ground.clusters[cluster]?.id ?? '', replicas });
  }
}

/**
 * Nothing that is said against what is there: nobody can look at its nodes now; or the newest release asks for what the cluster can't do, which fails there and
 * goes back, while the last one runs on.
 */
function isLeftAlone({ ground, isAlive }: Round, { eligibility }: Work, index: number): boolean {
  const reason = refusalOf(eligibility, ground.clusters[index]?.id ?? '')?.reason;
  return reason === 'unsupported' || (reason === 'nodes_unknown' && isAlive[index] !== 1);
}

export function keep(round: Round, work: Work): void {
  const { ground } = round;
  const returned: number[] = [];
  for (const assignment of work.before?.assignments ?? []) {
    const index = ground.indexOf.get(assignment.cluster) ?? -1;
    const cluster = ground.clusters[index];
    if (cluster === undefined) leave(work, assignment, 'the cluster is no longer there');
    else if (cluster.health.verdict === 'dead')
      leave(work, assignment, `it is dead: ${cluster.health.evidence}`);
    else if (work.eligibility.isCandidate[index] !== 1 && !isLeftAlone(round, work, index)) {
      const refusal = refusalOf(work.eligibility, cluster.id);
      const why = refusal === undefined ? 'it is no longer open to the tenant' : refusalText(refusal);
      leave(work, assignment, why);
    } else if (round.isAlive[index] !== 1) keepSilent(round, work, { index, cluster, assignment });
    else if (keepAlive(round, work, { index, cluster, assignment }) > 0 && assignment.state === 'lost')
      returned.push(index);
  }
  if (work.app.placement.division.kind === 'each') trimEach(round, work);
  else {
    if (returned.length > 0) reconcile(round, work, returned);
    settleStandIns(work);
    if (work.app.isReworded !== true) trim(round, work);
  }
}
