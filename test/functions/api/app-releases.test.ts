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
