/** The second half of a plan: gives an app what it lacks, in its turn. */
import { isAway, returnHome } from './burst.ts';
import type { Choice, Decision } from './decision.ts';
import { divide, type Spreading, spreadingsOf } from './divide.ts';
import { trim } from './keep.ts';
import { preempt } from './preempt.ts';
import { add, heldIn, holdingIn, homesOf, presentOf, type Round, type Work } from './round.ts';
import { meritsOf, type Scale, scaleOf } from './score.ts';
import { emptySeats, fullHolders, spareIn, survey } from './survey.ts';

/** As many of these as the tenant's quota allows. */
function allowed(
  round: Round,
  work: Work,
  { wanted, entitled }: { wanted: number; entitled: number },
): number {
  const { replicas: more, what } = round.quotas.allows(work.app.tenant, work.app.need);
  const replicas = Math.max(more, entitled);
  if (replicas >= wanted) return wanted;
  round.refusedTenants.add(work.app.tenant);
  work.notes.push({ kind: 'quota', tenant: work.app.tenant, replicas: wanted - replicas, what });
  return replicas;
}

/** Remembers what was added to the seats, and why there. */
function noteChoices(round: Round, work: Work, scale: Scale): void {
  const { seats, ground } = round;
  const bursts = work.app.placement.burst !== undefined;
  for (let at = 0; at < seats.size; at++) {
    const added = seats.added[at] ?? 0;
    if (added === 0) continue;
    const cluster = seats.cluster[at] ?? 0;
    addChoice(work, {
      cluster: ground.clusters[cluster]?.id ?? '',
      added,
      fits: seats.fitsBefore[at] ?? 0,
      points: seats.points[at] ?? 0,
      merits: meritsOf(round, scale, cluster),
      tier: bursts ? (seats.tier[at] === 1 ? 'burst' : 'private') : 'any',
    });
  }
}

function addChoice(work: Work, choice: Choice): void {
  work.choices = [...work.choices, choice];
}

/** Of the replicas just added, as many stand in for lost ones as these have no stand-in yet. */
function markStandIns(work: Work, added: ReadonlyMap<number, number>): void {
  let missing = 0;
  for (const { lost, standIns } of work.holdings.values()) missing += lost - standIns;
  for (const [cluster, replicas] of added) {
    if (missing <= 0) return;
    const standIns = Math.min(missing, replicas);
    holdingIn(work, cluster).standIns += standIns;
    missing -= standIns;
  }
}

function addedTo({ seats }: Round): Map<number, number> {
  const added = new Map<number, number>();
  for (let at = 0; at < seats.size; at++) {
    const replicas = seats.added[at] ?? 0;
    if (replicas > 0) added.set(seats.cluster[at] ?? 0, replicas);
  }
  return added;
}

/** Takes everything out of clusters that answer, to be divided afresh; returns what was where. */
function release(round: Round, work: Work): Map<number, number> {
  const before = new Map<number, number>();
  for (const cluster of homesOf(work)) {
    if (round.isAlive[cluster] !== 1) continue;
    const replicas = heldIn(work, cluster);
    before.set(cluster, replicas);
    add(round, work, { cluster, replicas: -replicas });
  }
  // More than are wanted can only be in clusters that are silent.
  if (presentOf(work) > work.app.replicas) round.wakeAtMs = round.nowMs;
  trim(round, work);
  return before;
}

/** After a fresh division only what truly differs is news. */
function noteMoves(round: Round, work: Work, before: ReadonlyMap<number, number>): void {
  for (const [cluster, replicas] of before) {
    const moved = replicas - heldIn(work, cluster);
    if (moved <= 0) continue;
    const id = round.ground.clusters[cluster]?.id ?? '';
    work.notes.push({ kind: 'moved_off', cluster: id, replicas: moved, why: 'its placement was reworded' });
    // Whoever was served before could use the room.
    round.wakeAtMs = round.nowMs;
  }
}

/** `released`: how many it had before, which no quota takes from it. */
function fillUp(
  round: Round,
  work: Work,
  { lacking, released }: { lacking: number; released: number },
): { scale: Scale; spreadings: readonly Spreading[] } {
  const scale = scaleOf(round, work);
  const refusals = survey(round, work, scale);
  const spreadings = spreadingsOf(round, work);
  const wish = allowed(round, work, { wanted: lacking, entitled: released });
  const short = divide(round, work, { replicas: wish, seats: round.seats, spreadings });
  noteChoices(round, work, scale);
  markStandIns(work, addedTo(round));
  work.refusals = [...refusals, ...emptySeats(round, spreadings, short)];
  const clusters = work.eligibility.candidates;
  const { left, taken } = preempt(round, work, { replicas: short, clusters, spreadings });
  markStandIns(work, taken);
  work.unplaced = left + (lacking - wish);
  if (left > 0) work.refusals = [...work.refusals, ...fullHolders(round, work, spreadings)];
  return { scale, spreadings };
}

/** Nothing was kept but all of it: what changes without a note (a stand-in that is one no more) had a note in the plan before. */
function standsWhole(work: Work, prior: Decision): boolean {
  const isQuiet = work.notes.length === 0 && prior.notes.length === 0;
  const isFull = prior.unplaced === 0 && prior.wanted === work.wanted && prior.roomSinceMs === undefined;
  return isQuiet && isFull && work.before === prior;
}

function settleDivided(round: Round, work: Work, prior: Decision | undefined): void {
  const before = work.app.isReworded === true ? release(round, work) : undefined;
  const lacking = Math.max(0, work.app.replicas - presentOf(work));
  if (lacking === 0 && before === undefined && prior !== undefined && !isAway(round, work)) {
    if (standsWhole(work, prior)) work.standing = prior;
    work.refusals = prior.refusals.filter(({ holds }) => holds !== true);
    work.choices = prior.choices;
    work.decidedAtMs = prior.decidedAtMs;
    work.roomSinceMs = undefined;
    return;
  }
  const released = [...(before ?? new Map<number, number>()).values()].reduce((sum, count) => sum + count, 0);
  const wish = fillUp(round, work, { lacking, released });
  if (before !== undefined) noteMoves(round, work, before);
  if (work.unplaced === 0 && returnHome(round, work, wish)) {
    noteChoices(round, work, wish.scale);
    markStandIns(work, addedTo(round));
  } else if (work.unplaced > 0) work.roomSinceMs = undefined;
}

/** Fills one cluster; returns how many of those that it lacks found no place. */
function fillOne(round: Round, work: Work, at: { cluster: number; scale: Scale }): number {
  const { cluster, scale } = at;
  const lacking = work.app.replicas - heldIn(work, cluster);
  if (lacking <= 0) return 0;
  const wish = allowed(round, work, { wanted: lacking, entitled: 0 });
  const fits = Math.max(0, spareIn(round, work, cluster));
  const added = Math.min(wish, fits);
  if (added > 0) {
    add(round, work, { cluster, replicas: added });
    const id = round.ground.clusters[cluster]?.id ?? '';
    const merits = meritsOf(round, scale, cluster);
    addChoice(work, { cluster: id, added, fits, points: 0, merits, tier: 'any' });
  }
  const { left } = preempt(round, work, { replicas: wish - added, clusters: [cluster], spreadings: [] });
  return left + (lacking - wish);
}

function settleEach(round: Round, work: Work): void {
  const scale = scaleOf(round, work);
  work.refusals = survey(round, work, scale);
  work.wanted = 0;
  for (const cluster of work.eligibility.candidates) {
    if (round.isAlive[cluster] === 1) {
      work.unplaced += fillOne(round, work, { cluster, scale });
      work.wanted += work.app.replicas;
    } else work.wanted += heldIn(work, cluster);
  }
  // What is left alone where nothing new would go: it is there, and nobody asks for more.
  for (const cluster of homesOf(work))
    if (work.eligibility.isCandidate[cluster] !== 1) work.wanted += heldIn(work, cluster);
  if (work.unplaced > 0) work.refusals = [...work.refusals, ...fullHolders(round, work, [])];
}

/** `prior`: what was decided last, of which the reasons stand as long as nothing is given and nothing taken. */
export function settle(round: Round, work: Work, prior: Decision | undefined): void {
  if (work.app.placement.division.kind === 'each') settleEach(round, work);
  else settleDivided(round, work, prior);
}
