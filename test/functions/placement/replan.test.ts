/** What happens to what runs when something changes, by example. */
import { describe, expect, test } from 'vitest';
import type { PlacedCluster } from '../../../functions/placement/estate.ts';
import { explain } from '../../../functions/placement/explain.ts';
import { movesBetween, placedOf, plan, replan } from '../../../functions/placement/plan.ts';
import { app, cloud, cluster, decisionFor, estate, NOW_MS, site, where } from './estates.ts';

const MINUTE_MS = 60_000;
const ABC = [cluster('a'), cluster('b'), cluster('c')];

const silent = (one: PlacedCluster, verdict: 'cut_off' | 'dead' | 'unknown', ageMs = 0): PlacedCluster => ({
  ...one,
  health: { verdict, evidence: 'the hub lost it', heardAtMs: NOW_MS - ageMs },
});

describe('a quota', () => {
  test('that pre-emption frees late serves whoever was refused before, in a plan at once', () => {
    const clusters = [cluster('a', { cpus: 2 }), cluster('b', { cpus: 4 })];
    const sites = ['a', 'b'].map((id) => site(id));
    const tenants = [{ name: 'beta', quota: { replicas: 2 } }];
    const both = clusters.map((one) => ({ ...one, tenants: ['acme', 'beta'] }));
    const batch = app('batch', { tenant: 'beta', replicas: 2, placement: { priority: 10, clusters: ['a'] } });
    const first = plan(estate({ clusters: both, sites, tenants, apps: [batch] }));
    const paper = app('paper', { tenant: 'beta', placement: { priority: 90, clusters: ['b'] } });
    const shop = app('shop', { placement: { priority: 50, clusters: ['a'] } });
    const second = replan(first, { nowMs: NOW_MS, apps: [paper, shop] });
    expect([where(second, 'beta/paper'), where(second, 'shop')]).toEqual([{}, { a: 1 }]);
    expect(second.wakeAtMs).toBe(NOW_MS);
    const third = replan(second, { nowMs: NOW_MS });
    expect(where(third, 'beta/paper')).toEqual({ b: 1 });
    expect(third.wakeAtMs).toBeUndefined();
  });
});

describe('silence is not death', () => {
  const contract = { lostAfterSeconds: 300, replace: true };
  const start = (disconnect: object) =>
    plan(estate({ clusters: ABC, apps: [app('web', { replicas: 3, disconnect })] }));
  const cut = (ageMs: number) => [silent(cluster('a'), 'cut_off', ageMs)];

  test('a cluster that is cut off keeps what it has and gets nothing new', () => {
    const first = start({});
    const second = replan(first, {
      nowMs: NOW_MS,
      clusters: cut(60 * MINUTE_MS),
      apps: [app('web', { replicas: 6 })],
    });
    expect(where(second, 'web')).toMatchObject({ a: 1 });
    expect(decisionFor(second, 'web').unplaced).toBe(0);
  });

  test('what it has counts as wanted of an app that every cluster is to run, though nobody can look at its nodes', () => {
    const first = plan(estate({ clusters: [cluster('a')], apps: [app('agent', { replicas: 1 })] }));
    const each = app('agent', {
      replicas: 1,
      placement: { division: { kind: 'each' }, uniquePerNode: true },
    });
    const second = replan(first, {
      nowMs: NOW_MS,
      clusters: [silent(cluster('a'), 'unknown')],
      apps: [{ ...each, isReworded: true }],
    });
    expect(where(second, 'agent')).toEqual({ a: 1 });
    expect(decisionFor(second, 'agent')).toMatchObject({ wanted: 1, unplaced: 0 });
  });

  test('its replicas are replaced after the time of the contract, and only then', () => {
    const first = start(contract);
    const early = replan(first, { nowMs: NOW_MS, clusters: cut(4 * MINUTE_MS) });
    expect(where(early, 'web')).toEqual({ a: 1, b: 1, c: 1 });
    expect(early.wakeAtMs).toBe(NOW_MS + MINUTE_MS);
    const late = replan(early, { nowMs: NOW_MS + MINUTE_MS });
    expect(where(late, 'web')).toEqual({ 'a (lost)': 1, b: 2, c: 1 });
    expect(movesBetween(placedOf(early), late.decisions)).toEqual([
      { app: 'acme/web', cluster: 'b', before: 1, after: 2 },
    ]);
  });

  test.each([
    ['keep_newest', { b: 2, c: 1 }],
    ['keep_oldest', { a: 1, b: 1, c: 1 }],
  ])('when it is back, %s says which stay', (reconcile, expected) => {
    const lost = replan(start({ ...contract, reconcile }), { nowMs: NOW_MS, clusters: cut(6 * MINUTE_MS) });
    expect(where(lost, 'web')).toEqual({ 'a (lost)': 1, b: 2, c: 1 });
    const back = replan(lost, { nowMs: NOW_MS, clusters: [cluster('a')] });
    expect(where(back, 'web')).toEqual(expected);
  });

  test('what is dead is replaced at once, whatever the contract', () => {
    const second = replan(start({}), { nowMs: NOW_MS, clusters: [silent(cluster('a'), 'dead')] });
    expect(where(second, 'web')).toEqual({ b: 2, c: 1 });
    expect(explain(decisionFor(second, 'web'))).toContain('1 replica left a: it is dead: the hub lost it.');
  });
});

describe('bursting', () => {
  const burst = { burst: { holdSeconds: 600, marginPercent: 25 } };
  const clusters = [cluster('a', { cpus: 4 }), cluster('aws', { cpus: 64 })];
  const web = (replicas: number) => app('web', { replicas, placement: burst });
  const start = plan(estate({ clusters, sites: [cloud('aws')], apps: [web(6)] }));

  test('fills private sites first, and only then the cloud', () => {
    expect(where(start, 'web')).toEqual({ a: 4, aws: 2 });
    const small = plan(estate({ clusters, sites: [cloud('aws')], apps: [web(4)] }));
    expect(where(small, 'web')).toEqual({ a: 4 });
    expect(decisionFor(small, 'web').refusals).toEqual([{ reason: 'burst', clusters: ['aws'] }]);
  });

  test('ends first where replicas burst when fewer are wanted', () => {
    expect(where(replan(start, { nowMs: NOW_MS, apps: [web(5)] }), 'web')).toEqual({ a: 4, aws: 1 });
  });

  test('returns when private sites have had room for long enough, and keep a margin', () => {
    const larger = [cluster('a', { cpus: 6 })];
    const grown = replan(start, { nowMs: NOW_MS, clusters: larger });
    // A quarter of six stays free: there is room for none.
    expect(where(grown, 'web')).toEqual({ a: 4, aws: 2 });
    expect(decisionFor(grown, 'web').roomSinceMs).toBeUndefined();
    const roomy = replan(grown, { nowMs: NOW_MS, clusters: [cluster('a', { cpus: 8 })] });
    expect(where(roomy, 'web')).toEqual({ a: 4, aws: 2 });
    expect(roomy.wakeAtMs).toBe(NOW_MS + 10 * MINUTE_MS);
    const still = replan(roomy, { nowMs: NOW_MS + 9 * MINUTE_MS });
    expect(where(still, 'web')).toEqual({ a: 4, aws: 2 });
    const home = replan(still, { nowMs: NOW_MS + 10 * MINUTE_MS });
    expect(where(home, 'web')).toEqual({ a: 6 });
  });

  test('starts the wait anew when the room is gone in between', () => {
    const roomy = replan(start, { nowMs: NOW_MS, clusters: [cluster('a', { cpus: 8 })] });
    const gone = replan(roomy, { nowMs: NOW_MS + 5 * MINUTE_MS, clusters: [cluster('a', { cpus: 4 })] });
    const again = replan(gone, { nowMs: NOW_MS + 9 * MINUTE_MS, clusters: [cluster('a', { cpus: 8 })] });
    expect(again.wakeAtMs).toBe(NOW_MS + 19 * MINUTE_MS);
    expect(where(replan(again, { nowMs: NOW_MS + 12 * MINUTE_MS }), 'web')).toEqual({ a: 4, aws: 2 });
  });
});

describe('what runs stays', () => {
  const start = plan(estate({ clusters: ABC, apps: [app('web', { replicas: 6 })] }));

  test('when a better cluster comes', () => {
    const sites = ['a', 'b', 'c', 'd'].map((id) => site(id));
    const second = replan(start, { nowMs: NOW_MS, sites, clusters: [cluster('d', { cpus: 900 })] });
    expect(where(second, 'web')).toEqual(where(start, 'web'));
  });

  test('unless its words are new: then it is divided afresh', () => {
    const placement = { division: { kind: 'divide', by: 'weights', weights: { a: 2, b: 1 } } };
    const second = replan(start, {
      nowMs: NOW_MS,
      apps: [app('web', { replicas: 6, placement, isReworded: true })],
    });
    expect(where(second, 'web')).toEqual({ a: 4, b: 2 });
  });

  test('when the quota is lowered; only nothing is added', () => {
    const tenants = [{ name: 'acme', quota: { replicas: 2 } }];
    const second = replan(start, { nowMs: NOW_MS, tenants, apps: [app('web', { replicas: 7 })] });
    expect(decisionFor(second, 'web')).toMatchObject({ unplaced: 1, wanted: 7 });
    expect(where(second, 'web')).toEqual(where(start, 'web'));
  });

  test('but not where a constraint holds no more', () => {
    const moved = replan(start, {
      nowMs: NOW_MS,
      apps: [app('web', { replicas: 6, placement: { constraints: ['cluster.name != a'] } })],
    });
    expect(where(moved, 'web')).toEqual({ b: 3, c: 3 });
    expect(explain(decisionFor(moved, 'web'))).toContain('2 replicas left a: constraint cluster.name != a.');
  });

  test('and fewer are taken from where most are', () => {
    const fewer = replan(start, { nowMs: NOW_MS, apps: [app('web', { replicas: 3 })] });
    expect(where(fewer, 'web')).toEqual({ a: 1, b: 1, c: 1 });
  });

  test('and the reasons of an app with new wishes are found anew though nothing moves', () => {
    const placement = { clusters: ['a', 'b'] };
    const only = plan(estate({ clusters: ABC, apps: [app('web', { placement: { clusters: ['a'] } })] }));
    const wider = replan(only, { nowMs: NOW_MS, apps: [app('web', { placement })] });
    expect(where(wider, 'web')).toEqual({ a: 1 });
    expect(decisionFor(wider, 'web').refusals).toEqual([{ reason: 'not_named', clusters: ['c'] }]);
  });

  test('and the same decision object is handed on if nothing changed', () => {
    const second = replan(start, { nowMs: NOW_MS + 1 });
    expect(second.decisions.get('acme/web')).toBe(start.decisions.get('acme/web'));
  });
});
