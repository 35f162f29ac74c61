/**
 * The way back from the public cloud. It is slower than the way there, so that nothing flaps: private sites must have had room for a while, and keep a margin after
 * the return, whereas a burst needs that they have none at all.
 */
import { divide, type Spreading, weightOf, weightsOf } from './divide.ts';
import { add, heldIn, homesOf, type Round, type Work } from './round.ts';
import { pointsOf, type Scale } from './score.ts';

/** Fills the seats with private clusters that have room beside the margin; returns how many replicas that is. */
function fillInside(round: Round, work: Work, wish: { scale: Scale; marginPercent: number }): number {
  const { ground, room, seats, isAlive } = round;
  const { need } = work.app;
  const weights = weightsOf(round, work);
  let sum = 0;
  seats.clear();
  for (const index of work.eligibility.candidates) {
    const cluster = ground.clusters[index];
    if (cluster === undefined || isAlive[index] !== 1 || ground.isPublic[index] === 1) continue;
    const held = heldIn(work, index);
    const beside = room.fitsBeside(index, cluster, { need, marginPercent: wish.marginPercent });
    const fits = Math.min(beside, (work.eligibility.slots[index] ?? 0) - held);
    if (fits <= 0) continue;
    const points = pointsOf(round, wish.scale, index);
    const weight = weightOf(work, weights, { cluster: index, fits: fits + held, points });
    seats.push({ cluster: index, fits, points, weight, held, tier: 0 });
    sum += fits;
  }
  return sum;
}

/** Takes replicas out of public clusters, the dearest first. */
function withdraw(round: Round, work: Work, wish: { from: readonly number[]; replicas: number }): void {
  const { costPerCpu, clusters } = round.ground;
  const dearest = wish.from.toSorted((a, b) => (costPerCpu[b] ?? 0) - (costPerCpu[a] ?? 0) || b - a);
  let left = wish.replicas;
  for (const cluster of dearest) {
    const replicas = Math.min(left, heldIn(work, cluster));
    if (replicas === 0) continue;
    add(round, work, { cluster, replicas: -replicas });
    work.notes.push({ kind: 'returned', cluster: clusters[cluster]?.id ?? '', replicas });
    left -= replicas;
  }
}

/** Whether the app has replicas that could return one day. */
export function isAway(round: Round, work: Work): boolean {
  if (work.app.placement.burst === undefined) return false;
  return homesOf(work).some(
    (cluster) => round.ground.isPublic[cluster] === 1 && round.isAlive[cluster] === 1,
  );
}

/** Brings replicas home, or notes since when it could; returns whether the seats are now those of the return. */
export function returnHome(
  round: Round,
  work: Work,
  wish: { scale: Scale; spreadings: readonly Spreading[] },
): boolean {
  const { burst } = work.app.placement;
  const since = work.roomSinceMs ?? round.nowMs;
  work.roomSinceMs = undefined;
  if (burst === undefined || !isAway(round, work)) return false;
  const from = homesOf(work).filter(
    (cluster) => round.ground.isPublic[cluster] === 1 && round.isAlive[cluster] === 1,
  );
  const away = from.reduce((sum, cluster) => sum + heldIn(work, cluster), 0);
  const replicas = Math.min(away, fillInside(round, work, { ...wish, marginPercent: burst.marginPercent }));
  if (replicas <= 0) return false;
  const inMs = since + burst.holdSeconds * 1_000 - round.nowMs;
  work.roomSinceMs = since;
  if (inMs > 0) {
    round.wakeAtMs = Math.min(round.wakeAtMs, round.nowMs + inMs);
    work.notes.push({ kind: 'room_again', replicas, inMs });
    return false;
  }
  const left = divide(round, work, { replicas, seats: round.seats, spreadings: wish.spreadings });
  withdraw(round, work, { from, replicas: replicas - left });
  // Whoever was served before could use the room that this leaves.
  if (left < replicas) round.wakeAtMs = round.nowMs;
  // Those for whom there was no room wait for it as long again.
  if (left < replicas) work.roomSinceMs = undefined;
  return true;
}
