/** What users of Mesos would look at first: no request fails while an app changes, a bad release ends nothing that serves, and neither our restart nor that of Mesos doubles a task. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMesosDriver } from '../../edge-agent/clusters/mesos.ts';
import { keyOf } from '../../edge-agent/mesos/app.ts';
import { MesosClient } from '../../edge-agent/mesos/client.ts';
import { MesosFramework } from '../../edge-agent/mesos/framework.ts';
import { untilReady, workloadOf } from '../edge-agent/clusters/driver-contract.ts';
import { type MesosCluster, raiseMesos } from '../fixtures/mesos/mesos.ts';
import { eventually, pause } from './eventually.ts';

let cluster: MesosCluster;
let scratch: string;
const running: MesosFramework[] = [];

function startFramework(): MesosFramework {
  const client = new MesosClient({ server: cluster.server, agentOrigin: () => cluster.server });
  const framework = new MesosFramework({
    client,
    directory: scratch,
    name: 'isthmus',
    user: 'root',
    wallNow: Date.now,
  });
  framework.start();
  running.push(framework);
  return framework;
}

const containers = async () =>
  (await cluster.engine.docker('ps', '-q', '--no-trunc'))
    .split('\n')
    .filter((line) => line !== '')
    .sort();

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'isthmus-ms-upgrade-'));
  cluster = await raiseMesos({ name: 'msu', agents: 2 });
});

afterAll(async () => {
  for (const framework of running) await framework.stop();
  await cluster?.close();
  rmSync(scratch, { recursive: true, force: true });
});

/** Asks one of the ready containers after another, from the host that they are in, as a load balancer does that follows `status`. */
function startLoad(framework: MesosFramework, key: string) {
  const state = { asked: 0, failed: [] as string[], isOver: false };
  const ask = async () => {
    for (let turn = 0; !state.isOver; turn += 1) {
      const ready = framework.view(key).tasks.filter((task) => task.healthy === true && !task.isKilled);
      const address = ready[turn % Math.max(1, ready.length)]?.address;
      if (address === undefined) {
        state.failed.push('nobody was ready');
        await pause(50);
        continue;
      }
      // Several at once cost one process.
      const urls = Array.from({ length: 20 }, () => `http://${address}:8080/`);
      const answer = await cluster.engine.host.run([
        'curl',
        '-sS',
        '-f',
        '-m',
        '5',
        '-o',
        '/dev/null',
        '-w',
        '%{http_code} ',
        ...withOutputs(urls),
      ]);
      const codes = answer.stdout.trim().split(/\s+/);
      state.asked += urls.length;
      if (answer.code !== 0)
        state.failed.push(`${codes.filter((code) => code !== '200').length} ${answer.stderr.trim()}`);
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

function withOutputs(urls: readonly string[]): string[] {
  return urls.flatMap((url, index) => (index === 0 ? [url] : ['-o', '/dev/null', url]));
}

const at = (release: number, image: string, command = ['sh', '-c', DRAINING, 'sh']) => ({
  ...workloadOf('busy', image, { command, stopSeconds: 5 }),
  release,
});

/** Goes on serving for a second after it was told to end, as an app should: who asks it learns of that a moment later. */
const DRAINING = 'serve :8080 & trap "sleep 1; kill $!; exit 0" TERM; wait';

test('no request fails while an app changes three times, nor while a bad release is tried and taken back', async () => {
  const framework = startFramework();
  const driver = createMesosDriver(framework);
  await driver.apply(at(1, 'local/tool:1'));
  await untilReady(driver, at(1, 'local/tool:1'));
  const load = startLoad(framework, keyOf(at(1, 'local/tool:1')));
  for (const release of [2, 3, 4]) {
    const workload = at(release, release % 2 === 0 ? 'local/tool:2' : 'local/tool:1');
    await driver.apply(workload);
    await untilReady(driver, workload);
  }
  const good = await driver.status(at(4, 'local/tool:2'));
  const bad = at(5, 'local/tool:1', ['sh', '-c', 'echo broken; exit 3']);
  await driver.apply(bad);
  const told = await eventually(async () => {
    const found = (await driver.status(bad)).containers.find(({ reason }) => reason === 'crash_loop');
    if (found === undefined) throw new Error('its end is not told yet');
    return found;
  }).catch(() => undefined);
  const meanwhile = await driver.status(bad);
  await driver.apply({ ...at(4, 'local/tool:2'), release: 6 });
  await untilReady(driver, { ...at(4, 'local/tool:2'), release: 6 });
  const { asked, failed } = await load.end();
  console.log(`${asked} requests, ${failed.length} failures`);
  expect(failed).toEqual([]);
  expect(asked).toBeGreaterThan(1_000);
  expect(told).toMatchObject({ reason: 'crash_loop', lastLines: ['broken'] });
  expect(meanwhile.ready).toBe(2);
  // Those of the good release were never touched.
  const names = (await driver.status(at(6, 'local/tool:2'))).containers.map(({ name }) => name).sort();
  expect(names).toEqual(good.containers.map(({ name }) => name).sort());
});

test('a restart of ours in the middle of a change doubles nothing and finishes it', async () => {
  const [framework] = running.splice(0);
  if (framework === undefined) throw new Error('the test before has made none');
  const workload = { ...at(7, 'local/tool:1'), template: { ...at(7, 'local/tool:1').template, replicas: 3 } };
  await createMesosDriver(framework).apply(workload);
  await framework.stop();
  const again = startFramework();
  const driver = createMesosDriver(again);
  await untilReady(driver, workload);
  await eventually(async () => expect((await containers()).length).toBe(3));
  expect(await driver.list()).toEqual([{ app: 'busy', namespace: 'acme' }]);
});

test('master and agents lost and back: containers run on meanwhile, and none is doubled after', async () => {
  const [framework] = running;
  if (framework === undefined) throw new Error('the test before has made none');
  const before = await containers();
  await cluster.stop();
  await pause(3_000);
  expect(await containers()).toEqual(before);
  await cluster.start();
  await framework.ready();
  const spec = at(7, 'local/tool:1');
  const workload = { ...spec, template: { ...spec.template, replicas: 3 } };
  await untilReady(createMesosDriver(framework), workload);
  await eventually(async () => expect((await containers()).length).toBe(3));
  await pause(3_000);
  expect((await containers()).length).toBe(3);
});
