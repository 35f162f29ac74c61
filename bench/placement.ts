/**
 * How long the scheduler takes for 10,000 apps over 1,000 clusters from nothing, and after the loss of one site, beside two others in the same run: first-fit, which
 * asks nothing but filters and room, and JSON.parse of the same estate, which is the least that whoever holds it as text has to pay. `node bench/placement.ts [ROUNDS]`
 */

import { eligibilityOf, fitsIn } from '../functions/placement/eligible.ts';
import type { PlacedApp, PlacedCluster } from '../functions/placement/estate.ts';
import { groundOf } from '../functions/placement/ground.ts';
import { movesBetween, type Plan, placedOf, plan, replan } from '../functions/placement/plan.ts';
import { median, printResult } from './figures.ts';
import { largeEstate } from './placement-estate.ts';

const ROUNDS = Number(process.argv[2] ?? 7);
const SIZE = { apps: 10_000, clusters: 1_000, seed: 1 };
const LOST_SITE = 'site-7';
const GOAL_PLAN_MS = 2_000;
const GOAL_REPLAN_MS = 200;

const estate = largeEstate(SIZE);
const text = JSON.stringify(estate);

/** Each app into the first clusters that pass the same filters and have room: no scores, no division, no order, no reasons. */
function firstFit(): number {
  const ground = groundOf(estate);
  const free = ground.clusters.map(({ capacity, used }) => ({
    cpuMillis: capacity.cpuMillis - used.cpuMillis,
    memoryMib: capacity.memoryMib - used.memoryMib,
    pods: capacity.pods - used.pods,
  }));
  const place = (app: PlacedApp): number => {
    const { candidates, slots } = eligibilityOf(ground, app);
    let left = app.replicas;
    for (const index of candidates) {
      const room = free[index];
      if (room === undefined || left === 0) break;
      const replicas = Math.min(left, fitsIn(room, app.need), slots[index] ?? 0);
      room.cpuMillis -= replicas * app.need.cpuMillis;
      room.memoryMib -= replicas * app.need.memoryMib;
      room.pods -= replicas;
      left -= replicas;
    }
    return left;
  };
  return estate.apps.reduce((sum, app) => sum + place(app), 0);
}

function timed<Value>(run: () => Value): { value: Value; ms: number } {
  const began = process.hrtime.bigint();
  const value = run();
  return { value, ms: Number(process.hrtime.bigint() - began) / 1e6 };
}

const dead = (one: PlacedCluster): PlacedCluster => ({
  ...one,
  health: { ...one.health, verdict: 'dead', evidence: 'the site burned down' },
});
const lost = estate.clusters.filter(({ site }) => site === LOST_SITE).map(dead);
const loss = { nowMs: estate.nowMs + 1, clusters: lost };

/** Replicas that changed their place although theirs was not lost. */
function needless(before: Plan, after: Plan): number {
  const gone = new Set(lost.map(({ id }) => id));
  return movesBetween(placedOf(before), after.decisions)
    .filter(({ cluster }) => !gone.has(cluster))
    .reduce((sum, move) => sum + Math.max(0, move.before - move.after), 0);
}

const times = { plan: [0], replan: [0], firstFit: [0], parse: [0] };
const sums = { unplaced: 0, firstFitUnplaced: 0, lost: 0, needless: 0 };
for (let round = 0; round <= ROUNDS; round++) {
  const parsed = timed((): unknown => JSON.parse(text));
  const fitted = timed(firstFit);
  const planned = timed(() => plan(estate));
  const again = timed(() => replan(planned.value, loss));
  const all = { plan: planned.ms, replan: again.ms, firstFit: fitted.ms, parse: parsed.ms };
  // The first round warms the compiler, for all of them alike.
  for (const key of ['plan', 'replan', 'firstFit', 'parse'] as const)
    if (round === 0) times[key] = [];
    else times[key].push(all[key]);
  if (round === 0) console.log(`cold: plan ${planned.ms.toFixed(0)} ms, re-plan ${again.ms.toFixed(0)} ms`);
  const decisions = [...planned.value.decisions.values()];
  sums.unplaced = decisions.reduce((sum, { unplaced }) => sum + unplaced, 0);
  sums.firstFitUnplaced = fitted.value;
  sums.lost = lost.reduce(
    (sum, { id }) =>
      sum +
      decisions.reduce(
        (own, { assignments }) => own + (assignments.find(({ cluster }) => cluster === id)?.replicas ?? 0),
        0,
      ),
    0,
  );
  sums.needless = needless(planned.value, again.value);
}

const show = (values: readonly number[]) =>
  `${median(values).toFixed(0)} ms (${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)})`;
console.log(
  `${SIZE.apps} apps over ${SIZE.clusters} clusters, ${(text.length / 1e6).toFixed(1)} MB as text, ${ROUNDS} rounds`,
);
console.log(
  `plan from nothing: ${show(times.plan)}; first-fit ${show(times.firstFit)}; JSON.parse ${show(times.parse)}`,
);
console.log(
  `re-plan after the loss of ${LOST_SITE} (${lost.length} clusters, ${sums.lost} replicas): ${show(times.replan)}`,
);
const figures = {
  planMs: Math.round(median(times.plan)),
  planMostMs: Math.round(Math.max(...times.plan)),
  replanMs: Math.round(median(times.replan)),
  replanMostMs: Math.round(Math.max(...times.replan)),
  firstFitMs: Math.round(median(times.firstFit)),
  parseMs: Math.round(median(times.parse)),
  planToFirstFit: Number((median(times.plan) / median(times.firstFit)).toFixed(2)),
  planToParse: Number((median(times.plan) / median(times.parse)).toFixed(2)),
  ...sums,
};
printResult({
  bench: 'placement',
  figures,
  goal: { planMs: GOAL_PLAN_MS, replanMs: GOAL_REPLAN_MS, needless: 0 },
  met: figures.planMs <= GOAL_PLAN_MS && figures.replanMs <= GOAL_REPLAN_MS && sums.needless === 0,
});
