/**
 * Two clusters with the same ranges and different networks, Calico in Munich and flannel in Osaka: what is said of each, isolation by packets, pods that
 * are reached from the other site as they are, and a Service that publishes itself, called by name from a pod of the other.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { App } from '../../protocol/app.ts';
import { Cluster } from '../../protocol/cluster.ts';
import { Edge } from '../../protocol/edge.ts';
import { Site } from '../../protocol/site.ts';
import type { KubeCluster } from '../fixtures/kube/cluster.ts';
import { type Estate, raiseEstate } from './estate.ts';
import { eventually } from './eventually.ts';
import { applyAll, podOf, readyPods } from './kube-lan.ts';
import { attachCluster, servingApp } from './kube-site.ts';

const LAN = '10.0.0.0/24';
const PODS = '10.244.0.0/16';
const NODE_PORT = 30_080;
const EXPOSED = { 'isthmus.dev/expose': 'true' };
const RUNS_MS_MAX = 60_000;
/** So long a refusal must hold before it is believed, with a timeout of 3 s a try. */
const REFUSED_TRIES = 2;

let estate: Estate;
let munich: KubeCluster;
let osaka: KubeCluster;

beforeAll(async () => {
  estate = await raiseEstate({
    name: 'networks',
    sites: [
      { name: 'munich', lan: LAN, lanHosts: 3, spec: { allotment: [LAN, PODS] } },
      { name: 'osaka', lan: LAN, lanHosts: 2 },
    ],
  });
  [munich, osaka] = await Promise.all([
    attachCluster(estate, { site: 'munich', name: 'prod', network: 'calico' }),
    attachCluster(estate, { site: 'osaka', name: 'test', network: 'flannel' }),
  ]);
}, 300_000);

beforeEach(({ onTestFailed }) => {
  onTestFailed(async () => console.error(await estate.describe()));
});

afterAll(async () => {
  await Promise.all([munich?.close(), osaka?.close()]);
  await estate?.destroy();
});

async function makeApp(name: string, spec: object): Promise<void> {
  await estate.api.create('/v1/tenants/demo/apps', { metadata: { name }, spec }, App);
}

async function appRuns(name: string): Promise<App> {
  return eventually(async () => {
    const app = await estate.api.get(`/v1/tenants/demo/apps/${name}`, App);
    expect(app.status.conditions.find(({ type }) => type === 'Running')?.status).toBe('True');
    return app;
  }, RUNS_MS_MAX);
}

/** Addresses of an app's pods, by the node that they run on. */
async function addressesOf(app: string): Promise<string[]> {
  const line = await munich.kube([
    ...['-n', 'demo', 'get', 'pods', '-l', `isthmus.dev/app=${app}`, '-o'],
    'jsonpath={.items[*].status.podIP}',
  ]);
  return line.split(' ');
}

/** A request of one app's container to every container of another: whether each was answered. */
async function reaches(from: string, to: readonly string[]): Promise<boolean[]> {
  const answers: boolean[] = [];
  for (const address of to) {
    const words = ['-n', 'demo', 'exec', `deploy/${from}`, '--', 'get', `http://${address}:8080/`];
    answers.push((await munich.kubectl(words)).code === 0);
  }
  return answers;
}

async function staysRefused(from: string, to: readonly string[]): Promise<void> {
  await eventually(async () => expect(await reaches(from, to)).toEqual(to.map(() => false)), 30_000);
  for (let tries = 0; tries < REFUSED_TRIES; tries += 1)
    expect(await reaches(from, to)).toEqual(to.map(() => false));
}

describe('what is said of a network', () => {
  test('is what it is: Calico enforces policies and routes pods, flannel does neither', async () => {
    const network = async (name: string) =>
      (await estate.api.get(`/v1/tenants/demo/clusters/${name}`, Cluster)).status.facts?.network;
    expect(await network('prod')).toMatchObject({
      plugin: 'calico',
      overlay: 'none',
      policies: 'enforced',
      reachability: 'routable',
    });
    expect(await network('test')).toMatchObject({
      plugin: 'flannel',
      overlay: 'vxlan',
      policies: 'ignored',
      reachability: 'by_service',
    });
  });
});

describe('isolation', () => {
  test('of an app lets its callers in and nobody else, on both nodes, and follows a change', async () => {
    const access = { kind: 'listed', callers: [{ kind: 'app', app: 'web' }] };
    await makeApp('api', servingApp(['prod'], { replicas: 2, access }));
    for (const name of ['web', 'other']) await makeApp(name, servingApp(['prod']));
    for (const name of ['api', 'web', 'other']) await appRuns(name);
    const targets = await addressesOf('api');
    expect(targets.length).toBe(2);
    await eventually(async () => expect(await reaches('web', targets)).toEqual([true, true]), 30_000);
    await staysRefused('other', targets);
    expect(await reaches('api', await addressesOf('other'))).toEqual([true]);
    const { etag } = await estate.api.send('GET', '/v1/tenants/demo/apps/api');
    const swapped = { kind: 'listed', callers: [{ kind: 'app', app: 'other' }] };
    const body = { spec: servingApp(['prod'], { replicas: 2, access: swapped }) };
    await estate.api.send('PUT', '/v1/tenants/demo/apps/api', { body, headers: { 'if-match': etag ?? '' } });
    await eventually(async () => expect(await reaches('other', targets)).toEqual([true, true]), 40_000);
    await staysRefused('web', targets);
  });

  test('is said to hold under Calico, and not to hold under flannel, where the app runs all the same', async () => {
    const enforced = async (name: string) => {
      const { status } = await appRuns(name);
      const condition = status.conditions.find(({ type }) => type === 'Enforced');
      return [condition?.status, condition?.reason];
    };
    await makeApp('loose', servingApp(['test']));
    expect(await enforced('api')).toEqual(['True', 'ByPlugin']);
    expect(await enforced('loose')).toEqual(['False', 'PoliciesIgnored']);
  });
});

describe('pods of a routed network', () => {
  test('are advertised by the edge within the allotment, and reached from the other site as they are', async () => {
    const { edge } = estate.site('munich');
    for (const { podPrefix, address } of munich.nodes)
      await edge.ip(`route replace ${podPrefix} via ${address}`);
    await applyAll(munich, [podOf({ name: 'open', node: munich.nodes[0]?.name ?? '' })]);
    const address = (await readyPods(munich)).get('open') ?? '';
    const prefix = munich.nodes[0]?.podPrefix ?? '';
    const virtual = await eventually(async () => {
      const { status } = await estate.api.get('/v1/tenants/demo/sites/munich', Site);
      const found = status.prefixes.find(({ real }) => real === prefix);
      if (found === undefined)
        throw new Error(`${prefix} is not exposed: ${JSON.stringify(status.prefixes)}`);
      return found.virtual.replace(/\d+\/\d+$/, address.split('.').at(-1) ?? '');
    }, 40_000);
    const page = await eventually(
      () => estate.lanHost('osaka').check(['curl', '-sf', '-m', '3', `http://${virtual}:8080/`]),
      40_000,
    );
    expect(page).toContain('"host":"open"');
  });

  test('of an overlay are not advertised', async () => {
    const { status } = await estate.api.get('/v1/tenants/demo/edges/osaka', Edge);
    expect(status.advertised).toEqual([]);
  });
});

describe('a service', () => {
  test('that asks to be published is called by name from a pod of the other cluster, though all their ranges are the same', async () => {
    const spec = {
      type: 'NodePort',
      selector: { app: 'shop' },
      ports: [{ port: 80, targetPort: 8080, nodePort: NODE_PORT }],
    };
    await applyAll(munich, [
      podOf({ name: 'shop', labels: { app: 'shop' } }),
      { apiVersion: 'v1', kind: 'Service', metadata: { name: 'shop', labels: EXPOSED }, spec },
    ]);
    await readyPods(munich);
    await applyAll(osaka, [withResolver(podOf({ name: 'caller' }), estate.site('osaka').edgeAddress)]);
    await readyPods(osaka);
    const url = `http://shop.munich.demo.isthmus.internal:${NODE_PORT}/`;
    const page = await eventually(() => osaka.kube(['exec', 'caller', '--', 'get', url]), 40_000);
    expect(page).toContain('"host":"shop"');
    const { status } = await estate.api.get('/v1/tenants/demo/clusters/prod', Cluster);
    expect(status.conditions.find(({ type }) => type === 'Published')?.status).toBe('True');
    await munich.kube(['label', 'service', 'shop', 'isthmus.dev/expose-']);
    await eventually(async () => {
      const gone = await estate.api.send('GET', '/v1/tenants/demo/sites/munich/services/shop');
      expect(gone.status).toBe(404);
    }, 40_000);
  });
});

/** As a cluster's own DNS would forward the zone to the edge. */
function withResolver(pod: object, nameserver: string): object {
  const { spec }: { spec?: object } = pod;
  return { ...pod, spec: { ...spec, dnsPolicy: 'None', dnsConfig: { nameservers: [nameserver] } } };
}
