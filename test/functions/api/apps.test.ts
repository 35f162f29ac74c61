/** Apps: placed in clusters of the tenant, numbered by release, and shown as their clusters tell of them. */
import { beforeEach, describe, expect, test } from 'vitest';
import { type Bench, callAs, createBench, type Reply } from './bench.ts';
import { type Enrolled, edit, enrol, make, ROOMY, remove, tokenFor, withSite } from './estates.ts';

const APPS = '/v1/tenants/acme/apps';
const WEB = { image: 'web:1', placement: { clusters: ['prod'] } };

let bench: Bench;
let edge: Enrolled;

beforeEach(async () => {
  bench = await createBench();
  await withSite(bench);
  edge = await enrol(bench, await tokenFor(bench));
  const body = { kind: 'kubernetes', authority: 'PEM' };
  await callAs(bench, edge, { method: 'POST', path: '/v1/agent/clusters/prod', body });
});

const read = async () => (await bench.call('GET', `${APPS}/web`)).json;

/** What is told with facts is planned at once. */
function tell(instance: object): Promise<Reply> {
  const whole = {
    cluster: 'prod',
    release: 1,
    wanted: 1,
    ready: 1,
    updated: 1,
    statements: [],
    containers: [],
    ...instance,
  };
  const body = { facts: ROOMY, apps: [{ app: 'web', instance: whole }] };
  return callAs(bench, edge, { method: 'POST', path: '/v1/agent/clusters/prod/report', body });
}

describe('an app', () => {
  test('begins with release 1, and a change of what runs is the next one', async () => {
    await make(bench, [APPS, 'web'], WEB);
    expect((await read()).status.release).toBe(1);
    await edit(bench, `${APPS}/web`, { ...WEB, image: 'web:2' });
    expect((await read()).status.release).toBe(2);
  });

  test('may ask for a fraction of a request a second, and be changed', async () => {
    const replicas = (requestsPerSecond: number) => ({ replicas: { min: 1, max: 2, requestsPerSecond } });
    await make(bench, [APPS, 'web'], { ...WEB, ...replicas(0.5) });
    expect((await edit(bench, `${APPS}/web`, { ...WEB, ...replicas(0.7) })).status).toBe(200);
  });

  test('that is placed elsewhere is of the same release', async () => {
    const body = { kind: 'kubernetes', authority: 'PEM' };
    await callAs(bench, edge, { method: 'POST', path: '/v1/agent/clusters/test', body });
    await make(bench, [APPS, 'web'], WEB);
    await edit(bench, `${APPS}/web`, { ...WEB, placement: { clusters: ['prod', 'test'] } });
    expect((await read()).status.release).toBe(1);
  });

  test.each([
    [
      'a cluster that is not there',
      { placement: { clusters: ['prod', 'none'] } },
      '/spec/placement/clusters/1',
    ],
    ['a pool that is not there', { pool: 'none' }, '/spec/pool'],
    [
      'one path for two things',
      { files: [{ path: '/a', content: '' }], volumes: [{ name: 'v', path: '/a', sizeMib: 1 }] },
      '/spec/files',
    ],
    [
      'one port twice',
      {
        ports: [
          { name: 'a', port: 1 },
          { name: 'a', port: 2 },
        ],
      },
      '/spec/ports',
    ],
    ['one cluster twice', { placement: { clusters: ['prod', 'prod'] } }, '/spec/placement/clusters'],
    [
      'a probe of two kinds',
      { health: { live: { tcp: { port: 1 }, command: ['true'] } } },
      '/spec/health/live',
    ],
    ['a path that is none', { files: [{ path: 'etc/a', content: '' }] }, '/spec/files/0/path'],
  ])('with %s is refused, with a pointer', async (_, change, pointer) => {
    const reply = await bench.call('POST', APPS, {
      body: { metadata: { name: 'web' }, spec: { ...WEB, ...change } },
    });
    expect([reply.status, reply.json.errors[0].pointer]).toEqual([422, pointer]);
  });

  test('keeps its clusters: one that it runs in is in use', async () => {
    await make(bench, [APPS, 'web'], WEB);
    expect((await remove(bench, '/v1/tenants/acme/clusters/prod')).json.code).toBe('in_use');
    await remove(bench, `${APPS}/web`);
    await bench.store.purge({ kind: 'app', tenant: 'acme', name: 'web' }, 2);
    expect((await remove(bench, '/v1/tenants/acme/clusters/prod')).status).toBe(204);
  });
});

describe('what a cluster tells of an app', () => {
  const running = async () =>
    (await read()).status.conditions.map(
      (one: { status: string; reason: string }) => `${one.status} ${one.reason}`,
    );

  test('is nothing at first', async () => {
    await make(bench, [APPS, 'web'], WEB);
    expect(await running()).toEqual(['False NotPlaced', 'Unknown NotYet']);
  });

  test('is shown with its age, and counts for the release that it is about', async () => {
    await make(bench, [APPS, 'web'], WEB);
    await tell({});
    expect(await running()).toEqual(['True Running', 'True Placed']);
    expect((await read()).status.instances[0].observedAt).toBe('2026-01-31T12:00:00.000Z');
    await edit(bench, `${APPS}/web`, { ...WEB, image: 'web:2' });
    expect(await running()).toEqual(['Unknown NotTold', 'True Placed']);
  });

  test('that is wrong is the reason of the app', async () => {
    await make(bench, [APPS, 'web'], WEB);
    const statement = {
      type: 'Available',
      status: 'False',
      reason: 'image_pull',
      message: 'The image is not there.',
    };
    await tell({ ready: 0, statements: [statement] });
    const [condition] = (await read()).status.conditions;
    expect(condition).toMatchObject({
      status: 'False',
      reason: 'image_pull',
      message: 'prod: The image is not there.',
    });
  });
});

describe('a release that fails', () => {
  const late = {
    type: 'Progressing',
    status: 'False',
    reason: 'DeadlineExceeded',
    message: 'Release 2 is not up after 600 s.',
  };

  beforeEach(async () => {
    await make(bench, [APPS, 'web'], WEB);
    await tell({});
    await edit(bench, `${APPS}/web`, { ...WEB, image: 'web:2' });
    await tell({ release: 2, ready: 0, statements: [late] });
  });

  test('is taken back, with the reason in conditions and audit log', async () => {
    const { status } = await read();
    expect([status.release, status.running]).toEqual([2, 1]);
    expect(status.conditions.map(({ type, status: is }: Record<string, string>) => `${type} ${is}`)).toEqual([
      'Running Unknown',
      'Placed True',
      'RolledBack True',
    ]);
    await tell({ release: 1 });
    expect((await read()).status.conditions[0]).toMatchObject({ status: 'True', reason: 'Running' });
    const item = await bench.store.get({ kind: 'app', tenant: 'acme', name: 'web' });
    expect(JSON.stringify(item?.outbox)).toContain('Took release 2 of app web back, to release 1');
  });

  test('makes way for the next one', async () => {
    await edit(bench, `${APPS}/web`, { ...WEB, image: 'web:3' });
    const { status } = await read();
    expect([status.release, status.running, status.conditions.length]).toEqual([3, 3, 2]);
  });
});
