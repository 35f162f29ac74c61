/** Laws of the scheduler over random small estates and whatever may happen to them, judged by the oracle. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Estate, PlacedApp, PlacedCluster } from '../../../functions/placement/estate.ts';
import {
  changed,
  movesBetween,
  type Plan,
  placedOf,
  plan,
  replan,
} from '../../../functions/placement/plan.ts';
import { NOW_MS } from './estates.ts';
import { bestFor, countIn, countOf, limitIn, neglectOf, wrongsOf } from './oracle.ts';
import { anyApp, anyCluster, anyEstate, anyStory, CLUSTERS, facts, NONE, tell } from './stories.ts';

const RUNS = { numRuns: 100 };

describe('whatever happens', () => {
  test('no constraint is broken, no capacity and no quota exceeded, nothing new where nobody answers', () => {
    fc.assert(
      fc.property(anyStory, (story) => {
        tell(story, (after, before) => {
          expect(wrongsOf(after.estate, before?.decisions ?? NONE, after.decisions)).toEqual([]);
        });
      }),
      RUNS,
    );
  });

  test('no app lacks a replica for which a cluster has room', () => {
    fc.assert(
      fc.property(anyStory, (story) => {
        tell(story, (after) => {
          // Whoever came home in this very plan left room behind: it asks to be planned again at once.
          const isDone = after.wakeAtMs !== after.estate.nowMs;
          if (isDone) expect(neglectOf(after.estate, after.decisions)).toEqual([]);
        });
      }),
      RUNS,
    );
  });

  test('counts agree: present and unplaced are what is wanted', () => {
    fc.assert(
      fc.property(anyStory, (story) => {
        tell(story, ({ estate: { apps }, decisions }) => {
          for (const { id, replicas, placement } of apps) {
            const decision = decisions.get(id);
            const present = (decision?.assignments ?? [])
              .filter(({ state }) => state === 'present')
              .reduce((sum, each) => sum + each.replicas, 0);
            expect(present + (decision?.unplaced ?? 0)).toBe(decision?.wanted);
            if (placement.division.kind === 'divide') expect(decision?.wanted).toBe(replicas);
          }
        });
      }),
      RUNS,
    );
  });

  test('a re-plan is a plan of the changed estate', () => {
    fc.assert(
      fc.property(anyStory, (story) => {
        let nowMs = NOW_MS;
        let now = plan(story[0]);
        for (const change of story[1]) {
          nowMs += change.nowMs - NOW_MS;
          const whole = plan(changed(now, { ...change, nowMs }));
          now = replan(now, { ...change, nowMs });
          expect(facts(now.decisions)).toEqual(facts(whole.decisions));
          expect(now.wakeAtMs).toBe(whole.wakeAtMs);
        }
      }),
      RUNS,
    );
  });

  test('the order of what it is told changes nothing', () => {
    fc.assert(
      fc.property(anyStory, fc.infiniteStream(fc.nat()), (story, chance) => {
        const shuffled = <Item>(items: readonly Item[]) =>
          items
            .map((item) => ({ item, order: chance.next().value ?? 0 }))
            .sort((a, b) => a.order - b.order)
            .map(({ item }) => item);
        const { estate: told, decisions } = tell(story, () => undefined);
        const again: Estate = { ...told, placed: [...decisions.values()] };
        const other: Estate = {
          ...again,
          tenants: shuffled(told.tenants),
          sites: shuffled(told.sites),
          clusters: shuffled(told.clusters),
          apps: shuffled(told.apps),
          latencies: shuffled(told.latencies),
          placed: shuffled(again.placed),
        };
        const sorted = (one: Plan) => [...one.decisions].sort(([a], [b]) => (a < b ? -1 : 1));
        expect(sorted(plan(other))).toEqual(sorted(plan(again)));
        expect(sorted(plan({ ...other, placed: [] }))).toEqual(sorted(plan({ ...again, placed: [] })));
      }),
      RUNS,
    );
  });

  test('a second plan changes nothing', () => {
    fc.assert(
      fc.property(anyStory, (story) => {
        const last = tell(story, () => undefined);
        if (last.wakeAtMs === last.estate.nowMs) return;
        const again = replan(last, { nowMs: last.estate.nowMs });
        expect(movesBetween(placedOf(last), again.decisions)).toEqual([]);
      }),
      RUNS,
    );
  });
});

describe('movement', () => {
  const alone = fc.tuple(anyEstate, anyApp('web'), fc.tuple(...CLUSTERS.map(anyCluster)), anyApp('web'));
  /** What leaves a place for a reason of its own is judged by its own tests. */
  const isPlain = ({ placement, disconnect }: PlacedApp) =>
    placement.division.kind === 'divide' && placement.burst === undefined && !disconnect.replace;

  test('of an app that is alone is the least that any arrangement with as many replicas needs', () => {
    fc.assert(
      fc.property(alone, ([start, first, clusters, second]) => {
        fc.pre(isPlain(first) && isPlain(second) && second.placement.spread.length === 0);
        const before = plan({ ...start, apps: [first], tenants: [] });
        const after = replan(before, { nowMs: NOW_MS, clusters, apps: [second] });
        const best = bestFor(after.estate, second, before.decisions);
        const moved = clusters.reduce((sum, { id }) => {
          const was = countIn(before.decisions, 'acme/web', id);
          return sum + Math.max(0, was - countIn(after.decisions, 'acme/web', id));
        }, 0);
        expect({ placed: second.replicas - (after.decisions.get('acme/web')?.unplaced ?? 0), moved }).toEqual(
          best,
        );
      }),
      { numRuns: 300 },
    );
  });

  test('from nothing an app that is alone has as many replicas as any arrangement within its skew', () => {
    fc.assert(
      fc.property(anyEstate, anyApp('web'), (start, web) => {
        fc.pre(web.placement.division.kind === 'divide');
        const only = { ...start, apps: [web], tenants: [] };
        const unplaced = plan(only).decisions.get('acme/web')?.unplaced ?? 0;
        expect(web.replicas - unplaced).toBe(bestFor(only, web, NONE).placed);
      }),
      { numRuns: 300 },
    );
  });

  test('among many has a reason that is told: whatever left a cluster is accounted for by a note', () => {
    fc.assert(
      fc.property(anyStory, (story) => {
        tell(story, (after, before) => {
          for (const [id, decision] of after.decisions) {
            const left = after.estate.clusters.reduce((sum, one) => {
              const was = countOf(before?.decisions ?? NONE, id, { cluster: one.id, state: 'present' });
              return sum + Math.max(0, was - countIn(after.decisions, id, one.id));
            }, 0);
            const kinds = ['moved_off', 'scaled_down', 'gave_way', 'returned', 'reconciled'];
            const told = decision.notes.reduce(
              (sum, note) => sum + (kinds.includes(note.kind) && 'replicas' in note ? note.replicas : 0),
              0,
            );
            expect(left).toBeLessThanOrEqual(told);
          }
        });
      }),
      RUNS,
    );
  });

  test('to make place is for higher priority alone', () => {
    fc.assert(
      fc.property(anyStory, (story) => {
        tell(story, ({ estate: { apps }, decisions }) => {
          const priorityOf = (id: string) => apps.find((one) => one.id === id)?.placement.priority ?? 0;
          for (const [id, { notes }] of decisions)
            for (const note of notes)
              if (note.kind === 'gave_way') {
                expect(priorityOf(note.to)).toBeGreaterThan(priorityOf(id));
                expect(countIn(decisions, note.to, note.cluster)).toBeGreaterThan(0);
              }
        });
      }),
      RUNS,
    );
  });
});

describe('an explanation', () => {
  test('names every cluster of the tenant: chosen, refused once, or with room that was not needed', () => {
    fc.assert(
      fc.property(anyEstate, (start) => {
        const planned = plan(start);
        for (const one of start.apps) {
          const decision = planned.decisions.get(one.id);
          const refused = (decision?.refusals ?? []).flatMap(({ clusters }) => clusters);
          expect(new Set(refused).size).toBe(refused.length);
          const own = start.clusters.filter(({ tenants }) => tenants.includes(one.tenant));
          expect(decision?.clusters).toBe(own.length);
          const isNamed = ({ id }: PlacedCluster) =>
            refused.includes(id) || countIn(planned.decisions, one.id, id) > 0;
          const spare = own.filter((each) => !isNamed(each));
          for (const each of spare) {
            expect(each.health.verdict).toBe('alive');
            expect(limitIn(start, one, each)).toBeGreaterThan(0);
          }
          const isShort = decision?.unplaced !== 0 && !decision?.notes.some(({ kind }) => kind === 'quota');
          if (isShort) expect(spare).toEqual([]);
          const most = one.placement.division.kind === 'each' ? one.replicas : Number.POSITIVE_INFINITY;
          const holders = own.filter(({ id, health }) => {
            const held = countIn(planned.decisions, one.id, id);
            return health.verdict === 'alive' && held > 0 && held < most;
          });
          if (isShort) expect(refused).toEqual(expect.arrayContaining(holders.map(({ id }) => id)));
        }
      }),
      RUNS,
    );
  });
});
