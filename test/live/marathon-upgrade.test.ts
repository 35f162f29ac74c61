/**
 * What users of Marathon would look at first: no request fails while image, environment and file change, a bad release is said with its reason and ends nothing that
 * serves, and neither a restart of the double (not Marathon: see `test/fakes/marathon.ts`) in the middle of a deployment nor one of ours doubles a task.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMarathonDriver } from '../../edge-agent/clusters/marathon.ts';
import { MarathonClient } from '../../edge-agent/marathon/client.ts';
import { MarathonNews } from '../../edge-agent/marathon/news.ts';
import { Changed, Deployments } from '../../edge-agent/marathon/wire.ts';
import { keyOf } from '../../edge-agent/mesos/app.ts';
import type { AppTemplate } from '../../protocol/app.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import { untilReady, workloadOf } from '../edge-agent/clusters/driver-contract.ts';
import { eventually, pause } from './eventually.ts';
import { type MarathonStand, raiseMarathon, TOKEN } from './marathon-stand.ts';

let stand: MarathonStand;

beforeAll(async () => {
  stand = await raiseMarathon('mthu');
});

afterAll(async () => {
  await stand?.close();
});

const containers = async () =>
  (await stand.cluster.engine.docker('ps', '-q', '--no-trunc'))
    .split('\n')
    .filter((line) => line !== '')
    .sort();

/** Goes on serving for a second after it was told to end, as an app should: who asks it learns of that a moment later. */
const DRAINING = 'serve :8080 & trap "sleep 1; kill $!; exit 0" TERM; wait';

function at(release: number, image: string, change: Partial<AppTemplate> = {}): WorkloadLeaf {
  const command = ['sh', '-c', DRAINING, 'sh'];
  return { ...workloadOf('busy', image, { command, stopSeconds: 5, ...change }), release };
}

/** Asks one of the ready containers after another, from the host that they are in, as a load balancer does that follows Marathon's tasks. */
function startLoad(key: string) {
  const state = { asked: 0, failed: [] as string[], isOver: false };
  const ask = async () => {
    for (let turn = 0; !state.isOver; turn += 1) {
      const tasks = stand.framework().view(key).tasks;
      const ready = tasks.filter((task) => task.healthy === true && !task.isKilled);
      const address = ready[turn % Math.max(1, ready.length)]?.address;
      if (address === undefined) {
        state.failed.push('nobody was ready');
        await pause(50);
        continue;
      }
      // Several at once cost one process.
      const urls = Array.from({ length: 20 }, () => ['-o', '/dev/null', `http://${address}:8080/`]).flat();
      const words = ['curl', '-sS', '-f', '-m', '5', '-w', '%{http_code} ', ...urls];
      const { stdout, stderr, code } = await stand.cluster.engine.host.run(words);
      const codes = stdout.trim().split(/\s+/);
      state.asked += 20;
      if (code !== 0) state.failed.push(`${codes.filter((one) => one !== '200').length} ${stderr.trim()}`);
    }
  };
  const done = ask();
  return {
    end: async () => {
      state.isOver = true;
      await done;
      return state;
    },
  };
}

const GREETING = { path: '/etc/greeting', content: 'hello', mode: 0o644 };
const LAST = at(4, 'local/tool:2', { environment: { GREETING: 'hello' }, files: [GREETING] });
const CHANGES: readonly WorkloadLeaf[] = [
  at(2, 'local/tool:2'),
  at(3, 'local/tool:2', { environment: { GREETING: 'hello' } }),
  LAST,
];

test('no request fails while image, environment and file change, nor while a bad release is tried and taken back', async () => {
  const { driver, cluster } = stand;
  await driver.apply(at(1, 'local/tool:1'));
  await untilReady(driver, at(1, 'local/tool:1'));
  const load = startLoad(keyOf({ app: 'busy', namespace: 'acme' }));
  for (const workload of CHANGES) {
    await driver.apply(workload);
    await untilReady(driver, workload);
  }
  const [first = ''] = await containers();
  const seen = await cluster.engine.docker('exec', first, 'sh', '-c', 'echo $GREETING; cat /etc/greeting');
  const serving = (await driver.status(LAST)).containers.map(({ name }) => name);

  const bad = at(5, 'local/tool:1', { command: ['sh', '-c', 'echo broken; exit 3'] });
  await driver.apply(bad);
  const told = await eventually(async () => {
    const found = (await driver.status(bad)).containers.find(({ reason }) => reason === 'crash_loop');
    if (found?.lastLines.length !== 1) throw new Error('its end is not told yet');
    return found;
  });
  const meanwhile = await driver.status(bad);
  // Its deployment would never end by itself.
  await driver.apply({ ...LAST, release: 6 });
  await untilReady(driver, { ...LAST, release: 6 });
  const { asked, failed } = await load.end();
  console.log(`${asked} requests, ${failed.length} failures`);
  expect(failed).toEqual([]);
  expect(asked).toBeGreaterThan(1_000);
  expect(seen.trim().split('\n')).toEqual(['hello', 'hello']);
  expect(told).toMatchObject({ reason: 'crash_loop', lastLines: ['broken'] });
  expect(meanwhile).toMatchObject({ ready: 2, updated: 0 });
  // A configuration that comes again is a new one to Marathon: its tasks are made anew.
  const after = (await driver.status({ ...LAST, release: 6 })).containers.map(({ name }) => name);
  expect(after.filter((name) => serving.includes(name))).toEqual([]);
});

test('a restart of the double in the middle of a deployment, and a driver that remembers nothing, double nothing and finish it', async () => {
  const workload = at(7, 'local/tool:1', { replicas: 3 });
  await stand.driver.apply(workload);
  await stand.stopDouble();
  await expect(stand.driver.apply(workload)).rejects.toMatchObject({ code: 'driver.unreachable' });
  await stand.startDouble();
  const client = new MarathonClient({ server: stand.server(), credentials: TOKEN });
  const again = createMarathonDriver({ client, mesos: stand.mesos, news: new MarathonNews({ client }) });
  expect(await again.apply(workload)).toEqual([]);
  await untilReady(again, workload);
  await eventually(async () => expect((await containers()).length).toBe(3));
  await eventually(async () =>
    expect(await client.json(Deployments, { method: 'GET', path: '/v2/deployments' })).toEqual([]),
  );
  expect(await again.apply(workload)).toEqual([]);
  expect(await again.list()).toEqual([{ app: 'busy', namespace: 'acme' }]);
});

test('what somebody takes back in Marathon is told again', async () => {
  const { driver, client } = stand;
  const stuck = at(8, 'local/none:1', { replicas: 3 });
  await driver.apply(stuck);
  const [deployment] = await client.json(Deployments, { method: 'GET', path: '/v2/deployments' });
  await client.json(Changed, {
    method: 'DELETE',
    path: `/v2/deployments/${deployment?.id}`,
  });
  const wanted = at(7, 'local/tool:1', { replicas: 3 });
  await untilReady(driver, wanted);
  expect((await driver.apply(stuck)).join()).toMatch(/^changed \/acme\/busy: /);
  await driver.apply({ ...wanted, release: 9 });
  await untilReady(driver, { ...wanted, release: 9 });
});

test('lost and back: Mesos and the double are away, containers run on, and as many as wanted run after', async () => {
  const workload = at(9, 'local/tool:1', { replicas: 3 });
  const before = await containers();
  await stand.cluster.stop();
  await pause(2_000);
  expect(await containers()).toEqual(before);
  await stand.cluster.start();
  await stand.framework().ready();
  await untilReady(stand.driver, workload);
  await eventually(async () => expect((await containers()).length).toBe(3));
});
