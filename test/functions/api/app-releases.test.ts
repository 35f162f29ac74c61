/** Releases of an app over the API: the newest, those before it, and going back to one of them as a new release. */
import { beforeEach, expect, test } from 'vitest';
import { type Bench, createBench } from './bench.ts';
import { edit, make, withSite } from './estates.ts';

const APPS = '/v1/tenants/acme/apps';
let bench: Bench;

beforeEach(async () => {
  bench = await createBench();
  await withSite(bench);
  await make(bench, [APPS, 'web'], { image: 'web:1' });
});

async function releases() {
  const { status, json } = await bench.call('GET', `${APPS}/web/releases`);
  expect(status).toBe(200);
  return json.items.map(
    (one: { release: number; state: string; isRunning: boolean; template: { image: string } }) => [
      one.release,
      one.state,
      one.isRunning,
      one.template.image,
    ],
  );
}

test('every change of what runs is remembered, a change of where is not', async () => {
  expect(await releases()).toEqual([[1, 'newest', true, 'web:1']]);
  await edit(bench, `${APPS}/web`, { image: 'web:2' });
  await edit(bench, `${APPS}/web`, { placement: { priority: 70 } });
  await edit(bench, `${APPS}/web`, { image: 'web:3' });
  expect(await releases()).toEqual([
    [3, 'newest', true, 'web:3'],
    [2, 'past', false, 'web:2'],
    [1, 'past', false, 'web:1'],
  ]);
});

test('going back makes a new release of the old template, and that one is remembered once', async () => {
  await edit(bench, `${APPS}/web`, { image: 'web:2' });
  await edit(bench, `${APPS}/web`, { image: 'web:1' });
  await edit(bench, `${APPS}/web`, { image: 'web:2' });
  expect(await releases()).toEqual([
    [4, 'newest', true, 'web:2'],
    [3, 'past', false, 'web:1'],
    [2, 'past', false, 'web:2'],
  ]);
});

test('of an app that is not there nothing is told', async () => {
  expect((await bench.call('GET', `${APPS}/other/releases`)).status).toBe(404);
});

test('earlier releases are forgotten on demand, the newest is not, and the log says so', async () => {
  await edit(bench, `${APPS}/web`, { image: 'web:2' });
  const etag = (await bench.call('GET', `${APPS}/web`)).headers.get('etag') ?? '';
  const forget = (match = etag) =>
    bench.call('DELETE', `${APPS}/web/releases`, { headers: { 'if-match': match } });
  expect((await forget('"99"')).status).toBe(412);
  expect((await forget()).status).toBe(204);
  expect(await releases()).toEqual([[2, 'newest', true, 'web:2']]);
  const before = bench.snapshot();
  expect((await forget()).status).toBe(204);
  expect(bench.snapshot()).toBe(before);
  const item = await bench.store.get({ kind: 'app', tenant: 'acme', name: 'web' });
  expect(item?.outbox.at(-1)).toMatchObject({
    action: 'update',
    actor: 'key:root',
    detail: 'Forgot 1 earlier releases of app web.',
  });
});

test('an app that no longer fits beside its earlier releases is changed without them', async () => {
  const filled = (image: string, files = 1) => ({
    image,
    files: Array.from({ length: files }, (_, index) => ({
      path: `/f${index}`,
      content: image.repeat(12_500),
    })),
  });
  await edit(bench, `${APPS}/web`, filled('web:2'));
  expect(await releases()).toHaveLength(2);
  const key = { kind: 'app', tenant: 'acme', name: 'web' } as const;
  const item = (await bench.store.get(key)) ?? expect.fail('the app is gone');
  const endpoint = { cluster: 'prod', address: '10.0.0.7', ports: [{ name: 'http', port: 8080 }] };
  const endpoints = Array.from({ length: 3_100 }, () => endpoint);
  const grown = { ...item, version: item.version + 1, status: { ...item.status, endpoints } };
  expect(await bench.store.replace(grown)).toBe('written');
  expect((await edit(bench, `${APPS}/web`, filled('web:3', 2))).status).toBe(200);
  expect((await releases()).map(([release]: [number]) => release)).toEqual([3]);
});
