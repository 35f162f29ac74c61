/** What hubs' reports alone change for apps: loss by the contract of each, and return; and that hubs which are away prove nothing. */
import { beforeEach, describe, expect, test } from 'vitest';
import { placeApps } from '../../../functions/reconcile/placement.ts';
import { placeBySilence } from '../../../functions/reconcile/silence.ts';
import type { Item } from '../../../functions/store/port.ts';
import { AppSpec } from '../../../protocol/app.ts';
import { ClusterSpec } from '../../../protocol/cluster.ts';
import type { Liveness } from '../../../protocol/report.ts';
import { ROOMY } from '../api/estates.ts';
import { type Deployment, deployment, edgeItem, hubItem, item, siteItem, tenantItem } from './deployment.ts';

const LOST_AFTER = 20;

let there: Deployment;
let told: Liveness | undefined;

function clusterItem(name: string, site: string): Item<'cluster'> {
  const status = {
    ...{ kind: 'kubernetes' as const, authority: '', agent: `edge.acme.${site}` },
    issuer: { id: 'i', publicKey: 'k' },
  };
  const key = { kind: 'cluster', tenant: 'acme', name } as const;
  return item<'cluster'>(key, { spec: ClusterSpec.parse({ site }), status, internal: {} });
}

beforeEach(async () => {
  there = deployment();
  told = undefined;
  const disconnect = { lostAfterSeconds: LOST_AFTER, replace: true };
  const items: Item[] = [
    tenantItem('acme'),
    hubItem('a'),
    siteItem('acme', 'berlin', []),
    siteItem('acme', 'tokyo', []),
    edgeItem('acme', 'berlin'),
    edgeItem('acme', 'tokyo'),
    clusterItem('b', 'berlin'),
    clusterItem('t', 'tokyo'),
    item<'app'>(
      { kind: 'app', tenant: 'acme', name: 'web' },
      {
        spec: AppSpec.parse({ image: 'web:1', replicas: 2, disconnect }),
        status: { release: 1 },
        internal: {},
      },
    ),
  ];
  for (const one of items) await there.store.create(one);
  for (const name of ['b', 't'])
    await there.store.writeTold({ kind: 'cluster', tenant: 'acme', name }, 'facts', {
      at: there.dependencies.clock.now(),
      value: ROOMY,
    });
  await placeApps(there.dependencies, 'acme');
});

/** The hub tells how long it has not heard of each edge. */
async function hubTells(berlin: number, tokyo: number): Promise<void> {
  const peer = (site: string, age: number) => ({
    ...{ agent: `edge.acme.${site}`, up: age < 5, probeAgeSeconds: age },
    ...{ receivedBytes: 0, sentBytes: 0, spoofedPackets: 0 },
  });
  const liveness = { peers: [peer('berlin', berlin), peer('tokyo', tokyo)] };
  await there.store.writeLiveness('hub.a', there.dependencies.clock.now(), liveness);
  await placeBySilence(there.dependencies, told, liveness);
  told = liveness;
}

const places = async () => {
  const app = await there.store.get({ kind: 'app', tenant: 'acme', name: 'web' });
  return app?.status.placed?.assignments.map(
    ({ cluster, replicas, state }) => `${cluster} ${replicas} ${state}`,
  );
};

describe('an edge that hubs do not hear of', () => {
  test('is replaced by the report that says it has been silent for as long as the app bears', async () => {
    there.pass(LOST_AFTER - 1);
    await hubTells(0, LOST_AFTER - 1);
    expect(await places()).toEqual(['b 1 present', 't 1 present']);
    there.pass(5);
    await hubTells(0, LOST_AFTER + 4);
    expect(await places()).toEqual(['b 2 present', 't 1 lost']);
  });

  test('has its own again by the report that hears of it', async () => {
    there.pass(LOST_AFTER);
    await hubTells(0, LOST_AFTER);
    there.pass(5);
    await hubTells(0, 0);
    expect((await places())?.every((one) => one.endsWith('present'))).toBe(true);
  });

  test('is not lost for that its hub has started anew and has only an old handshake of it', async () => {
    there.pass(60);
    const peers = ['berlin', 'tokyo'].map((site) => ({
      ...{ agent: `edge.acme.${site}`, up: false, handshakeAgeSeconds: 100 },
      ...{ receivedBytes: 0, sentBytes: 0, spoofedPackets: 0 },
    }));
    await there.store.writeLiveness('hub.a', there.dependencies.clock.now(), { peers });
    await placeBySilence(there.dependencies, told, { peers });
    expect(await places()).toEqual(['b 1 present', 't 1 present']);
  });

  test('is not lost for that its hub has told nothing for long', async () => {
    await hubTells(0, 0);
    there.pass(600);
    await placeApps(there.dependencies, 'acme');
    expect(await places()).toEqual(['b 1 present', 't 1 present']);
    await hubTells(0, 0);
    expect(await places()).toEqual(['b 1 present', 't 1 present']);
  });
});
