/** Apps are placed by what the table holds, and the same estate writes nothing. */
import { beforeEach, describe, expect, test } from 'vitest';
import { placeApps } from '../../../functions/reconcile/placement.ts';
import type { Item } from '../../../functions/store/port.ts';
import { AppSpec } from '../../../protocol/app.ts';
import { ClusterSpec } from '../../../protocol/cluster.ts';
import { ROOMY } from '../api/estates.ts';
import { type Deployment, deployment, edgeItem, item, START, siteItem, tenantItem } from './deployment.ts';

let there: Deployment;

function clusterItem(name: string, site: string): Item<'cluster'> {
  return item<'cluster'>(
    { kind: 'cluster', tenant: 'acme', name },
    {
      spec: ClusterSpec.parse({ site }),
      status: {
        kind: 'kubernetes',
        authority: '',
        agent: `edge.acme.${site}`,
        issuer: { id: 'i', publicKey: 'k' },
      },
      internal: {},
    },
  );
}

function appItem(name: string, spec: object = {}): Item<'app'> {
  return item<'app'>(
    { kind: 'app', tenant: 'acme', name },
    { spec: AppSpec.parse({ image: 'web:1', replicas: 2, ...spec }), status: { release: 1 }, internal: {} },
  );
}

const place = () => placeApps(there.dependencies, 'acme');
const placedOf = async (name: string) =>
  (await there.store.get({ kind: 'app', tenant: 'acme', name }))?.status.placed;

async function tell(cluster: string, seconds = 0): Promise<void> {
  const at = new Date(Date.parse(START) + seconds * 1_000).toISOString();
  await there.store.writeTold({ kind: 'cluster', tenant: 'acme', name: cluster }, 'facts', {
    at,
    value: ROOMY,
  });
}

beforeEach(async () => {
  there = deployment();
  const items = [tenantItem('acme'), siteItem('acme', 'berlin', []), siteItem('acme', 'tokyo', [])];
  for (const one of [
    ...items,
    edgeItem('acme', 'berlin'),
    clusterItem('a', 'berlin'),
    clusterItem('b', 'tokyo'),
  ])
    await there.store.create(one);
  await there.store.create(appItem('web'));
});

describe('the apps of a tenant', () => {
  test('have no place while nothing was told, and say so', async () => {
    expect(await place()).toEqual(['web']);
    expect(await placedOf('web')).toMatchObject({ unplaced: 2, assignments: [] });
  });

  test('are placed where there is room, once', async () => {
    await tell('a');
    await tell('b');
    expect(await place()).toEqual(['web']);
    expect((await placedOf('web'))?.assignments.map(({ cluster, replicas }) => [cluster, replicas])).toEqual([
      ['a', 1],
      ['b', 1],
    ]);
    there.pass(30);
    expect(await place()).toEqual([]);
  });

  test('are replaced after a site fell silent for as long as they bear, and not before', async () => {
    await there.store.create(appItem('db', { disconnect: { lostAfterSeconds: 300, replace: true } }));
    await tell('a');
    await tell('b');
    await place();
    for (const [seconds, count] of [
      [200, 2],
      [200, 3],
    ] as const) {
      there.pass(seconds);
      await tell('a', 200 + (count - 2) * 200);
      await place();
      const { assignments = [] } = (await placedOf('db')) ?? {};
      expect(assignments.reduce((sum, { replicas }) => sum + replicas, 0)).toBe(count);
    }
    const states = (await placedOf('db'))?.assignments.map(({ cluster, state, standIns }) => [
      cluster,
      state,
      standIns,
    ]);
    expect(states).toEqual([
      ['a', 'present', 1],
      ['b', 'lost', 0],
    ]);
    // An app whose contract does not replace anything waits.
    expect((await placedOf('web'))?.assignments).toHaveLength(2);
  });

  test('that were stored before there was a division, labels or a quota run whole in each of their clusters', async () => {
    const app = await there.store.get(KEY);
    if (app === undefined) throw new Error('no app');
    const old = JSON.parse(JSON.stringify({ ...app.spec, placement: { clusters: ['a', 'b'] } }));
    await there.store.replace({ ...app, version: app.version + 1, spec: old });
    const site = await there.store.get({ kind: 'site', tenant: 'acme', name: 'berlin' });
    if (site === undefined) throw new Error('no site');
    const { labels: _labels, costPerCpu: _cost, ...rest } = site.spec;
    await there.store.replace({ ...site, version: site.version + 1, spec: JSON.parse(JSON.stringify(rest)) });
    await tell('a');
    await tell('b');
    await place();
    expect(await countsOf()).toEqual([
      ['a', 2],
      ['b', 2],
    ]);
  });

  test('that are moved stay until those in their place are ready', async () => {
    await tell('a');
    await place();
    await there.store.replace(moved(await there.store.get(KEY), { clusters: ['b'] }));
    await tell('b');
    await place();
    expect(await countsOf()).toEqual([
      ['b', 2],
      ['a', 2],
    ]);
    await tellApp('b', 1);
    await place();
    expect(await countsOf()).toEqual([
      ['b', 2],
      ['a', 1],
    ]);
    await tellApp('b', 2);
    await place();
    expect(await countsOf()).toEqual([['b', 2]]);
  });
});

const KEY = { kind: 'app', tenant: 'acme', name: 'web' } as const;

function moved(app: Item<'app'> | undefined, placement: object): Item<'app'> {
  if (app === undefined) throw new Error('no app');
  const spec = AppSpec.parse({ ...app.spec, placement });
  return { ...app, version: app.version + 1, generation: app.generation + 1, spec };
}

async function tellApp(cluster: string, ready: number): Promise<void> {
  const counts = { release: 1, wanted: 2, ready, updated: ready };
  const instance = { cluster, ...counts, statements: [], containers: [] };
  const value = [{ app: 'web', instance }];
  await there.store.writeTold({ kind: 'cluster', tenant: 'acme', name: cluster }, 'apps', {
    at: START,
    value,
  });
}

/** Of the documents: what is wanted, and what is leaving. */
async function countsOf() {
  const { assignments = [], leaving = [] } = (await placedOf('web')) ?? {};
  return [...assignments, ...leaving].map(({ cluster, replicas }) => [cluster, replicas]);
}
