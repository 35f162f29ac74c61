/** Apps of a pool at plain engines on one LAN: addresses that stay while containers change, and an engine that is reached by TLS. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDockerDriver } from '../../edge-agent/clusters/docker.ts';
import { EngineClient } from '../../edge-agent/engine/client.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import { untilReady, workloadOf } from '../edge-agent/clusters/driver-contract.ts';
import { makePki } from '../fixtures/kube/pki.ts';
import { type DockerStand, raiseDockerStand } from './docker-stand.ts';
import { eventually } from './eventually.ts';
import { startKubeGate } from './kube-gate.ts';

const RANGE = '10.77.0.128/30';
const ADDRESSES = ['10.77.0.128', '10.77.0.129', '10.77.0.130', '10.77.0.131'];

let open: DockerStand;

beforeAll(async () => {
  open = await raiseDockerStand('dkip', [{}, {}], {
    rangesOf: () => [RANGE],
    lan: { parent: 'eth0', subnet: '10.77.0.0/24' },
  });
});

afterAll(async () => {
  await open?.close();
});

function appOf(release: number, change: Parameters<typeof workloadOf>[2] = {}): WorkloadLeaf {
  return { ...workloadOf('fixed', 'local/tool:1', { pool: 'front', ...change }), release };
}

async function addresses(workload: WorkloadLeaf): Promise<string[]> {
  return (await open.stand.driver.status(workload)).containers.map(({ address }) => address).sort();
}

describe('an app of a pool at plain engines', () => {
  test('has addresses of its pool on the LAN, whatever the engine, and a clear word when there are no more', async () => {
    const { driver, pass } = open.stand;
    const two = appOf(1);
    await untilReady(driver, two, pass);
    expect(await addresses(two)).toEqual(ADDRESSES.slice(0, 2));
    // From the other engine's host: its own host does not see a container of a macvlan.
    for (const { node, address } of (await driver.status(two)).containers) {
      const other = open.ground.engines.find(({ name }) => name !== node);
      await other?.host.check(['nc', '-z', '-w', '3', address, '8080']);
    }
    const five = appOf(2, { replicas: 5 });
    await driver.apply(five);
    await eventually(async () => {
      await driver.apply(five);
      const { ready, containers } = await driver.status(five);
      expect([ready, containers.map(({ reason }) => reason).filter((reason) => reason !== 'none')]).toEqual([
        4,
        ['address_pending'],
      ]);
    }, 40_000);
    await untilReady(driver, appOf(3), pass);
    expect(await addresses(appOf(3))).toEqual(ADDRESSES.slice(0, 2));
  });

  test.each(['rolling', 'rebuildInPlace'] as const)('keeps them through a change (%s)', async (onChange) => {
    const { driver, pass } = open.stand;
    const release = onChange === 'rolling' ? 4 : 5;
    const changed = appOf(release, { onChange, environment: { RELEASE: `${release}` } });
    const before = await driver.status(appOf(3));
    await untilReady(driver, changed, pass);
    const after = await driver.status(changed);
    const placeOf = ({ name, address }: { name: string; address: string }) => `${name} ${address}`;
    expect(after.containers.map(placeOf)).toEqual(before.containers.map(placeOf));
    expect(await driver.apply(changed)).toEqual([]);
  });

  test('gives its addresses back when it is taken away', async () => {
    const { driver, pass } = open.stand;
    await driver.remove(appOf(5));
    const next = { ...workloadOf('other', 'local/tool:1', { pool: 'front', replicas: 4 }), release: 1 };
    await untilReady(driver, next, pass);
    expect(await addresses(next)).toEqual(ADDRESSES);
  });
});

test('an engine is reached by TLS with a certificate of ours, and by nothing less', async () => {
  const { first, directory } = open.ground;
  const pki = await makePki(`${directory}/pki`);
  await pki.server('engine', [`IP:${first.address}`, 'DNS:engine']);
  await pki.client({ name: 'edge', user: 'edge', server: 'https://unused' });
  await first.kill();
  const path = (file: string) => pki.path(file);
  const keys = [
    '--tlsverify',
    '--tlscacert',
    path('ca.crt'),
    '--tlscert',
    path('engine.crt'),
    '--tlskey',
    path('engine.key'),
  ];
  await first.start('--host', `tcp://${first.address}:2376`, ...keys);
  const gate = await startKubeGate(first.host, { server: `https://${first.address}:2376`, directory });
  const [authority, certificate, key] = await Promise.all(
    ['ca.crt', 'edge.crt', 'edge.key'].map((file) => readFile(path(file), 'utf8')),
  );
  const { hostname, port } = new URL(gate.server);
  const at = (more: { certificate: string; key: string }) =>
    new EngineClient({
      kind: 'tls',
      host: hostname,
      port: Number(port),
      authority: authority ?? '',
      serverName: 'engine',
      ...more,
    });
  const ours = at({ certificate: certificate ?? '', key: key ?? '' });
  const nobody = at({ certificate: '', key: '' });
  try {
    const driverOf = (client: EngineClient) =>
      createDockerDriver({ nodes: [{ name: first.name, client }], wallNow: Date.now });
    expect(await driverOf(ours).list()).toEqual([{ app: 'other', namespace: 'acme' }]);
    await expect(driverOf(nobody).list()).rejects.toMatchObject({ code: 'driver.unreachable' });
  } finally {
    ours.close();
    nobody.close();
    await gate.close();
  }
});
