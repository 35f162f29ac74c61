/** `drill` over the API in the same process, with an edge that tells of what it held; and the views that take a format. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '../../protocol/canonical.ts';
import { type Bench, callAs, createBench, putKey } from '../functions/api/bench.ts';
import { type Enrolled, edit, enrol, ROOMY, tokenFor, withSite } from '../functions/api/estates.ts';
import { type Ran, run, type Stage } from './world.ts';

const AT = '/v1/tenants/acme/clusters/prod';
const BACKUP = { store: { kind: 'directory', path: '/backups' } };
const BACKED_UP = {
  name: 'prod-1.db',
  takenAt: '2026-01-31T11:50:00.000Z',
  ...{ bytes: 1_000, sha256: 'a'.repeat(64), revision: 7, etcdVersion: '3.6.4', tookMs: 9 },
};
const PASSED = {
  ...{ backup: 'prod-1.db', outcome: 'passed', detail: '9 keys and 7 objects were read back.' },
  ...{ recoveryMs: 5_400, snapshotAgeMs: 600_000 },
  steps: [
    { name: 'fetch', tookMs: 120 },
    { name: 'restore', tookMs: 800 },
    { name: 'read_back', tookMs: 300 },
  ],
};
const ETCD = { members: [], advice: [], backups: [BACKED_UP] };

let bench: Bench;
let edge: Enrolled;

beforeEach(async () => {
  bench = await createBench();
  await withSite(bench);
  edge = await enrol(bench, await tokenFor(bench));
  await attach(['drills']);
  await tell([]);
});

async function attach(knows: readonly string[]): Promise<void> {
  const body = { kind: 'kubernetes', authority: 'PEM', knows: [...knows] };
  await callAs(bench, edge, { method: 'POST', path: '/v1/agent/clusters/prod', body });
}

async function tell(drills: Json[]): Promise<void> {
  const body: Json = { facts: { ...JSON.parse(JSON.stringify(ROOMY)), etcd: { ...ETCD, drills } } };
  const path = '/v1/agent/clusters/prod/report';
  const reply = await callAs(bench, edge, { method: 'POST', path, body });
  expect(reply.status, reply.text).toBe(204);
}

const backedUp = () => edit(bench, AT, { site: 'berlin', backup: BACKUP });
const isthmus = (words: readonly string[], over: Partial<Stage> = {}): Promise<Ran> =>
  run({ bench, files: {}, ...over }, words);

/** The edge answers the wish that stands. */
function answering(drill: { readonly [key: string]: Json }): () => Promise<void> {
  return async () => {
    const item = await bench.store.get({ kind: 'cluster', tenant: 'acme', name: 'prod' });
    const asked = item?.internal.drill?.asked ?? '';
    await tell([{ ...drill, at: bench.clock.now(), asked }]);
  };
}

test('a drill is asked for, waited for, and told with its steps; the audit log has who asked', async () => {
  await backedUp();
  const ran = await isthmus(['drill', 'prod'], { meanwhile: answering(PASSED) });
  expect([ran.code, ran.said]).toEqual([0, 'Asked the edge of prod for a drill; it takes a minute or two.']);
  await expect(`${ran.out}\n`).toMatchFileSnapshot('golden/drill.txt');
  const [event] =
    (await bench.store.get({ kind: 'cluster', tenant: 'acme', name: 'prod' }))?.outbox.slice(-1) ?? [];
  expect(event).toMatchObject({
    actor: 'key:root',
    detail: 'Asked for a drill of the etcd of cluster prod.',
  });
  const last = await isthmus(['drill', 'prod', '--last', '-o', 'jsonpath={.outcome}']);
  expect([last.code, last.out]).toEqual([0, 'passed']);
});

test('one that fails ends with 1, one that nobody tells of in time with 6, and none at all with 3', async () => {
  await backedUp();
  expect((await isthmus(['drill', 'prod', '--last'])).code).toBe(3);
  const failed = { backup: '', outcome: 'failed', detail: 'No drill was held: The store has no snapshot.' };
  const ran = await isthmus(['drill', 'prod'], { meanwhile: answering(failed) });
  expect([ran.code, ran.out]).toEqual([1, `failed, 0 s ago\n${failed.detail}`]);
  bench.clock.pass(120);
  const late = await isthmus(['drill', 'prod', '--timeout', '4']);
  expect([late.code, late.out]).toEqual([6, '']);
  expect(late.said).toContain('has told of no such drill in 4 s');
  expect((await isthmus(['drill', 'prod', '--timeout', 'soon'])).code).toBe(2);
});

test('without snapshots it is refused with what is missing', async () => {
  const unsaid = await isthmus(['drill', 'prod']);
  expect([unsaid.code, unsaid.said]).toEqual([5, expect.stringContaining('has no backup')]);
});

describe('who asks', () => {
  test('within a minute gets the one that is under way', async () => {
    await backedUp();
    const ask = () => bench.call('POST', `${AT}/drill`);
    const first = await ask();
    bench.clock.pass(30);
    expect([first.status, (await ask()).json]).toEqual([202, first.json]);
    bench.clock.pass(31);
    expect((await ask()).json).not.toEqual(first.json);
  });

  test('may change clusters', async () => {
    await backedUp();
    const key = await putKey(bench.store, 'acme', 'viewer');
    expect((await isthmus(['drill', 'prod'], { key })).code).toBe(4);
  });

  test('is not forgotten when the edge attaches again', async () => {
    await backedUp();
    const { asked } = (await bench.call('POST', `${AT}/drill`)).json;
    const body = { kind: 'kubernetes', authority: 'ANOTHER' };
    await callAs(bench, edge, { method: 'POST', path: '/v1/agent/clusters/prod', body });
    const item = await bench.store.get({ kind: 'cluster', tenant: 'acme', name: 'prod' });
    expect([item?.internal.drill, item?.status.authority]).toEqual([{ asked }, 'ANOTHER']);
  });
});

describe('a view', () => {
  test.each([
    ['clusters-name', ['clusters', '-o', 'name']],
    ['clusters-wide', ['clusters', '-o', 'wide']],
    ['etcd-yaml', ['etcd', 'prod', '-o', 'yaml']],
  ])('%s', async (name, words) => {
    const { out, code } = await isthmus(words);
    expect(code).toBe(0);
    await expect(`${out}\n`).toMatchFileSnapshot(`golden/${name}.txt`);
  });

  test('prints what get prints, in every format but the table, and a bare list by --json', async () => {
    for (const output of ['wide', 'json', 'yaml', 'name', 'jsonpath={.items[0].metadata.name}'])
      for (const [view, kind] of [
        ['clusters', 'clusters'],
        ['apps', 'apps'],
        ['pools', 'pools'],
      ] as const)
        expect(await isthmus([view, '-o', output])).toEqual(await isthmus(['get', kind, '-o', output]));
    expect(JSON.parse((await isthmus(['clusters', '--json'])).out)).toMatchObject([
      { metadata: { name: 'prod' } },
    ]);
    expect((await isthmus(['etcd', 'prod', '-o', 'jsonpath={.backups[0].name}'])).out).toBe('prod-1.db');
    expect((await isthmus(['etcd', 'prod', '-o', 'xml'])).code).toBe(2);
    expect((await isthmus(['pools'])).code).toBe(0);
  });
});

test('an edge that would not understand the wish is not asked', async () => {
  await backedUp();
  await attach([]);
  const ran = await isthmus(['drill', 'prod']);
  expect(ran.code).not.toBe(0);
  expect(ran.said).toContain('of a version that holds no drill on request');
});
