/** Releases by stages over the API: told of, promoted, aborted, taken back with a reason, and overtaken. */
import { beforeEach, describe, expect, test } from 'vitest';
import { type Bench, callAs, createBench, type Reply } from './bench.ts';
import { type Enrolled, edit, enrol, make, ROOMY, tokenFor, withSite } from './estates.ts';

const APPS = '/v1/tenants/acme/apps';
const CANARY = { kind: 'canary', steps: [{ percent: 25, holdSeconds: 60 }, { percent: 50 }] };
const BLUE_GREEN = { kind: 'blueGreen' };

let bench: Bench;
let edge: Enrolled;

beforeEach(async () => {
  bench = await createBench();
  await withSite(bench);
  edge = await enrol(bench, await tokenFor(bench));
  const body = { kind: 'kubernetes', authority: 'PEM' };
  await callAs(bench, edge, { method: 'POST', path: '/v1/agent/clusters/prod', body });
  await make(bench, [APPS, 'web'], specOf(1, CANARY));
  await tell(instance(1));
});

function specOf(release: number, upgrade: object) {
  return { image: `web:${release}`, replicas: 4, placement: { clusters: ['prod'] }, upgrade };
}

function instance(release: number, more: object = {}) {
  return {
    cluster: 'prod',
    release,
    wanted: 4,
    ready: 4,
    updated: 4,
    statements: [],
    containers: [],
    ...more,
  };
}

async function tell(...instances: object[]): Promise<void> {
  const body = { facts: ROOMY, apps: instances.map((one) => ({ app: 'web', instance: { ...one } })) };
  const reply = await callAs(bench, edge, { method: 'POST', path: '/v1/agent/clusters/prod/report', body });
  expect(reply.status).toBe(204);
}

/** Both tracks are that far in the stage that there is. */
async function tellOf(
  state: string,
  [stable, next]: readonly [number, number],
  more: object = {},
): Promise<void> {
  const stage = { name: (await status()).stage.name, state };
  await tell(instance(stable, { stage }), instance(next, { stage, track: 'next', ...more }));
}

const status = async () => (await bench.call('GET', `${APPS}/web`)).json.status;
const post = (verb: string, body: object = {}): Promise<Reply> =>
  bench.call('POST', `${APPS}/web/${verb}`, { body });
const stageName = async () => (await status()).stage?.name;
const reasonOf = async (type: string) =>
  (await status()).conditions.find((one: { type: string }) => one.type === type)?.reason;

describe('a canary', () => {
  beforeEach(async () => {
    await edit(bench, `${APPS}/web`, specOf(2, CANARY));
  });

  test('begins at its first step, beside what runs', async () => {
    expect(await status()).toMatchObject({
      release: 2,
      running: 1,
      stage: {
        name: '2.canary.1',
        kind: 'canary',
        release: 2,
        step: 1,
        percent: 25,
        waitsForPromotion: false,
      },
    });
    expect(await reasonOf('Upgrading')).toBe('Canary');
  });

  test('goes on by what clusters say alone: by time, by somebody, and then it is what runs', async () => {
    await tellOf('up', [1, 2]);
    expect(await stageName()).toBe('2.canary.1');
    await tellOf('held', [1, 2]);
    expect([await stageName(), await reasonOf('Upgrading')]).toEqual(['2.canary.2', 'WaitsForPromotion']);
    await tellOf('up', [1, 2]);
    expect(await stageName()).toBe('2.canary.2');
    expect((await post('promotion', { stage: '2.canary.2' })).status).toBe(200);
    expect(await status()).toMatchObject({ stage: { name: '2.promoting' }, running: 2 });
    await tellOf('held', [2, 2]);
    expect(await status()).toMatchObject({ release: 2, running: 2 });
    expect(await stageName()).toBeUndefined();
  });

  test('that is promoted early still waits for its containers', async () => {
    expect((await post('promotion')).status).toBe(200);
    await tellOf('coming', [1, 2]);
    expect(await stageName()).toBe('2.canary.1');
    await tellOf('up', [1, 2]);
    expect(await stageName()).toBe('2.canary.2');
  });

  test.each([
    [
      'crash_loop',
      { reason: 'crash_loop', state: 'waiting', restarts: 3 },
      'It ends. Its last line: no database',
    ],
    ['a probe', { reason: 'probe_failing', state: 'running' }, 'It ends. Its last line: no database'],
    ['more restarts than stable', { restarts: 1 }, 'It was started again 1 times'],
  ])('is taken back at once for %s, with the reason', async (_, fault, words) => {
    const container = {
      name: 'web-x',
      node: 'n',
      address: '',
      message: 'It ends.',
      lastLines: ['no database'],
    };
    const one = { ...container, state: 'ready', restarts: 0, release: 2, ...fault };
    await tellOf('coming', [1, 2], { containers: [one] });
    expect(await status()).toMatchObject({ release: 2, running: 1 });
    expect([await stageName(), await reasonOf('RolledBack')]).toEqual([undefined, 'ReleaseFailed']);
    const back = (await status()).conditions.find(
      (condition: { type: string }) => condition.type === 'RolledBack',
    );
    expect(back.message).toContain(words);
  });

  test('that has failed and is not to be taken back says so where it waits', async () => {
    await edit(bench, `${APPS}/web`, specOf(3, { ...CANARY, rollback: false }));
    const container = { name: 'web-x', node: 'n', address: '', message: 'It ends.', lastLines: [] };
    const one = { ...container, state: 'waiting', reason: 'crash_loop', restarts: 3, release: 3 };
    await tellOf('coming', [1, 3], { containers: [one] });
    const { stage, conditions } = await status();
    expect(stage.name).toBe('3.canary.1');
    expect(stage.message).toContain(
      'It has failed, and stays until it mends or is aborted. prod: web-x: It ends.',
    );
    expect(conditions.map(({ type }: { type: string }) => type)).not.toContain('RolledBack');
  });

  test('is not held against those of the release before', async () => {
    const old = { name: 'a', node: '', address: '', message: '', lastLines: [], state: 'ready', release: 1 };
    const stage = { name: '2.canary.1', state: 'held' };
    await tell(
      instance(1, { stage, containers: [{ ...old, restarts: 4 }] }),
      instance(2, { stage, track: 'next', containers: [{ ...old, restarts: 4, release: 2 }] }),
    );
    expect(await stageName()).toBe('2.canary.2');
  });

  test('is taken back when somebody aborts it, and a newer release begins anew', async () => {
    expect((await post('abort')).status).toBe(200);
    expect(await status()).toMatchObject({ release: 2, running: 1 });
    expect((await post('abort')).json.code).toBe('not_staged');
    await edit(bench, `${APPS}/web`, specOf(3, CANARY));
    expect(await stageName()).toBe('3.canary.1');
  });

  test('that is overtaken is taken back for the newer one', async () => {
    await tellOf('held', [1, 2]);
    await edit(bench, `${APPS}/web`, specOf(3, CANARY));
    expect(await status()).toMatchObject({ stage: { name: '3.canary.1' }, running: 1 });
  });

  test('is promoted or aborted at the stage that was meant only', async () => {
    expect((await post('promotion', { stage: '2.canary.2' })).json.code).toBe('not_staged');
    expect(await stageName()).toBe('2.canary.1');
  });
});

describe('a blue-green upgrade', () => {
  const go = async (releases: readonly [number, number]) => {
    await tellOf('held', releases);
    return stageName();
  };

  test('goes through its stages, and back to one track', async () => {
    await edit(bench, `${APPS}/web`, specOf(2, BLUE_GREEN));
    const seen = [await stageName()];
    for (const releases of [
      [1, 2],
      [1, 2],
      [1, 2],
      [2, 2],
      [2, 2],
    ] as const)
      seen.push(await go(releases));
    expect(seen).toEqual([
      '2.preparing',
      '2.switching',
      '2.holding',
      '2.replacing',
      '2.rejoining',
      undefined,
    ]);
    expect(await status()).toMatchObject({ release: 2, running: 2 });
  });

  test('that is overtaken while the last release is not asked lets that be asked first', async () => {
    await edit(bench, `${APPS}/web`, specOf(2, BLUE_GREEN));
    await go([1, 2]);
    expect(await go([1, 2])).toBe('2.holding');
    await edit(bench, `${APPS}/web`, specOf(3, CANARY));
    expect(await status()).toMatchObject({ stage: { name: '2.returning' }, running: 1 });
    expect((await post('abort')).json.code).toBe('not_staged');
    expect(await go([1, 2])).toBe('3.canary.1');
  });

  test('of what there can be only one of is refused', async () => {
    const volumes = [{ name: 'data', path: '/data', sizeMib: 1 }];
    const reply = await bench.call('POST', APPS, {
      body: { metadata: { name: 'db' }, spec: { ...specOf(1, BLUE_GREEN), volumes } },
    });
    expect([reply.status, reply.json.errors[0].pointer]).toEqual([422, '/spec/upgrade/kind']);
  });
});

test('an app that is rolled has nothing to promote', async () => {
  await make(bench, [APPS, 'plain'], { image: 'a:1' });
  const reply = await bench.call('POST', `${APPS}/plain/promotion`, { body: {} });
  expect([reply.status, reply.json.code]).toEqual([409, 'not_staged']);
});

test('shares of steps rise', async () => {
  const upgrade = { kind: 'canary', steps: [{ percent: 50 }, { percent: 20 }] };
  const spec = { ...specOf(1, upgrade) };
  const reply = await bench.call('POST', APPS, { body: { metadata: { name: 'x' }, spec } });
  expect([reply.status, reply.json.errors[0].pointer]).toEqual([422, '/spec/upgrade/steps']);
});
