/** The driver of plain engines against two real ones: the contract of all drivers, and what is its own. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDockerDriver } from '../../edge-agent/clusters/docker.ts';
import { inspectDocker } from '../../edge-agent/clusters/docker-facts.ts';
import type { AppTemplate } from '../../protocol/app.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import { nodeRulesOf, Placement } from '../../protocol/placement.ts';
import { driverContract, untilReady, workloadOf } from '../edge-agent/clusters/driver-contract.ts';
import { trackContract } from '../edge-agent/clusters/track-contract.ts';
import { type DockerStand, engineWith, linesOf, raiseDockerStand } from './docker-stand.ts';
import { eventually } from './eventually.ts';
import { startLoad } from './steady-load.ts';

let open: DockerStand;

beforeAll(async () => {
  open = await raiseDockerStand('dkpl');
});

afterAll(async () => {
  await open?.close();
});

async function bring(workload: WorkloadLeaf): Promise<void> {
  const { driver, pass } = open.stand;
  await untilReady(driver, workload, pass);
}

/** Name and id of the app's containers, sorted. */
async function ids(app: string): Promise<string[]> {
  const filter = ['--filter', `label=isthmus.dev/app=${app}`];
  return (await linesOf(open.ground, 'ps', '-a', ...filter, '--format', '{{.Names}} {{.ID}}')).sort();
}

const onOne = nodeRulesOf(Placement.parse({ constraints: ['node.zone == a'] }));

function appOn(
  [release, app]: readonly [number, string],
  image: string,
  change: Partial<AppTemplate> = {},
): WorkloadLeaf {
  return { ...workloadOf(app, image, change), release, nodes: onOne };
}

describe('the driver of plain engines', () => {
  driverContract(() => open.stand);
  trackContract(() => open.stand);
  changes();
  fails();
  places();
  reuses();
  // Last, because they end engines.
  survives();
  waits();
});

function changes(): void {
  test('upgrades without a failed request while the app is asked all the time', async () => {
    const at = (release: number, image: string) =>
      appOn([release, 'steady'], image, {
        // It ends at once when it is told to.
        command: ['serve', ':8080', '/etc/app.conf'],
        files: [{ path: '/etc/app.conf', content: `${release}`, mode: 0o600 }],
      });
    await bring(at(1, 'local/tool:1'));
    const load = { name: 'dk-load', network: 'isthmus_acme', url: 'http://steady:8080/' };
    const stop = await startLoad(open.ground.first, load);
    await bring(at(2, 'local/tool:2'));
    await bring(at(3, 'local/tool:2'));
    const { asked, failed, why } = await stop();
    expect([failed, why]).toEqual([0, []]);
    expect(asked).toBeGreaterThan(100);
    expect(await open.ground.first.docker('exec', 'acme_steady.1', 'cat', '/etc/app.conf')).toBe('3');
  });
}

function fails(): void {
  test.each([
    ['whose image nobody has', 'local/none:1', undefined, 'image_pull', 'Rolling'],
    ['that ends at once', 'local/tool:2', ['sh', '-c', 'echo no; exit 3'], 'crash_loop', 'RolledBack'],
    ['that never answers', 'local/tool:2', ['sleep', '1000'], 'probe_failing', 'RolledBack'],
  ] as const)(
    'keeps what runs of a release %s, and says why',
    async (_name, image, command, reason, word) => {
      const { driver } = open.stand;
      const app = `bad-${reason.replace('_', '-')}`;
      await bring(appOn([1, app], 'local/tool:1'));
      const before = await ids(app);
      const bad = appOn([2, app], image, command === undefined ? {} : { command: [...command] });
      await eventually(async () => {
        await driver.apply(bad);
        const { statements, containers } = await driver.status(bad);
        expect(statements.map(({ reason }) => reason)).toEqual(['AllReady', word]);
        expect(containers.map((container) => container.reason)).toContain(reason);
      }, 60_000);
      await eventually(async () => expect(await driver.apply(bad)).toEqual([]));
      expect(await ids(app)).toEqual(expect.arrayContaining(before));
      await bring(appOn([3, app], 'local/tool:2'));
      await driver.remove(bad);
    },
  );

  test('rebuilds in place at the same volume, one after the other, and goes back if that fails', async () => {
    const { driver, pass } = open.stand;
    const at = (release: number, command: readonly string[]) =>
      appOn([release, 'kept'], 'local/tool:1', {
        replicas: 1,
        onChange: 'rebuildInPlace',
        command: [...command],
        volumes: [{ name: 'data', path: '/data', sizeMib: 1 }],
      });
    const writing = (word: string) => ['sh', '-c', `echo ${word} >> /data/log; exec serve :8080 /data/log`];
    await bring(at(1, writing('one')));
    await bring(at(2, writing('two')));
    const log = () => open.ground.first.docker('exec', 'acme_kept.1', 'cat', '/data/log');
    expect(await log()).toBe('one\ntwo\n');
    const bad = at(3, ['sh', '-c', 'exit 1']);
    await eventually(async () => {
      await pass?.(bad);
      const { statements } = await driver.status(bad);
      expect(statements.map(({ reason }) => reason)).toEqual(['AllReady', 'RolledBack']);
    }, 60_000);
    expect(await log()).toBe('one\ntwo\ntwo\n');
    await driver.remove(bad);
    await eventually(async () => expect(await ids('kept')).toEqual([]));
    await bring(at(4, writing('four')));
    expect(await log()).toBe('one\ntwo\ntwo\nfour\n');
  });
}

function places(): void {
  test('spreads over nodes, keeps to labels and to one a node, and counts what was promised', async () => {
    const { driver } = open.stand;
    const nodesOf = async (workload: WorkloadLeaf) =>
      (await driver.status(workload)).containers.map(({ node, reason }) => `${node} ${reason}`).sort();
    const spread = workloadOf('spread', 'local/tool:1', { replicas: 4 });
    await bring(spread);
    expect(await nodesOf(spread)).toEqual(['dkpl-n1 none', 'dkpl-n1 none', 'dkpl-n2 none', 'dkpl-n2 none']);
    const unique = {
      ...workloadOf('unique', 'local/tool:1', { replicas: 3 }),
      nodes: nodeRulesOf(Placement.parse({ uniquePerNode: true })),
    };
    await driver.apply(unique);
    expect(await nodesOf(unique)).toEqual([' unschedulable', 'dkpl-n1 none', 'dkpl-n2 none']);
    const greedy = workloadOf('greedy', 'local/tool:1', { replicas: 2, resources: { memoryMib: 20_000 } });
    await driver.apply(greedy);
    await driver.apply({ ...greedy, app: 'greedier' });
    expect(await nodesOf({ ...greedy, app: 'greedier' })).toEqual([' unschedulable', ' unschedulable']);
    for (const app of ['spread', 'unique', 'greedy', 'greedier'])
      await driver.remove({ app, namespace: 'acme' });
  });
}

function reuses(): void {
  test('starts again what was stopped, makes anew what is gone, and does either as the app says', async () => {
    const reused = appOn([1, 'reused'], 'local/tool:1', { replicas: 2 });
    await bring(reused);
    const before = await ids('reused');
    await open.ground.first.docker('stop', '-t', '1', 'acme_reused.1');
    await open.ground.first.docker('rm', '-f', 'acme_reused.2');
    await bring(reused);
    const after = await ids('reused');
    expect([after[0] === before[0], after[1] === before[1]]).toEqual([true, false]);
    const anew = appOn([1, 'anew'], 'local/tool:1', { replicas: 1, restart: 'new' });
    await bring(anew);
    const [first] = await ids('anew');
    await open.ground.first.docker('stop', '-t', '1', 'acme_anew.1');
    await bring(anew);
    expect(await ids('anew')).not.toEqual([first]);
  });

  test('gives a renamed container its name back, and finishes a swap that was cut off', async () => {
    const { docker } = open.ground.first;
    const workload = appOn([1, 'swapped'], 'local/tool:1', { replicas: 1 });
    await bring(workload);
    const [before] = await ids('swapped');
    await docker('rename', 'acme_swapped.1', 'somehow');
    await bring(workload);
    expect(await ids('swapped')).toEqual([before]);
    await docker('rename', 'acme_swapped.1', 'acme_swapped.1.next');
    await bring(workload);
    expect(await ids('swapped')).toEqual([before]);
  });
}

function survives(): void {
  test('has its containers back after a host went down and came up, without anybody of ours', async () => {
    const workload = appOn([1, 'offline'], 'local/tool:1');
    await bring(workload);
    const before = await ids('offline');
    await open.ground.first.kill();
    await open.ground.first.start();
    await eventually(async () => {
      const running = await open.ground.first.docker('ps', '-q', '--filter', 'label=isthmus.dev/app=offline');
      expect(running.trim().split('\n')).toHaveLength(2);
    }, 30_000);
    expect(await ids('offline')).toEqual(before);
    expect(await open.stand.driver.apply(workload)).toEqual([]);
  });

  test('says that a node is lost, makes nothing twice before its time, and keeps one of two when it is back', async () => {
    const { driver } = open.stand;
    const disconnect = { lostAfterSeconds: 10, replace: true, reconcile: 'keep_newest' as const };
    const patient = workloadOf('patient', 'local/tool:1');
    const hasty = workloadOf('hasty', 'local/tool:1', { disconnect });
    for (const workload of [patient, hasty]) await bring(workload);
    const home = await engineWith(open.ground, 'acme_hasty.2');
    const other = open.ground.engines.find((engine) => engine !== home);
    await home.kill();
    expect(await driver.apply(patient)).toEqual([]);
    const { statements, containers } = await driver.status(patient);
    expect(statements[0]).toMatchObject({ status: 'False', reason: 'node_lost' });
    expect(containers.map(({ node, state, reason }) => [node, state, reason])).toContainEqual([
      home.name,
      'waiting',
      'node_lost',
    ]);
    expect((await inspectDocker(open.nodes)).statements[1]).toMatchObject({ status: 'False' });
    await bring(hasty);
    expect(await other?.docker('ps', '-q', '--filter', 'name=acme_hasty.2')).not.toBe('');
    await home.start();
    await bring(hasty);
    await bring(patient);
    await eventually(async () => {
      await driver.apply(hasty);
      expect((await ids('hasty')).map((line) => line.split(' ')[0])).toEqual([
        'acme_hasty.1',
        'acme_hasty.2',
      ]);
    });
    expect(await home.docker('ps', '-aq', '--filter', 'name=acme_hasty.2')).toBe('');
  });
}

function waits(): void {
  test('of an engine that it has never seen holds back what may run there', async () => {
    const [first, second] = open.nodes;
    if (first === undefined || second === undefined) throw new Error('there are no nodes');
    const workload = workloadOf('held', 'local/tool:1');
    await open.ground.engines[1]?.kill();
    const fresh = createDockerDriver({ nodes: open.nodes, wallNow: Date.now });
    expect(await fresh.apply(workload)).toEqual([]);
    expect((await fresh.status(workload)).containers.map(({ reason }) => reason)).toEqual([
      'node_lost',
      'node_lost',
    ]);
  });
}
