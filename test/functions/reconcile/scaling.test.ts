/** The whole way of a number: from what an edge tells, over the choice and the placement, to the documents. Private sites fill first, the cloud takes the rest and gives it back first. */
import { beforeEach, describe, expect, test } from 'vitest';
import { placeApps } from '../../../functions/reconcile/placement.ts';
import { placeBySilence } from '../../../functions/reconcile/silence.ts';
import type { Item } from '../../../functions/store/port.ts';
import { AppSpec } from '../../../protocol/app.ts';
import { ClusterSpec } from '../../../protocol/cluster.ts';
import type { AppUsage } from '../../../protocol/scaling.ts';
import { SiteSpec } from '../../../protocol/site.ts';
import { ROOMY } from '../api/estates.ts';
import {
  type Deployment,
  deployment,
  edgeItem,
  hubItem,
  item,
  START,
  siteItem,
  tenantItem,
} from './deployment.ts';

const KEY = { kind: 'app', tenant: 'acme', name: 'web' } as const;
const TARGET_MILLIS = 700;
let there: Deployment;

function clusterItem(name: string, site: string): Item<'cluster'> {
  const issuer = { id: 'i', publicKey: 'k' };
  const status = { kind: 'docker' as const, authority: '', agent: `edge.acme.${site}`, issuer };
  return item<'cluster'>(
    { kind: 'cluster', tenant: 'acme', name },
    { spec: ClusterSpec.parse({ site }), status, internal: {} },
  );
}

function appItem(replicas: object | number, placement: object = {}): Item<'app'> {
  const spec = AppSpec.parse({
    image: 'web:1',
    replicas,
    resources: { cpuMillis: 1_000, memoryMib: 64 },
    placement,
  });
  return item<'app'>(KEY, { spec, status: { release: 1 }, internal: {} });
}

const now = () => there.dependencies.clock.now();
const place = () => placeApps(there.dependencies, 'acme');
const statusOf = async () => (await there.store.get(KEY))?.status;

/** Replicas in each cluster, as documents have them. */
async function counts(): Promise<Record<string, number>> {
  const { assignments = [], leaving = [] } = (await statusOf())?.placed ?? {};
  const sums: Record<string, number> = {};
  for (const { cluster, replicas } of [...assignments, ...leaving])
    sums[cluster] = (sums[cluster] ?? 0) + replicas;
  return sums;
}

/** The clusters tell that they are there, with the CPU of what runs in them: `load` is of all containers together. */
async function tell(load: number, silent: readonly string[] = []): Promise<void> {
  const running = await counts();
  const total = Object.values(running).reduce((sum, count) => sum + count, 0);
  for (const cluster of ['inside', 'cloud'].filter((name) => !silent.includes(name))) {
    const key = { kind: 'cluster', tenant: 'acme', name: cluster } as const;
    const containers = running[cluster] ?? 0;
    const usage: AppUsage = { containers, cpuMillis: Math.round((load * containers) / Math.max(1, total)) };
    const capacity = { ...ROOMY.capacity, cpuMillis: cluster === 'inside' ? 4_000 : 64_000 };
    const facts = { ...ROOMY, capacity, nodes: ROOMY.nodes.map((node) => ({ ...node, capacity })) };
    const count = { wanted: containers, ready: containers, updated: containers };
    const instance = { cluster, release: 1, ...count, statements: [], containers: [] };
    await there.store.writeTold(key, 'facts', { at: now(), value: facts });
    await there.store.writeTold(key, 'apps', { at: now(), value: [{ app: 'web', instance }] });
    await there.store.writeTold(key, 'usage', { at: now(), value: [{ app: 'web', usage }] });
  }
}

/** So many looks with the same load, each so long after the one before. */
async function bear(load: number, looks: { readonly times: number; readonly everySeconds: number }) {
  for (let time = 0; time < looks.times; time += 1) {
    there.pass(looks.everySeconds);
    await tell(load);
    await place();
  }
}

const OFTEN = { times: 8, everySeconds: 20 };

beforeEach(async () => {
  there = deployment();
  const cloud = siteItem('acme', 'paris', []);
  for (const one of [
    tenantItem('acme'),
    siteItem('acme', 'berlin', []),
    { ...cloud, spec: SiteSpec.parse({ ...cloud.spec, kind: 'vpc', costPerCpu: 40 }) },
    edgeItem('acme', 'berlin'),
    edgeItem('acme', 'paris'),
    clusterItem('inside', 'berlin'),
    clusterItem('cloud', 'paris'),
  ])
    await there.store.create(one);
});

describe('an app that follows its CPU', () => {
  test('fills the private site, bursts to the public one, and comes back from there first', async () => {
    const burst = { holdSeconds: 60, marginPercent: 0 };
    await there.store.create(appItem({ min: 2, max: 10, cpuPercent: 70 }, { burst }));
    await tell(0);
    await place();
    expect(await counts()).toEqual({ inside: 2 });

    await bear(4 * TARGET_MILLIS, OFTEN);
    expect(await counts()).toEqual({ inside: 4 });

    await bear(8 * TARGET_MILLIS, OFTEN);
    expect(await counts()).toEqual({ inside: 4, cloud: 4 });
    expect((await statusOf())?.scaled).toMatchObject({ wanted: 8, state: 'steady' });

    // Fewer would do now; until that has been so for the hold, nothing goes.
    await bear(5 * TARGET_MILLIS, { times: 4, everySeconds: 60 });
    expect(await counts()).toEqual({ inside: 4, cloud: 4 });
    expect((await statusOf())?.scaled).toMatchObject({ wanted: 8, state: 'held' });
    await bear(5 * TARGET_MILLIS, { times: 3, everySeconds: 60 });
    expect(await counts()).toEqual({ inside: 4, cloud: 1 });

    await bear(1 * TARGET_MILLIS, { times: 8, everySeconds: 60 });
    expect(await counts()).toEqual({ inside: 2 });
  });

  test('keeps its number while a cluster is silent, however idle the others are', async () => {
    await there.store.create(appItem({ min: 2, max: 10 }));
    await tell(0);
    await place();
    await bear(6 * TARGET_MILLIS, OFTEN);
    expect((await statusOf())?.scaled?.wanted).toBe(6);
    for (let time = 0; time < 20; time += 1) {
      there.pass(60);
      await tell(0, ['cloud']);
      await place();
    }
    expect((await statusOf())?.scaled).toMatchObject({ wanted: 6, state: 'unknown' });
    expect((await statusOf())?.scaled?.why).toContain('cloud is silent');
  });

  test('writes nothing while nothing changes', async () => {
    await there.store.create(appItem({ min: 2, max: 10 }));
    await tell(0);
    await place();
    await bear(2 * TARGET_MILLIS, { times: 10, everySeconds: 60 });
    const before = (await there.store.get(KEY))?.version;
    await bear(2 * TARGET_MILLIS, { times: 10, everySeconds: 60 });
    expect((await there.store.get(KEY))?.version).toBe(before);
  });

  test('says that more than its most would be needed', async () => {
    await there.store.create(appItem({ min: 2, max: 3 }));
    await tell(0);
    await place();
    await bear(9 * TARGET_MILLIS, OFTEN);
    expect((await statusOf())?.scaled).toMatchObject({ wanted: 3, state: 'limited' });
  });

  test('begins with what is there, whoever scaled it before', async () => {
    await there.store.create(appItem(7));
    await tell(0);
    await place();
    await tell(0);
    const app = await there.store.get(KEY);
    if (app === undefined) throw new Error('no app');
    const spec = AppSpec.parse({ ...app.spec, replicas: { min: 2, max: 10 } });
    await there.store.replace({ ...app, version: app.version + 1, spec });
    await place();
    expect((await statusOf())?.scaled?.wanted).toBe(7);
  });

  test('has no number of its own any more once it is fixed again', async () => {
    await there.store.create(appItem({ min: 2, max: 10 }));
    await tell(0);
    await place();
    const app = await there.store.get(KEY);
    if (app === undefined) throw new Error('no app');
    await there.store.replace({
      ...app,
      version: app.version + 1,
      spec: AppSpec.parse({ ...app.spec, replicas: 3 }),
    });
    await place();
    expect([(await statusOf())?.scaled, (await statusOf())?.placed?.wanted]).toEqual([undefined, 3]);
  });
});

test('a schedule raises the least number while its window is open, and lowers it after the hold', async () => {
  // START is a Thursday, at midnight in UTC.
  const schedule = [{ days: ['thu'], from: '01:00', to: '02:00', min: 5 }];
  expect(START).toContain('2026-01-01T00:00');
  await there.store.create(appItem({ min: 1, max: 10, schedule }));
  await tell(0);
  await place();
  expect((await statusOf())?.scaled?.wanted).toBe(1);
  await bear(0, { times: 1, everySeconds: 3_600 });
  expect((await statusOf())?.scaled).toMatchObject({ wanted: 5 });
  expect((await statusOf())?.scaled?.why).toContain('from 01:00 to 02:00');
  await bear(0, { times: 1, everySeconds: 3_600 });
  expect((await statusOf())?.scaled?.wanted).toBe(5);
  await bear(0, { times: 6, everySeconds: 60 });
  expect((await statusOf())?.scaled?.wanted).toBe(1);
});

describe('an app that follows its requests', () => {
  const told = async (perSecond: number | undefined): Promise<void> => {
    there.pass(20);
    await tell(0);
    const requests = perSecond === undefined ? [] : [{ tenant: 'acme', app: 'web', port: 'http', perSecond }];
    const liveness = { peers: [], requests };
    const before = (await there.store.liveness('hub.a'))?.liveness;
    await there.store.writeLiveness('hub.a', now(), liveness);
    await placeBySilence(there.dependencies, before, liveness);
  };

  beforeEach(async () => {
    await there.store.create(hubItem('a'));
    await there.store.create(appItem({ min: 1, max: 10, requestsPerSecond: 50, holdSeconds: 60 }));
    await tell(0);
    await place();
  });

  test('has as many as carry what hubs count, by the very report that tells of it', async () => {
    await told(20);
    expect((await statusOf())?.scaled).toMatchObject({ wanted: 1, state: 'steady' });
    await told(210);
    expect((await statusOf())?.scaled).toMatchObject({ wanted: 5 });
    expect((await statusOf())?.scaled?.why).toContain('210.0 a second, 50 for each container');
  });

  test('has fewer only after the hold', async () => {
    await told(210);
    await told(40);
    expect((await statusOf())?.scaled).toMatchObject({ wanted: 5, state: 'held' });
    for (const perSecond of [41, 42, 43, 44]) await told(perSecond);
    expect((await statusOf())?.scaled).toMatchObject({ wanted: 1, state: 'steady' });
  });

  test('never has fewer because no hub tells of it', async () => {
    await told(210);
    for (let time = 0; time < 12; time += 1) {
      await told(undefined);
      await place();
    }
    expect((await statusOf())?.scaled).toMatchObject({ wanted: 5, state: 'unknown' });
  });
});
