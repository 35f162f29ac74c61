/**
 * Releases that come by stages, by the API alone, under load: a canary goes through its steps, a bad one is taken back and never has more than its share, a
 * blue-green upgrade changes over, and back when somebody aborts it.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { App } from '../../protocol/app.ts';
import { Cluster } from '../../protocol/cluster.ts';
import { type DockerEngines, enginesOn } from '../fixtures/docker/engines.ts';
import { agentCommand } from './agent-command.ts';
import { askFrom } from './asking.ts';
import { type Estate, raiseEstate } from './estate.ts';
import { eventually } from './eventually.ts';
import { servingApp } from './kube-site.ts';
import { drainingServer, type Load, startLoad } from './steady-load.ts';

const APP = '/v1/tenants/demo/apps/web';
const UP_MS_MAX = 120_000;
const { placement: _placement, ...SPEC } = servingApp([]);
const URL = 'http://web:8080/?variable=RELEASE';
const NETWORK = 'isthmus_demo';
const REPLICAS = 4;

const CANARY = {
  kind: 'canary',
  deadlineSeconds: 60,
  steps: [{ percent: 25, holdSeconds: 4 }, { percent: 50 }],
};

let estate: Estate;
let site: DockerEngines;
let release = 1;

beforeAll(async () => {
  estate = await raiseEstate({ name: 'cny', sites: [{ name: 'berlin', lan: '10.0.0.0/24', lanHosts: 1 }] });
  const hosts = estate.site('berlin').lanHosts.map(({ host, address }) => ({ host, address, labels: {} }));
  site = await enginesOn(hosts, { name: 'cnyb' });
  const engines = site.engines.flatMap(({ name, socket }) => ['--engine', `${name}=unix://${socket}`]);
  await estate.site('berlin').edge.check(agentCommand('cluster', 'add', 'docker', 'plain', ...engines));
  await eventually(async () => {
    const { status } = await estate.api.get('/v1/tenants/demo/clusters/plain', Cluster);
    expect(status.facts?.nodes.length).toBe(1);
  }, 40_000);
}, 240_000);

beforeEach(({ onTestFailed }) => {
  onTestFailed(async () => {
    console.error(JSON.stringify((await read()).status, undefined, 1));
    console.error(await estate.describe());
  });
});

afterAll(async () => {
  await site?.close();
  await estate?.destroy();
});

/** Releases that answered so many requests. */
async function said(times: number): Promise<Set<string>> {
  return new Set(await askFrom(site.first, { url: URL, times, network: NETWORK }));
}

const read = () => estate.api.get(APP, App);

function specOf(number: number, upgrade: object, more: object = {}) {
  const environment = { RELEASE: `r${number}` };
  return {
    ...SPEC,
    replicas: REPLICAS,
    command: drainingServer(),
    stopSeconds: 10,
    environment,
    upgrade,
    ...more,
  };
}

async function put(upgrade: object, more: object = {}): Promise<void> {
  const { etag } = await estate.api.send('GET', APP);
  release += 1;
  const spec = specOf(release, upgrade, more);
  await estate.api.send('PUT', APP, { body: { spec }, headers: { 'if-match': etag ?? '' } });
}

async function post(verb: 'promotion' | 'abort'): Promise<void> {
  const { status, text } = await estate.api.send('POST', `${APP}/${verb}`, { body: {} });
  expect([status, text]).toEqual([200, expect.any(String)]);
}

/** Resolves once this release is the only one that runs, in the places that there are. */
async function untilOnly(number: number): Promise<void> {
  await eventually(async () => {
    const { status } = await read();
    expect([status.running, status.stage, status.conditions[0]?.status]).toEqual([number, undefined, 'True']);
    expect(status.instances.map(({ track, ready }) => [track, ready])).toEqual([[undefined, REPLICAS]]);
    expect(await said(8)).toEqual(new Set([`r${number}`]));
  }, UP_MS_MAX);
}

async function untilStage(name: string): Promise<void> {
  await eventually(async () => expect((await read()).status.stage?.name).toBe(name), UP_MS_MAX);
}

/** What the work costs those who ask meanwhile. */
async function underLoad(name: string, work: () => Promise<void>): Promise<Load> {
  const stop = await startLoad(site.first, { name, network: NETWORK, url: URL });
  try {
    await work();
  } catch (cause) {
    await stop();
    throw cause;
  }
  const load = await stop();
  console.log(`${name}: ${load.asked} asked, ${load.failed} failed`);
  return load;
}

function expectServed({ asked, failed, why }: Load): void {
  expect([failed, why]).toEqual([0, []]);
  expect(asked).toBeGreaterThan(100);
}

test('the first release has nothing to stand beside, and is rolled out', async () => {
  const body = { metadata: { name: 'web' }, spec: specOf(1, CANARY) };
  await estate.api.create('/v1/tenants/demo/apps', body, App);
  await untilOnly(1);
}, 150_000);

test('a canary goes from step to step, waits for somebody where it says so, and becomes what runs', async () => {
  const load = await underLoad('cny-good', async () => {
    await put(CANARY);
    await untilStage('2.canary.2');
    await eventually(async () => {
      const { status } = await read();
      expect(status.instances.map(({ track, release: has, ready }) => [track, has, ready])).toEqual([
        [undefined, 1, 4],
        ['next', 2, 2],
      ]);
      expect(status.conditions.find(({ type }) => type === 'Upgrading')?.reason).toBe('WaitsForPromotion');
      expect(status.stage?.message).toContain('waits for somebody');
    }, UP_MS_MAX);
    expect(await said(40)).toEqual(new Set(['r1', 'r2']));
    await post('promotion');
    await untilOnly(2);
  });
  expectServed(load);
}, 300_000);

test('a bad canary is taken back with its reason, and never had more than its share', async () => {
  const counts = new Set<number>();
  const load = await underLoad('cny-bad', async () => {
    await put(CANARY, { command: ['serve', ':9090'] });
    await eventually(async () => {
      const { status } = await read();
      const beside = status.instances.find(({ track }) => track === 'next');
      counts.add(beside?.containers.length ?? 0);
      const back = status.conditions.find(({ type }) => type === 'RolledBack');
      expect(back?.message).toContain('its check fails');
    }, UP_MS_MAX);
    await untilOnly(2);
  });
  expectServed(load);
  expect(Math.max(...counts)).toBe(1);
  expect((await read()).status).toMatchObject({ release: 3, running: 2 });
}, 300_000);

test('a blue-green upgrade changes over, and then there is one track again', async () => {
  const load = await underLoad('cny-blue', async () => {
    await put({ kind: 'blueGreen', deadlineSeconds: 60, holdSeconds: 6 });
    await untilStage('4.holding');
    await eventually(async () => expect(await said(20)).toEqual(new Set(['r4'])), 30_000);
    await untilOnly(4);
  });
  expectServed(load);
}, 300_000);

test('one that is aborted while the last release stands beside it changes back', async () => {
  const load = await underLoad('cny-back', async () => {
    await put({ kind: 'blueGreen', deadlineSeconds: 60, holdSeconds: 600 });
    await untilStage('5.holding');
    await eventually(async () => expect(await said(20)).toEqual(new Set(['r5'])), 30_000);
    await post('abort');
    await untilOnly(4);
  });
  expectServed(load);
  const { status } = await read();
  expect([status.release, status.running]).toEqual([5, 4]);
  expect(status.conditions.find(({ type }) => type === 'RolledBack')?.message).toContain('aborted');
}, 300_000);
