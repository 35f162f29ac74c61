/** The plain manifest: with the rights of its service account everything works that an edge does, and nothing more can be done. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addKubernetes } from '../../edge-agent/cluster-command.ts';
import { readClusterFiles } from '../../edge-agent/cluster-files.ts';
import { createKubernetesDriver } from '../../edge-agent/clusters/kubernetes.ts';
import { inspectKubernetes } from '../../edge-agent/clusters/kubernetes-facts.ts';
import { Controllers } from '../../edge-agent/controllers/controllers.ts';
import { KubeClient } from '../../edge-agent/kube/client.ts';
import { readKubeconfig } from '../../edge-agent/kube/kubeconfig.ts';
import { leaseOf } from '../../edge-agent/node/holding.ts';
import { PoolKeeper } from '../../edge-agent/worker/pools.ts';
import { workloadOf } from '../edge-agent/clusters/driver-contract.ts';
import { type ApiServer, startApiServer } from '../fixtures/kube/api-server.ts';
import { eventually } from './eventually.ts';
import { LEAF, type ProxyStand, startProxyStand } from './proxy-stand.ts';

const MANIFEST = new URL('../../infra/kubernetes/isthmus.yaml', import.meta.url).pathname;
/** The API server gives at most 500 at once to whoever asks for pages. */
const MANY_NODES = 620;
const NOW = { wallNow: () => Date.now() };

let api: ApiServer;
let kubeconfig: string;
let nodeKubeconfig: string;
let stand: ProxyStand;

beforeAll(async () => {
  api = await startApiServer({ controllers: true });
  const applied = await api.kubectl(['apply', '-f', MANIFEST]);
  if (applied.code !== 0) throw new Error(applied.stderr);
  kubeconfig = await kubeconfigOf('isthmus-edge');
  nodeKubeconfig = await kubeconfigOf('isthmus-node');
  stand = await startProxyStand(api, {
    client: new KubeClient({ credentials: await readKubeconfig(kubeconfig), ...NOW }),
  });
});

afterAll(async () => {
  await stand?.close();
  await api?.close();
});

/** With the token that the manifest makes for a service account. */
async function kubeconfigOf(account: string): Promise<string> {
  const words = ['-n', 'isthmus-system', 'get', 'secret', account, '-o', 'jsonpath={.data.token}'];
  const token = await eventually(async () => {
    const { stdout } = await api.kubectl(words);
    return stdout === ''
      ? Promise.reject(new Error('no token yet'))
      : Buffer.from(stdout, 'base64').toString();
  }, 20_000);
  const authority = await readFile(api.pki.path('ca.crt'));
  const path = join(api.directory, `${account}.kubeconfig`);
  const cluster = { server: api.server, 'certificate-authority-data': authority.toString('base64') };
  const config = {
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user: { token } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  await writeFile(path, JSON.stringify(config));
  return path;
}

const edge = async () => new KubeClient({ credentials: await readKubeconfig(kubeconfig), ...NOW });

describe('with the rights of the manifest', () => {
  test('a cluster is added without a missing right, and its file is for root alone', async () => {
    const directory = join(api.directory, 'clusters');
    const options = { name: 'prod', kubeconfig, context: undefined, directory, environment: {}, ...NOW };
    const said = await addKubernetes(options);
    expect(said[0]).toBe(`prod: Kubernetes v1.34.4 at ${api.server}`);
    expect(said.filter((line) => line.startsWith('missing'))).toEqual([]);
    expect(readClusterFiles(directory).clusters.map(({ name }) => name)).toEqual(['prod']);
  });

  test('an app is made, seen and taken away', async () => {
    const driver = createKubernetesDriver(await edge(), Date.now);
    const volumes = [{ name: 'data', path: '/data', sizeMib: 1 }];
    const files = [{ path: '/etc/a', content: 'a', mode: 0o644 }];
    for (const workload of [
      workloadOf('plain', 'x:1', { files, replicas: { min: 1, max: 2, cpuPercent: 50 } }),
      workloadOf('stateful', 'x:1', { volumes }),
    ]) {
      await driver.apply(workload);
      expect((await driver.status(workload)).cluster).toBe('prod');
      expect((await driver.remove(workload)).length).toBeGreaterThan(0);
    }
    expect((await inspectKubernetes(await edge())).statements.map(({ type }) => type)).toEqual([
      'Reachable',
      'NodesReady',
    ]);
  });

  test('an app is rebuilt in place, and its files are reloaded where somebody gave that right', async () => {
    const driver = createKubernetesDriver(await edge(), Date.now);
    const at = (image: string) => workloadOf('held', image, { onChange: 'rebuildInPlace', replicas: 1 });
    await driver.apply(at('x:1'));
    await eventually(async () => expect((await driver.status(at('x:1'))).containers.length).toBe(1));
    await eventually(async () => expect((await driver.apply(at('x:2'))).join()).toContain('with x:2'));
    await driver.remove(at('x:2'));
    const may = async (words: string) => {
      const asked = await api.kubectl(['auth', 'can-i', ...words.split(' ')], { kubeconfig });
      return asked.stdout.trim();
    };
    expect([
      await may('patch pods --subresource=resize -A'),
      await may('create pods --subresource=proxy -n acme'),
    ]).toEqual(['yes', 'no']);
    await api.kubectl(['apply', '-f', MANIFEST.replace('.yaml', '-reload.yaml')]);
    const binding = '-n acme create rolebinding reload --clusterrole=isthmus-edge-reload-http';
    await api.kubectl([...binding.split(' '), '--serviceaccount=isthmus-system:isthmus-edge']);
    await eventually(async () => expect(await may('create pods --subresource=proxy -n acme')).toBe('yes'));
    expect(await may('create pods --subresource=proxy -n default')).toBe('no');
  });

  test('nodes are looked at, labelled Services are found, and pods of dead nodes may go', async () => {
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } };
    await api.kubectl(['apply', '-f', '-'], { input: JSON.stringify(node) });
    await api.kubectl(['create', 'service', 'nodeport', 'web', '--tcp=80']);
    await api.kubectl(['label', 'service', 'web', 'isthmus.dev/expose=true']);
    const said: string[] = [];
    const controllers = new Controllers({
      client: await edge(),
      ask: async () => 'silent',
      now: () => performance.now(),
      ...NOW,
      log: (line) => said.push(line),
      onEvent: () => undefined,
    });
    controllers.start();
    await eventually(async () => {
      await controllers.pass();
      expect(controllers.verdict('n1')?.verdict).toBe('unknown');
      expect(controllers.statements().map(({ type, reason }) => [type, reason])).toEqual([
        ['ServicesFound', 'NotAllFit'],
      ]);
    });
    controllers.close();
    expect(said).toEqual([]);
    expect((await api.kubectl(['auth', 'can-i', 'delete', 'pods', '-A'], { kubeconfig })).stdout).toBe(
      'yes\n',
    );
  });

  test('a cluster of more nodes than a page holds is shown whole', async () => {
    const items = Array.from({ length: MANY_NODES }, (_, index) => ({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: `many-${index}` },
    }));
    await api.kubectl(['create', '-f', '-'], {
      input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
    });
    const { nodes } = await inspectKubernetes(await edge());
    expect(nodes.filter(({ name }) => name.startsWith('many-')).length).toBe(MANY_NODES);
  });

  test('pools are published and told of, and what nobody holds any more is given back', async () => {
    const said: string[] = [];
    const keeper = new PoolKeeper({
      client: await edge(),
      cluster: 'prod',
      ...NOW,
      log: (line) => said.push(line),
      settleMs: 0,
    });
    keeper.set({ pools: [{ name: 'web', prefixes: ['10.0.5.0/24'] }], joined: [] });
    await keeper.pass();
    const left = { namespace: 'default', name: 'gone', uid: 'u', app: 'web', isStable: false };
    const holding = { address: 0x0a00_0507, pool: 'web', holder: left, node: 'n1', container: 'c' } as const;
    const lease = leaseOf({ ...holding, state: 'held', sinceMs: 0, version: '' });
    const made = await api.kubectl(['create', '-f', '-'], {
      input: JSON.stringify(lease),
      kubeconfig: nodeKubeconfig,
    });
    expect(made).toMatchObject({ code: 0, stderr: '' });
    await keeper.pass();
    expect(keeper.reservations()?.map(({ address, holder }) => [address, holder])).toEqual([
      ['10.0.5.7', 'default/gone'],
    ]);
    expect(said).toEqual(['10.0.5.7 was given back: default/gone is gone for good']);
    await keeper.pass();
    expect(keeper.reservations()).toEqual([]);
  });

  test('people come in as themselves, in the groups that the document gives them', async () => {
    const { stdout } = await stand.kubectl(['auth', 'whoami', '-o', 'json']);
    expect(JSON.parse(stdout).status.userInfo).toMatchObject({
      username: 'isthmus:demo:admin',
      groups: ['isthmus:admins', 'system:authenticated'],
      extra: { 'isthmus.dev/subject': ['demo/admin/1'] },
    });
    expect((await stand.kubectl(['create', 'namespace', 'made'])).code).toBe(0);
  });

  test('a group that the manifest does not name can not be had', async () => {
    stand.set({ access: [{ subject: 'demo/admin/1', user: 'isthmus:demo:admin', groups: ['ops'] }] });
    const refused = await stand.kubectl(['get', 'nodes']);
    stand.set({ access: LEAF.access });
    expect(refused.stderr).toContain('(Forbidden)');
  });
});

describe('without any', () => {
  test.each<[string, string[]]>([
    ['read secrets', ['get', 'secrets', '-n', 'kube-system']],
    ['be a master', ['get', 'nodes', '--as=x', '--as-group=system:masters']],
    [
      'be the cluster’s own controllers',
      ['get', 'secrets', '-A', '--as=x', '--as-group=system:serviceaccounts:kube-system'],
    ],
    [
      'give rights away',
      [
        'create',
        'clusterrolebinding',
        'mine',
        '--clusterrole=cluster-admin',
        '--serviceaccount=isthmus-system:isthmus-edge',
      ],
    ],
    ['make pods by hand', ['run', 'mine', '--image=x']],
    [
      'get into containers',
      ['create', '--raw', '/api/v1/namespaces/default/pods/x/exec?command=sh', '-f', '/dev/null'],
    ],
    ['change nodes', ['delete', 'node', 'none']],
    ['delete namespaces', ['delete', 'namespace', 'default']],
    ['make tokens of others', ['create', 'token', 'default', '-n', 'kube-system']],
  ])('the edge can not %s', async (_, words) => {
    const { code, stderr } = await api.kubectl(words, { kubeconfig });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/forbidden|cannot/i)]);
  });
});

describe('with the rights of the manifest, a node', () => {
  test.each<[string, string[]]>([
    ['read what a pod says of itself', ['get', 'pods', '-A']],
    ['see nodes', ['list', 'nodes']],
    ['claim addresses', ['create', 'leases', '-n', 'isthmus-system']],
    ['give them back', ['delete', 'leases', '-n', 'isthmus-system']],
    ['read the pools', ['get', 'configmaps/isthmus-pools', '-n', 'isthmus-system']],
  ])('can %s', async (_, words) => {
    const { stdout } = await api.kubectl(['auth', 'can-i', ...words], { kubeconfig: nodeKubeconfig });
    expect(stdout).toBe('yes\n');
  });

  test.each<[string, string[]]>([
    ['list pods', ['list', 'pods', '-A']],
    ['read secrets', ['get', 'secrets', '-n', 'isthmus-system']],
    ['change the pools', ['patch', 'configmaps/isthmus-pools', '-n', 'isthmus-system']],
    ['read other configuration', ['get', 'configmaps/other', '-n', 'isthmus-system']],
    ['be another node', ['update', 'leases', '-n', 'kube-node-lease']],
    ['change nodes', ['patch', 'nodes']],
    ['act as others', ['impersonate', 'users']],
  ])('can not %s', async (_, words) => {
    const { stdout } = await api.kubectl(['auth', 'can-i', ...words], { kubeconfig: nodeKubeconfig });
    expect(stdout).toBe('no\n');
  });
});
