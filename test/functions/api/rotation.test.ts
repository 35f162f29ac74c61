/** SCENARIOS 25: the key of an edge is replaced by number; what each strange report or wish comes to. */
import { beforeEach, describe, expect, test } from 'vitest';
import { type Bench, createBench, createHost } from './bench.ts';
import { type Enrolled, edit, enrol, report, tokenFor, withHub, withSite } from './estates.ts';

const EDGE = '/v1/tenants/acme/edges/berlin';
const FEATURES = ['two_keys'];

let bench: Bench;
let edge: Enrolled;

beforeEach(async () => {
  bench = await createBench();
  await withSite(bench);
  edge = await enrol(bench, await tokenFor(bench));
  await edit(bench, EDGE, { ...(await shown()).spec, approved: true });
});

const newKey = () => createHost().wireguardKey;

async function shown() {
  return (await bench.call('GET', EDGE)).json;
}

async function wish(keyNumber: number) {
  return edit(bench, EDGE, { ...(await shown()).spec, keyNumber });
}

async function rotated() {
  const { conditions } = (await shown()).status;
  const [one] = conditions.filter(({ type }: { type: string }) => type === 'KeyRotated');
  return one && `${one.status} ${one.reason}`;
}

test('an edge has key 1 since it enrolled, and says nothing of a rotation that nobody asked for', async () => {
  const { status, spec, metadata } = await shown();
  expect(status.key).toEqual({ number: 1, since: metadata.createdAt });
  expect(spec.keyNumber).toBeUndefined();
  expect(await rotated()).toBeUndefined();
});

describe('a rotation', () => {
  test('goes from the wish by the offered key to the report that all legs have it, and the log says so', async () => {
    await report(bench, edge, { features: FEATURES });
    expect((await wish(2)).status).toBe(200);
    expect(await rotated()).toBe('False WaitingForKey');
    const nextKey = newKey();
    bench.clock.pass(5);
    expect((await report(bench, edge, { features: FEATURES, rotation: { nextKey } })).status).toBe(204);
    expect((await shown()).status).toMatchObject({
      wireguardKey: edge.host.wireguardKey,
      key: { number: 1 },
      nextKey: { publicKey: nextKey, number: 2, since: bench.clock.now() },
    });
    expect(await rotated()).toBe('False Switching');
    bench.clock.pass(5);
    expect((await report(bench, edge, { features: FEATURES, wireguardKey: nextKey })).status).toBe(204);
    const done = (await shown()).status;
    expect(done).toMatchObject({ wireguardKey: nextKey, key: { number: 2, since: bench.clock.now() } });
    expect(done.nextKey).toBeUndefined();
    expect(await rotated()).toBe('True InUse');
    expect(bench.snapshot()).toContain('rotated its WireGuard key: key 2 is in use on all of its legs.');
    expect(bench.snapshot()).not.toContain('changed its WireGuard key');
  });

  test('shows what it waits for, in the words of the edge', async () => {
    await wish(2);
    const rotation = { nextKey: newKey(), waitsFor: 'hub2 is not heard: bring it back, or delete it.' };
    await report(bench, edge, { features: FEATURES, rotation });
    expect(await rotated()).toBe('False WaitingForHub');
    expect(JSON.stringify((await shown()).status.conditions)).toContain(rotation.waitsFor);
  });

  test('of an agent that does not know of it waits for its upgrade', async () => {
    await report(bench, edge);
    await wish(2);
    expect(await rotated()).toBe('False AgentTooOld');
  });

  test('that is asked for while another one is under way begins once that has ended', async () => {
    await wish(2);
    const first = newKey();
    await report(bench, edge, { features: FEATURES, rotation: { nextKey: first } });
    await wish(3);
    await report(bench, edge, { features: FEATURES, wireguardKey: first });
    expect((await shown()).status.key.number).toBe(2);
    expect(await rotated()).toBe('False WaitingForKey');
  });

  test('of an edge in quarantine waits, and goes on with the same key when that is lifted', async () => {
    await wish(2);
    const nextKey = newKey();
    await report(bench, edge, { features: FEATURES, rotation: { nextKey } });
    await edit(bench, EDGE, { ...(await shown()).spec, quarantined: true });
    expect(await rotated()).toBe('False NotApproved');
    await edit(bench, EDGE, { ...(await shown()).spec, quarantined: false });
    expect((await shown()).status.nextKey.publicKey).toBe(nextKey);
    expect(await rotated()).toBe('False Switching');
  });
});

describe('what is refused or means nothing:', () => {
  test('a lower number, by a sentence that names the next one; without a number all stays', async () => {
    await wish(2);
    const lower = await wish(1);
    expect([lower.status, lower.json.errors[0].pointer]).toEqual([422, '/spec/keyNumber']);
    expect(lower.text).toContain('write 2 for the one of now, 3 for a new one');
    const { keyNumber: _number, ...spec } = (await shown()).spec;
    expect((await edit(bench, EDGE, spec)).json.spec.keyNumber).toBe(2);
  });

  test('a next key that another agent has, or is about to have', async () => {
    const hub = await withHub(bench);
    await wish(2);
    const rotation = { nextKey: hub.host.wireguardKey };
    const stolen = await report(bench, edge, { features: FEATURES, rotation });
    expect([stolen.status, stolen.json.errors[0].pointer]).toEqual([422, '/rotation/nextKey']);
    const nextKey = newKey();
    await report(bench, edge, { features: FEATURES, rotation: { nextKey } });
    const claimed = await report(bench, hub, { wireguardKey: nextKey });
    expect([claimed.status, claimed.json.errors[0].pointer]).toEqual([422, '/wireguardKey']);
  });

  test('a next key that nobody asked for', async () => {
    expect((await report(bench, edge, { rotation: { nextKey: newKey() } })).status).toBe(204);
    expect((await shown()).status.nextKey).toBeUndefined();
  });

  test('a key that was rotated away, in a late report or from a copy of the host', async () => {
    await wish(2);
    const nextKey = newKey();
    await report(bench, edge, { features: FEATURES, rotation: { nextKey } });
    await report(bench, edge, { features: FEATURES, wireguardKey: nextKey });
    const late = await report(bench, edge, { features: FEATURES });
    expect([late.status, late.json.errors[0].pointer]).toEqual([422, '/wireguardKey']);
    expect((await shown()).status.wireguardKey).toBe(nextKey);
  });
});
