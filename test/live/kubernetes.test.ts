/** Clusters with the same ranges in two sites, by the gateway: the real kubectl through hub and tunnel, and what the control plane knows. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CommandResult } from '../../local/command.ts';
import { Cluster } from '../../protocol/cluster.ts';
import type { KubeCluster } from '../fixtures/kube/cluster.ts';
import { type Estate, raiseEstate } from './estate.ts';
import { eventually } from './eventually.ts';
import { appTests } from './kube-apps.ts';
import { attachCluster, type Person, raisePerson } from './kube-site.ts';
import { KUBECTL_COMMANDS, type KubectlCommand, normalized } from './kubectl-commands.ts';

const LAN = '10.0.0.0/24';
/** SCENARIOS 8 promises a minute. */
const WITHDRAWN_MS_MAX = 60_000;

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
  [berlin, tokyo] = await Promise.all([
    attachCluster(estate, { site: 'berlin', name: 'prod' }),
    attachCluster(estate, { site: 'tokyo', name: 'test' }),
  ]);
  const { programs } = berlin;
  ada = await raisePerson(estate, { name: 'ada', role: 'admin', clusters: ['prod', 'test'], programs });
}, 240_000);

beforeEach(({ onTestFailed }) => {
  onTestFailed(async () => console.error(await estate.describe()));
});

afterAll(async () => {
  await Promise.all([berlin?.close(), tokyo?.close()]);
  await estate?.destroy();
});

describe('an attached cluster', () => {
  test('is shown with version, nodes, capacity and conditions', async () => {
    const { spec, status } = await estate.api.get('/v1/tenants/demo/clusters/prod', Cluster);
    expect([spec.site, status.kind, status.edge, status.facts?.version]).toEqual([
      'berlin',
      'kubernetes',
      'berlin',
      'v1.34.4',
    ]);
    expect(status.facts?.nodes.map(({ name, addresses, ready }) => [name, addresses, ready])).toEqual([
      ['berlin-n1', ['10.0.0.11'], 'True'],
      ['berlin-n2', ['10.0.0.12'], 'True'],
    ]);
    expect(status.facts?.network).toMatchObject({
      podPrefixes: ['10.244.0.0/24', '10.244.1.0/24'],
      servicePrefix: '10.96.0.0/16',
    });
    expect(status.conditions.map((one) => `${one.type} ${one.status}`)).toEqual([
      'Attached True',
      'Fresh True',
      'Reachable True',
      'NodesReady True',
    ]);
  });

  test('keeps its credentials at the site: nothing of them is in what the control plane has', async () => {
    const kept = await estate.site('berlin').edge.read('/var/lib/isthmus/clusters/prod.json');
    const secret = /"key": "-----BEGIN[^\\]+\\n([A-Za-z0-9+/]{40})/.exec(kept)?.[1] ?? 'no key in the file';
    expect(kept).toContain(secret);
    const { text } = await estate.api.send('GET', '/v1/tenants/demo/clusters/prod');
    expect(text).not.toContain(secret);
  });
});

describe('kubectl by the gateway', () => {
  test('reaches both clusters at once, though all their ranges are the same', async () => {
    const [prod, dev] = await Promise.all(
      ['prod', 'test'].map((cluster) => ada.kubectl(cluster, ['get', 'nodes', '-o', 'name'])),
    );
    expect([prod?.stdout, dev?.stdout]).toEqual(['node/berlin-n1\nnode/berlin-n2\n', 'node/tokyo-n1\n']);
  });

  test(`says the same as directly, in ${KUBECTL_COMMANDS.length} commands`, async () => {
    for (const namespace of ['by-hand', 'by-gate']) await berlin.kube(['create', 'namespace', namespace]);
    const differing: unknown[] = [];
    for (const command of KUBECTL_COMMANDS) {
      const [direct, gateway] = await Promise.all([
        runIn('by-hand', command, (words, options) => berlin.kubectl(words, options)),
        runIn('by-gate', command, (words, options) => ada.kubectl('prod', words, options)),
      ]);
      const isExpected = (direct.code !== 0) === (command.fails === true);
      if (!isExpected || JSON.stringify(direct) !== JSON.stringify(gateway))
        differing.push({ words: command.words, direct, gateway });
    }
    expect(differing).toEqual([]);
  });

  test('copies files both ways and forwards ports', async () => {
    await berlin.kube([
      'run',
      'files',
      '--image=local/tool:1',
      '--image-pull-policy=Never',
      '--command',
      '--',
      'serve',
      ':8080',
    ]);
    await berlin.kube(['wait', '--for=condition=Ready', 'pod/files', '--timeout=30s']);
    await ada.host.check([
      'sh',
      '-c',
      `mkdir -p ${ada.home}/out && head -c 5000000 /dev/urandom > ${ada.home}/out/data`,
    ]);
    const there = await ada.kubectl('prod', ['cp', `${ada.home}/out/data`, 'files:/tmp/data']);
    const back = await ada.kubectl('prod', ['cp', 'files:/tmp/data', `${ada.home}/out/again`]);
    expect([there.code, there.stderr, back.code]).toEqual([0, '', 0]);
    const sums = await ada.host.check(['sh', '-c', `cd ${ada.home}/out && md5sum < data; md5sum < again`]);
    const [first, second] = sums.trim().split('\n');
    expect(second).toBe(first);
    const forwarding = ada.host.spawn(
      [
        `${berlin.programs}/kubectl`,
        '--kubeconfig',
        ada.kubeconfig('prod'),
        'port-forward',
        'pod/files',
        '18080:8080',
      ],
      { env: { HOME: ada.home } },
    );
    await eventually(async () => {
      const page = await ada.host.check(['curl', '-sf', '-m', '3', 'http://127.0.0.1:18080/']);
      expect(page).toContain('"host":"files"');
    }, 15_000);
    await forwarding.stop();
  });
});

describe('an app', () => {
  appTests(() => ({ estate, berlin, ada }));
});

describe('a cluster whose sessions are recorded', () => {
  test('keeps what passed at the site, and says so in the audit log', async () => {
    await setRecord('exec');
    const session = ['exec', '-i', 'files', '--', 'sh', '-c', 'read word; echo "heard $word"'];
    const [, file = '', sha256 = ''] = await eventually(async () => {
      const done = await ada.kubectl('prod', session, { input: 'isthmus\n' });
      expect([done.code, done.stdout]).toEqual([0, 'heard isthmus\n']);
      const { text } = await estate.api.send('GET', '/v1/tenants/demo/events');
      const found = /exec\.recorded: [^"]+ bytes in ([^ ]+), SHA-256 ([0-9a-f]{64})/.exec(text);
      return found ?? Promise.reject(new Error(text.slice(0, 2_000)));
    }, 20_000);
    const { edge } = estate.site('berlin');
    const [header = '', ...events] = (await edge.read(file)).trim().split('\n');
    expect(JSON.parse(header)).toMatchObject({
      version: 2,
      title: expect.stringContaining('isthmus:demo:ada'),
    });
    const typed = events.map((line): unknown[] => JSON.parse(line)).map(([, code, text]) => [code, text]);
    expect(typed).toEqual([
      ['i', 'isthmus\n'],
      ['o', 'heard isthmus\n'],
    ]);
    expect(await edge.check(['sha256sum', file])).toContain(sha256);
    expect(await edge.check(['stat', '-c', '%a', file])).toBe('600\n');
  });

  test('refuses a session that can not be recorded, in words', async () => {
    const command = [
      `${berlin.programs}/kubectl`,
      '--kubeconfig',
      ada.kubeconfig('prod'),
      'exec',
      'files',
      '--',
      'true',
    ];
    const env = { HOME: ada.home, KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false' };
    const refused = await ada.host.run(command, { env });
    expect(refused.stderr).toContain('Sessions in this cluster are recorded, which takes WebSocket');
    await setRecord('none');
  });
});

describe('access', () => {
  test('of a viewer is what the cluster gives to viewers, and nobody else’s', async () => {
    const { programs } = berlin;
    const eve = await raisePerson(estate, { name: 'eve', role: 'viewer', clusters: ['prod'], programs });
    await eventually(
      async () => expect((await eve.kubectl('prod', ['get', 'pods', '-A'])).code).toBe(0),
      10_000,
    );
    const refused = await eve.kubectl('prod', ['delete', 'namespace', 'default']);
    expect(refused.stderr).toContain('User "isthmus:demo:eve" cannot delete resource "namespaces"');
    const asAdmin = await eve.kubectl('prod', [
      'get',
      'secrets',
      '-A',
      '--as=admin',
      '--as-group=system:masters',
    ]);
    expect(asAdmin.stderr).toContain('Impersonation does not pass through Isthmus');
  });

  test('that is withdrawn ends within a minute, running streams included (scenario 8)', async () => {
    const { programs } = berlin;
    const mal = await raisePerson(estate, { name: 'mal', role: 'admin', clusters: ['prod'], programs });
    await eventually(async () => expect((await mal.kubectl('prod', ['get', 'pods'])).code).toBe(0), 10_000);
    const start = (words: readonly string[]) =>
      mal.host.spawn([`${programs}/kubectl`, '--kubeconfig', mal.kubeconfig('prod'), ...words], {
        env: { HOME: mal.home },
      });
    const running = [
      start(['exec', 'files', '--', 'sleep', '1000']),
      start(['get', 'pods', '-w']),
      start(['logs', '-f', 'files']),
    ];
    await pause(2_000);
    const ended = running.map((stream) => stream.exited.then(() => performance.now()));
    const { etag } = await estate.api.send('GET', '/v1/tenants/demo/keys/mal');
    const begunMs = performance.now();
    await estate.api.send('DELETE', '/v1/tenants/demo/keys/mal', { headers: { 'if-match': etag ?? '' } });
    const endedMs = await Promise.all(ended);
    const tookMs = Math.max(...endedMs) - begunMs;
    console.log(`streams of a withdrawn key were cut after ${Math.round(tookMs)} ms`);
    expect(tookMs).toBeLessThan(WITHDRAWN_MS_MAX);
    const after = await mal.kubectl('prod', ['get', 'pods']);
    expect([after.code, after.stderr.length > 0]).toEqual([1, true]);
  });
});

async function setRecord(record: 'none' | 'exec'): Promise<void> {
  const path = '/v1/tenants/demo/clusters/prod';
  const { spec } = await estate.api.get(path, Cluster);
  const { etag } = await estate.api.send('GET', path);
  const headers = { 'if-match': etag ?? '' };
  const answer = await estate.api.send('PUT', path, { body: { spec: { ...spec, record } }, headers });
  expect(answer.status).toBe(200);
}

type Run = (
  words: readonly string[],
  options: { readonly input?: string; readonly timeoutMs: number },
) => Promise<CommandResult>;

async function runIn(namespace: string, { words, input }: KubectlCommand, run: Run): Promise<CommandResult> {
  const own = words.map((word) => word.replaceAll('NS', namespace));
  const result = await run(own, { timeoutMs: 60_000, ...(input === undefined ? {} : { input }) });
  return {
    code: result.code,
    stdout: normalized(result.stdout, namespace),
    stderr: normalized(result.stderr, namespace),
  };
}
