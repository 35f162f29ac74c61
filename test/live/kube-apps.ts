/** What an application team would try first, as tests that an estate with two clusters runs: one manifest, an upgrade, crashes, an end. */
import { expect, test } from 'vitest';
import { App } from '../../protocol/app.ts';
import { Cluster } from '../../protocol/cluster.ts';
import type { KubeCluster } from '../fixtures/kube/cluster.ts';
import type { Estate } from './estate.ts';
import { eventually, pause } from './eventually.ts';
import { type Person, servingApp } from './kube-site.ts';

interface Stand {
  readonly estate: Estate;
  readonly berlin: KubeCluster;
  readonly ada: Person;
}

/** Longer than leases of nodes last. */
const AWAY_MS = 60_000;
const PATH = '/v1/tenants/demo/apps/web';
const SPEC = servingApp(['prod', 'test']);

async function running({ estate }: Stand, release: number) {
  const { status } = await estate.api.get(PATH, App);
  const [condition] = status.conditions;
  expect([status.release, condition?.status, condition?.reason]).toEqual([release, 'True', 'Running']);
  return status.instances.map(({ cluster, ready }) => [cluster, ready]);
}

type Open = () => Stand;

/** Clusters `prod` in Berlin and `test` in Tokyo. The order matters. */
export function appTests(open: Open): void {
  begins(open);
  listens(open);
  rollsBack(open);
  endures(open);
  ends(open);
}

/** `isthmus exec` and `logs`, which go by the kubectl of the machine. */
function listens(open: Open): void {
  test('is gone into and listened to by its name, in the cluster that is meant', async () => {
    const { ada } = open();
    const at = (cluster: string) =>
      ada.isthmus(['exec', 'web', '--cluster', cluster, '--', 'sh', '-c', 'echo "$HOSTNAME says hello"']);
    expect([await at('prod'), await at('test')]).toEqual([
      expect.stringMatching(/^web-\S+ says hello\n$/),
      expect.stringMatching(/^web-\S+ says hello\n$/),
    ]);
    await expect(
      ada.isthmus(['exec', 'web', '--cluster', 'prod', '--', 'sh', '-c', 'exit 7']),
    ).rejects.toThrow('7');
    await ada.isthmus([
      ...['exec', 'web', '--cluster', 'prod', '--', 'sh', '-c'],
      'echo "a line that is listened to" >/proc/1/fd/1',
    ]);
    await eventually(async () =>
      expect(await ada.isthmus(['logs', 'web', '--cluster', 'prod'])).toContain('a line that is listened to'),
    );
  });
}

function begins(open: Open): void {
  test('is placed in both clusters by one manifest, and upgraded in both', async () => {
    const { estate, ada } = open();
    await estate.api.create('/v1/tenants/demo/apps', { metadata: { name: 'web' }, spec: SPEC }, App);
    const first = await eventually(() => running(open(), 1), 60_000);
    expect(first).toEqual([
      ['prod', 1],
      ['test', 1],
    ]);
    const { etag } = await estate.api.send('GET', PATH);
    const body = { spec: { ...SPEC, image: 'local/tool:2' } };
    await estate.api.send('PUT', PATH, { body, headers: { 'if-match': etag ?? '' } });
    await eventually(() => running(open(), 2), 60_000);
    const image = [
      '-n',
      'demo',
      'get',
      'pods',
      '-l',
      'isthmus.dev/app=web',
      '-o',
      'jsonpath={.items[*].spec.containers[0].image}',
    ];
    await eventually(
      async () => expect((await ada.kubectl('test', image)).stdout).toBe('local/tool:2'),
      30_000,
    );
  });
}

function rollsBack(open: Open): void {
  test('goes back to its last good release by itself, if the next does not come up in time', async () => {
    const { estate, ada } = open();
    const { etag } = await estate.api.send('GET', PATH);
    const upgrade = { kind: 'rolling', deadlineSeconds: 12 };
    const body = { spec: { ...SPEC, image: 'local/none:3', upgrade } };
    await estate.api.send('PUT', PATH, { body, headers: { 'if-match': etag ?? '' } });
    await eventually(async () => {
      const { status } = await estate.api.get(PATH, App);
      const [running] = status.conditions;
      const rolledBack = status.conditions.find(({ type }) => type === 'RolledBack');
      expect([status.release, status.running, running?.reason]).toEqual([3, 2, 'Running']);
      expect(rolledBack).toMatchObject({ type: 'RolledBack', status: 'True' });
      expect(rolledBack?.message).toContain('local/none:3');
    }, 90_000);
    expect(await ada.isthmus(['apps', 'web'])).toContain('Release 3 failed');
    for (const cluster of ['prod', 'test']) {
      const said = await ada.kubectl(cluster, ['-n', 'demo', 'get', 'deployment', 'web', '-o', 'json']);
      expect(JSON.parse(said.stdout).spec.template.spec.containers[0].image).toBe('local/tool:2');
    }
  });
}

function endures(open: Open): void {
  test('comes to what was asked for although the agent was killed in the middle, and the API server was away for a minute', async () => {
    const { estate, berlin } = open();
    const { edge } = estate.site('berlin');
    await berlin.stopApiServer();
    const stoppedMs = performance.now();
    await eventually(async () => {
      const { status } = await estate.api.get('/v1/tenants/demo/clusters/prod', Cluster);
      expect(status.conditions.find(({ type }) => type === 'Reachable')).toMatchObject({
        status: 'False',
        reason: 'NoAnswer',
      });
    }, 40_000);
    const { etag } = await estate.api.send('GET', PATH);
    const body = { spec: { ...SPEC, replicas: 2, environment: { A: 'b' } } };
    await estate.api.send('PUT', PATH, { body, headers: { 'if-match': etag ?? '' } });
    await pause(Math.max(0, AWAY_MS - (performance.now() - stoppedMs)));
    await estate.stopAgent(edge, 'SIGKILL');
    await berlin.startApiServer();
    estate.startAgent(edge);
    await eventually(() => running(open(), 4), 150_000);
  }, 270_000);
}

function ends(open: Open): void {
  test('that is deleted leaves nothing', async () => {
    const { estate, ada } = open();
    const { etag } = await estate.api.send('GET', PATH);
    await estate.api.send('DELETE', PATH, { headers: { 'if-match': etag ?? '' } });
    const all = [
      '-n',
      'demo',
      'get',
      'deployments,services,networkpolicies,pods',
      '-l',
      'isthmus.dev/app=web',
      '-o',
      'name',
    ];
    await eventually(async () => {
      for (const cluster of ['prod', 'test']) expect((await ada.kubectl(cluster, all)).stdout).toBe('');
    }, 60_000);
  });
}
