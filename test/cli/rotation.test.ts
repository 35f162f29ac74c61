/** `isthmus rotate`: asks once, tells what it waits for, and is done when the edge is. */
import { beforeEach, expect, test } from 'vitest';
import { type Bench, createBench, createHost } from '../functions/api/bench.ts';
import { type Enrolled, edit, enrol, report, tokenFor, withSite } from '../functions/api/estates.ts';
import { run } from './world.ts';

const EDGE = '/v1/tenants/acme/edges/berlin';
const FEATURES = ['two_keys'];

let bench: Bench;
let edge: Enrolled;

beforeEach(async () => {
  bench = await createBench();
  await withSite(bench);
  edge = await enrol(bench, await tokenFor(bench));
  await edit(bench, EDGE, { ...(await shown()).spec, approved: true });
  await report(bench, edge, { features: FEATURES });
});

const rotate = () => run({ bench, files: {} }, ['rotate', 'berlin']);

async function shown() {
  return (await bench.call('GET', EDGE)).json;
}

/** By the time that a wait is over, the agent of the edge has gone over. */
const goingOver = (wireguardKey: string) => async () => {
  await report(bench, edge, { features: FEATURES, rotation: { nextKey: wireguardKey } });
  await report(bench, edge, { features: FEATURES, wireguardKey });
};

test('waits until the edge has the new key, and prints it', async () => {
  const { wireguardKey } = createHost();
  const ran = await run({ bench, files: {}, meanwhile: goingOver(wireguardKey) }, ['rotate', 'berlin']);
  expect(ran).toMatchObject({ code: 0, out: `berlin has key 2: ${wireguardKey}` });
  expect(ran.said).toContain('The edge has yet to make key 2.');
});

test('that takes too long goes on, and is waited for the next time instead of begun anew', async () => {
  const late = await rotate();
  expect(late).toMatchObject({ code: 6, out: '' });
  expect(late.said).toContain('berlin does not have key 2 yet, and goes on. The edge has yet to make key 2.');
  const again = await rotate();
  expect(again.said).toContain('A rotation to key 2 is under way already.');
  expect((await shown()).spec.keyNumber).toBe(2);
});
