/** Clusters with the same ranges in two sites, by the gateway: the real kubectl through hub and tunnel, and what the control plane knows. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Cluster } from '../../protocol/cluster.ts';
import type { KubeCluster } from '../fixtures/kube/cluster.ts';
import { type Estate, raiseEstate } from './estate.ts';
import { attachCluster, type Person, raisePerson } from './kube-site.ts';

const LAN = '10.0.0.0/24';

let estate: Estate;
let berlin: KubeCluster;
let tokyo: KubeCluster;
let ada: Person;

beforeAll(async () => {
  estate = await raiseEstate({
    name: 'kubernetes',
    sites: [
      { name: 'berlin', lan: LAN, lanHosts: 3 },
      { name: 'tokyo', lan: LAN, lanHosts: 2 },
    ],
  });
  berlin = await attachCluster(estate, 'berlin', 'prod');
  tokyo = await attachCluster(estate, 'tokyo', 'test');
  ada = await raisePerson(estate, {
    name: 'ada',
    role: 'admin',
    clusters: ['prod', 'test'],
    programs: berlin.programs,
  });
}, 240_000);

beforeEach(({ onTestFailed }) => {
  onTestFailed(async () => console.error(await estate.describe()));
});

afterAll(async () => {
  await berlin?.close();
  await tokyo?.close();
  await estate?.destroy();
});

describe('an attached cluster', () => {
  test('is shown with version, nodes, capacity and network', async () => {
    const { status } = await estate.api.get('/v1/tenants/demo/clusters/prod', Cluster);
    console.log(JSON.stringify(status, undefined, 1));
    expect(status.facts?.version).toBe('v1.34.4');
  });
});

describe('kubectl by the gateway', () => {
  test('reaches both clusters at once', async () => {
    const [prod, dev] = await Promise.all([
      ada.kubectl('prod', ['get', 'nodes', '-o', 'name']),
      ada.kubectl('test', ['get', 'nodes', '-o', 'name']),
    ]);
    expect([prod.stdout, prod.stderr, dev.stdout]).toEqual([
      'node/berlin-n1\nnode/berlin-n2\n',
      '',
      'node/tokyo-n1\n',
    ]);
    console.log(await ada.isthmus(['clusters']), await ada.isthmus(['clusters', 'prod']));
  });
});
