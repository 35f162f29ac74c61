/** An edge inside of the cluster that it attaches: the chart by the real Helm, the image that `npm run image` makes, the rights of the manifest. The order matters. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { cacheDirectory } from '../../build/cache.ts';
import { check } from '../../local/command.ts';
import { formatAddress, parseAddress, parsePrefix } from '../../protocol/address.ts';
import { App } from '../../protocol/app.ts';
import { Cluster } from '../../protocol/cluster.ts';
import { Edge } from '../../protocol/edge.ts';
import { Pool } from '../../protocol/pool.ts';
import { Site } from '../../protocol/site.ts';
import { TokenCreated } from '../../protocol/token.ts';
import { type KubeCluster, raiseCluster } from '../fixtures/kube/cluster.ts';
import { type Estate, raiseEstate } from './estate.ts';
import { eventually } from './eventually.ts';
import { type Person, raisePerson, servingApp } from './kube-site.ts';

const ROOT = new URL('../..', import.meta.url).pathname;
const CHART = join(ROOT, 'infra/kubernetes');
const HELM = join(cacheDirectory(process.env), 'bin/helm');
const LAN = '10.0.0.0/24';
const SERVICES = '10.96.0.0/16';
const WEB = '10.96.7.7';
const IMAGE_MS_MAX = 180_000;
const UP_MS_MAX = 90_000;
const NAMESPACE = ['--namespace', 'isthmus-system'];
/** Where the runtime of the test's node looks for plugins; the node gets a copy of its own. */
const PLUGINS = '/usr/lib/cni';
const COPY = 'cp -a /usr/lib/cni /opt/cni-copy && mount --bind /opt/cni-copy /usr/lib/cni';
/** Beside the range of services, in which kube-proxy drops what is no service. */
const POOLS = '10.97.0.0/24';
const POOL = '10.97.0.16/28';

let estate: Estate;
let cluster: KubeCluster;
let ada: Person;
let scratch: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'isthmus-incluster-'));
  estate = await raiseEstate({
    name: 'incluster',
    sites: [
      { name: 'berlin', lan: LAN, lanHosts: 2, joined: false },
      { name: 'tokyo', lan: LAN, lanHosts: 1 },
    ],
  });
  const [controlPlane, node] = estate.site('berlin').lanHosts;
  if (controlPlane === undefined || node === undefined) throw new Error('Berlin has too few hosts');
  cluster = await raiseCluster({ name: 'incl', controlPlane, nodes: [node] });
  const image = join(scratch, 'agent-image.tar');
  await check([process.execPath, join(ROOT, 'edge-agent/bundle.ts')]);
  await check(['sh', join(CHART, 'image.sh'), image], { timeoutMs: IMAGE_MS_MAX });
  await cluster.nodes[0]?.loadImage(image);
  await cluster.nodes[0]?.host.check(['sh', '-c', COPY]);
  await cluster.kube(['apply', '-f', '-'], JSON.stringify(VOLUME));
  const spec = { lan: 'masquerade', allotment: [SERVICES, POOLS], prefixes: [SERVICES, POOLS] };
  await estate.api.create('/v1/tenants/demo/sites', { metadata: { name: 'berlin' }, spec }, Site);
}, 300_000);

beforeEach(({ onTestFailed }) => {
  onTestFailed(async () => {
    console.error(await estate.describe());
    for (const words of [
      ['describe', 'pods'],
      ['logs', 'isthmus-edge-0', '--all-containers', '--tail=40'],
    ])
      console.error((await cluster.kubectl(['-n', 'isthmus-system', ...words])).stdout);
  });
});

afterAll(async () => {
  await cluster?.close();
  await estate?.destroy();
  if (scratch !== undefined) await rm(scratch, { recursive: true, force: true });
});

/** Test clusters have nobody who makes volumes. */
const VOLUME = {
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'edge' },
  spec: {
    capacity: { storage: '1Gi' },
    accessModes: ['ReadWriteOnce'],
    storageClassName: '',
    persistentVolumeReclaimPolicy: 'Retain',
    hostPath: { path: '/run/edge-volume', type: 'DirectoryOrCreate' },
  },
};

/** Helm on a host of the site. */
async function helm(...words: readonly string[]): Promise<string> {
  const host = estate.site('berlin').lanHosts[0]?.host;
  if (host === undefined) throw new Error('Berlin has no host');
  const env = { HOME: scratch, KUBECONFIG: cluster.kubeconfig };
  return host.check([HELM, ...words], { env, timeoutMs: UP_MS_MAX + 30_000 });
}

function values(more: Readonly<Record<string, unknown>> = {}): string {
  const all = {
    controlPlane: estate.url,
    cluster: 'prod',
    authority: estate.ca,
    advertise: [SERVICES],
    image: { pullPolicy: 'Never' },
    node: { enabled: true, cniBinDir: PLUGINS, cniConfDir: `${cluster.directory}/incl-n1/cni` },
    storage: { storageClass: '' },
    ...more,
  };
  return JSON.stringify(all);
}

async function edgeStatus() {
  return (await estate.api.get('/v1/tenants/demo/edges/berlin', Edge)).status;
}

/** By which the other site reaches an address of this one. */
async function virtualOf(prefix: string, address: string): Promise<string> {
  const { status } = await estate.api.get('/v1/tenants/demo/sites/berlin', Site);
  const mapping = status.prefixes.find(({ real }) => real === prefix);
  if (mapping === undefined) throw new Error(`${prefix} is not exposed`);
  const { base } = parsePrefix(mapping.virtual);
  return formatAddress(base + parseAddress(address) - parsePrefix(prefix).base);
}

async function untilAttached(): Promise<Cluster> {
  return eventually(async () => {
    const found = await estate.api.get('/v1/tenants/demo/clusters/prod', Cluster);
    expect(found.status.conditions.map(({ type, status }) => `${type} ${status}`)).toEqual(
      expect.arrayContaining(['Attached True', 'Fresh True', 'Reachable True', 'NodesReady True']),
    );
    return found;
  }, UP_MS_MAX);
}

describe('the chart', () => {
  test('is one that Helm finds no fault with, and that says what it must be told', async () => {
    const file = join(scratch, 'values.json');
    await estate.site('berlin').lanHosts[0]?.host.write(file, values());
    expect(await helm('lint', CHART, '--strict', ...NAMESPACE, '-f', file)).toContain('0 chart(s) failed');
    await expect(helm('template', 'isthmus-edge', CHART, ...NAMESPACE)).rejects.toThrow(/Give controlPlane/);
    await expect(helm('template', 'isthmus-edge', CHART, '-f', file)).rejects.toThrow(
      /into the namespace isthmus-system/,
    );
  });

  test('gives the rights of the plain manifest, and no more', async () => {
    const rights = (text: string) =>
      parseAllDocuments(text)
        .map((one): { kind?: string; metadata?: { name?: string } } => one.toJS() ?? {})
        .filter(({ kind }) => /^ClusterRole|^Role|^ServiceAccount$/.test(kind ?? ''))
        .sort((a, b) => `${a.kind} ${a.metadata?.name}`.localeCompare(`${b.kind} ${b.metadata?.name}`));
    const file = join(scratch, 'values.json');
    const rendered = rights(await helm('template', 'isthmus-edge', CHART, ...NAMESPACE, '-f', file));
    const manifest = rights(await check(['cat', join(CHART, 'isthmus.yaml')]));
    expect(rendered).toEqual(manifest);
    expect(rendered.length).toBeGreaterThan(4);
  });
});

describe('an edge inside of its cluster', () => {
  test('enrols with its token, dials out to the hub, and attaches the cluster', async () => {
    const token = await estate.api.create(
      '/v1/tenants/demo/tokens',
      { spec: { site: 'berlin', approve: true } },
      TokenCreated,
    );
    const file = join(scratch, 'values.json');
    await estate.site('berlin').lanHosts[0]?.host.write(file, values({ token: { value: token.secret } }));
    await helm(
      ...['install', 'isthmus-edge', CHART, ...NAMESPACE, '--create-namespace', '-f', file],
      ...['--wait', '--timeout', `${UP_MS_MAX / 1_000}s`],
    );
    const { status } = await untilAttached();
    expect([status.edge, status.facts?.version]).toEqual(['berlin', 'v1.34.4']);
    await eventually(async () => expect((await edgeStatus()).links.some(({ up }) => up)).toBe(true));
  });

  test('lets people in by the gateway as themselves', async () => {
    const { programs } = cluster;
    ada = await raisePerson(estate, { name: 'ada', role: 'admin', clusters: ['prod'], programs });
    await eventually(async () => {
      const { stdout } = await ada.kubectl('prod', [
        'auth',
        'whoami',
        '-o',
        'jsonpath={.status.userInfo.username}',
      ]);
      expect(stdout).toBe('isthmus:demo:ada');
    }, 30_000);
  });

  test('exposes services of the cluster at their own addresses to other sites', async () => {
    const pod = [
      'run',
      'web',
      '--image=local/tool:1',
      '--image-pull-policy=Never',
      '--labels=app=web',
      '--command',
      '--',
      'serve',
      ':8080',
    ];
    await cluster.kube(pod);
    const service = { clusterIP: WEB, selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] };
    await cluster.kube(
      ['apply', '-f', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: service }),
    );
    const body = { metadata: { name: 'web' }, spec: { address: WEB, port: 80 } };
    await estate.api.send('POST', '/v1/tenants/demo/sites/berlin/services', { body });
    const virtual = await virtualOf(SERVICES, WEB);
    const page = await eventually(
      () => estate.lanHost('tokyo').check(['curl', '-sf', '-m', '3', `http://${virtual}/`]),
      40_000,
    );
    expect(page).toContain('"host":"web"');
  });

  test('gives containers addresses of a pool by the agents on its nodes, and the other site knows them by these', async () => {
    await cluster.kube([
      ...['-n', 'isthmus-system', 'rollout', 'status', 'daemonset/isthmus-node', '--timeout=60s'],
    ]);
    const ranges = [{ cluster: 'prod', prefix: POOL }];
    await estate.api.create('/v1/tenants/demo/pools', { metadata: { name: 'shop' }, spec: { ranges } }, Pool);
    const access = { kind: 'listed', callers: [{ kind: 'prefix', prefix: '0.0.0.0/0' }] };
    const spec = servingApp(['prod'], { access, pool: 'shop' });
    await estate.api.create('/v1/tenants/demo/apps', { metadata: { name: 'shop' }, spec }, App);
    const address = await eventually(async () => {
      const { status } = await estate.api.get('/v1/tenants/demo/pools/shop', Pool);
      const [held] = status.reservations;
      if (held === undefined) throw new Error(JSON.stringify(status));
      expect([held.app, held.state]).toEqual(['shop', 'held']);
      return held.address;
    }, 60_000);
    expect(address).toMatch(/^10\.97\.0\.\d+$/);
    const virtual = await virtualOf(POOLS, address);
    const page = await eventually(
      () => estate.lanHost('tokyo').check(['curl', '-sf', '-m', '3', `http://${virtual}:8080/`]),
      40_000,
    );
    expect(page).toContain('"host":"shop-');
  });

  test('is the same edge after its pod was deleted, without a token', async () => {
    const before = await edgeStatus();
    await cluster.kube(['-n', 'isthmus-system', 'delete', 'secret', 'isthmus-edge-token']);
    await cluster.kube(['-n', 'isthmus-system', 'delete', 'pod', 'isthmus-edge-0', '--wait=true']);
    await cluster.kube([
      '-n',
      'isthmus-system',
      'rollout',
      'status',
      'statefulset/isthmus-edge',
      '--timeout=60s',
    ]);
    await untilAttached();
    const after = await edgeStatus();
    expect(after.tunnelAddress).toBe(before.tunnelAddress);
    await eventually(async () => expect((await ada.kubectl('prod', ['get', 'nodes'])).code).toBe(0), 40_000);
  });

  test('goes without a trace but for its volume and the list of pools', async () => {
    await helm('uninstall', 'isthmus-edge', ...NAMESPACE, '--wait');
    const left = await cluster.kube(['get', 'clusterroles,clusterrolebindings', '-o', 'name']);
    expect(left.split('\n').filter((line) => line.includes('isthmus'))).toEqual([]);
    await eventually(async () => {
      const kinds = 'pods,statefulsets,daemonsets,serviceaccounts,configmaps,secrets,persistentvolumeclaims';
      const all = await cluster.kube(['-n', 'isthmus-system', 'get', kinds, '-o', 'name']);
      const ours = all
        .trim()
        .split('\n')
        .filter((line) => line.includes('isthmus'));
      expect(ours).toEqual(['configmap/isthmus-pools', 'persistentvolumeclaim/edge-isthmus-edge-0']);
    }, 30_000);
  });
});
