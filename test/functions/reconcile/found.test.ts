/** What was found in a cluster ends with it, by the delivery of its deletion and by the sweep; what a person took over stays. */
import { beforeEach, expect, test } from 'vitest';
import { createReconciler, type Reconciler } from '../../../functions/reconcile/reconcile.ts';
import type { Item } from '../../../functions/store/port.ts';
import { ClusterSpec } from '../../../protocol/cluster.ts';
import {
  type Deployment,
  deleted,
  deployment,
  fill,
  item,
  START,
  siteItem,
  tenantItem,
} from './deployment.ts';

function clusterItem(name: string): Item<'cluster'> {
  const issuer = { id: '0123456789abcdef', publicKey: 'cm9vdA==' };
  return item<'cluster'>(
    { kind: 'cluster', tenant: 'red', name },
    {
      spec: ClusterSpec.parse({ site: 'oslo' }),
      status: { kind: 'kubernetes', authority: 'PEM', agent: 'edge.red.oslo', issuer },
      internal: {},
    },
  );
}

function serviceItem(name: string, cluster?: string): Item<'service'> {
  return item<'service'>(
    { kind: 'service', tenant: 'red', name: `oslo/${name}` },
    {
      spec: { address: '10.0.0.4', port: 80, protocol: 'tcp' },
      status: {},
      internal: cluster === undefined ? {} : { cluster },
    },
  );
}

function routeItem(name: string, cluster: string): Item<'route'> {
  return item<'route'>(
    { kind: 'route', tenant: 'red', name: `${cluster}-${name}` },
    {
      spec: { host: `${cluster}.example.com`, path: '/', service: { site: 'oslo', name } },
      status: { conditions: [] },
      internal: { cluster },
    },
  );
}

let world: Deployment;
let reconciler: Reconciler;

beforeEach(async () => {
  world = deployment();
  reconciler = createReconciler(world.dependencies);
  await fill(world.store, [
    tenantItem('red'),
    siteItem('red', 'oslo', [{ real: '10.0.0.0/24', virtual: '100.65.0.0/24' }]),
    clusterItem('prod'),
    clusterItem('test'),
    serviceItem('web', 'prod'),
    routeItem('web', 'prod'),
    serviceItem('api', 'test'),
    serviceItem('own'),
  ]);
  await world.store.claimHost('prod.example.com', 'red');
});

async function liveNames(): Promise<string[]> {
  const page = { limit: 100 };
  const all = [
    ...(await world.store.list('service', 'red', page)).items,
    ...(await world.store.list('route', 'red', page)).items,
  ];
  return all.filter(({ deletedAt }) => deletedAt === undefined).map(({ key }) => key.name);
}

test('with the delivery of a cluster’s deletion all that it published is deleted, and its hosts are free', async () => {
  const gone = deleted(clusterItem('prod'), START);
  await world.store.replace(gone);
  await reconciler.onChange({ key: gone.key });
  expect(await liveNames()).toEqual(['oslo/api', 'oslo/own']);
  expect(await world.store.get(gone.key)).toBeUndefined();
  await reconciler.sweep();
  expect(await world.store.get({ kind: 'service', tenant: 'red', name: 'oslo/web' })).toBeUndefined();
  expect(await world.store.claimHost('prod.example.com', 'other')).toBe('claimed');
  const { items } = await world.store.events('red', { limit: 100 });
  expect(items.find(({ name, action }) => name === 'oslo/web' && action === 'delete')).toMatchObject({
    actor: 'system',
    detail: expect.stringContaining('cluster prod that published it is gone'),
  });
});

test('a report that was under way when its cluster went leaves nothing behind: the sweep finds it', async () => {
  const gone = deleted(clusterItem('prod'), START);
  await world.store.replace(gone);
  await reconciler.onChange({ key: gone.key });
  await fill(world.store, [serviceItem('late', 'prod')]);
  await reconciler.sweep();
  expect(await liveNames()).toEqual(['oslo/api', 'oslo/own']);
});

test('a sweep leaves what clusters publish that are there', async () => {
  await reconciler.sweep();
  expect(await liveNames()).toEqual(['oslo/api', 'oslo/own', 'oslo/web', 'prod-web']);
});

test('what a person takes over at the same moment stays', async () => {
  const gone = deleted(clusterItem('prod'), START);
  await world.store.replace(gone);
  const racing = deployment(() => ({
    ...world.store,
    replace: async (next) => {
      if (next.key.kind === 'service' && next.deletedAt !== undefined) {
        const taken = { ...serviceItem('web'), version: 2, outbox: [] };
        await world.store.replace(taken);
      }
      return world.store.replace(next);
    },
  }));
  await createReconciler(racing.dependencies).onChange({ key: gone.key });
  expect(await liveNames()).toEqual(['oslo/api', 'oslo/own', 'oslo/web']);
});
