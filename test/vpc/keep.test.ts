/** Keeping and moving routes against a fake EC2 that refuses, throttles, and lets writes land late. */
import { describe, expect, test } from 'vitest';
import { keepRoutes, moveRoutes, type RouteHands, type RoutesOrder } from '../../vpc/keep.ts';
import { keepPrefixList } from '../../vpc/keep-list.ts';
import { FakeEc2 } from '../fakes/route-tables.ts';

const VPC = 'vpc-12345678';
const POOL = '100.64.0.0/10';
const LIST = 'pl-12345678';
const A = 'eni-aaaaaaaa';
const B = 'eni-bbbbbbbb';
const TABLES = 40;

const TO_A: RoutesOrder = {
  vpc: VPC,
  target: A,
  interfaces: [A, B],
  destinations: [POOL, LIST],
  former: [],
};
const TO_B: RoutesOrder = { ...TO_A, target: B };

/** Forty tables that lead to A, and one of another VPC. */
function world(routes: Record<string, string> = { [POOL]: A, [LIST]: A }) {
  const ec2 = new FakeEc2([A, B]);
  for (let table = 1; table <= TABLES; table += 1) ec2.addTable(`rtb-${table}`, { vpc: VPC, routes });
  ec2.addTable('rtb-other', { vpc: 'vpc-87654321', routes: { [POOL]: A } });
  const waits: number[] = [];
  // Waits in turns of the event loop, of different lengths, so that who waits does not stay in step.
  let chances = 0;
  const hands: RouteHands = {
    tables: ec2,
    pause: async (milliseconds) => {
      waits.push(milliseconds);
      for (let left = milliseconds % 13; left >= 0; left -= 1)
        await new Promise((resolve) => setImmediate(resolve));
    },
    chance: () => {
      chances += 1;
      return ((chances * 7919) % 101) / 101;
    },
  };
  return { ec2, hands, waits };
}

const all = (target: string | undefined) => Array.from({ length: TABLES }, () => target);
const known = Array.from({ length: TABLES }, (_, index) =>
  [POOL, LIST].map((destination) => ({ table: `rtb-${index + 1}`, destination })),
).flat();

describe('keeping routes', () => {
  test('makes them in every table of the VPC, eight at a time, and in no other', async () => {
    const { ec2, hands } = world({});
    const outcome = await keepRoutes(hands, TO_A);
    expect(outcome).toMatchObject({ tables: TABLES, moved: 2 * TABLES, conflicts: [], failures: [] });
    expect(outcome.ours).toHaveLength(2 * TABLES);
    expect(ec2.targetsOf(POOL)).toEqual([...all(A), A]);
    expect(ec2.targetsOf(LIST)).toEqual([...all(A), undefined]);
    expect(ec2.runningMost).toBe(8);
  });

  test('asks once and writes nothing where all is right', async () => {
    const { ec2, hands, waits } = world();
    expect(await keepRoutes(hands, TO_A)).toMatchObject({ tables: TABLES, moved: 0, failures: [] });
    expect(ec2.calls).toEqual(['describe']);
    expect(waits).toEqual([]);
  });

  test('does all of it although EC2 throttles every third call', async () => {
    const { ec2, hands, waits } = world();
    ec2.faultBy((_, calls) => (calls % 3 === 0 ? 'throttled' : undefined));
    expect(await keepRoutes(hands, TO_B)).toMatchObject({ moved: 2 * TABLES, failures: [] });
    expect(ec2.targetsOf(LIST)).toEqual([...all(B), undefined]);
    expect(waits.length).toBeGreaterThan(20);
  });

  test('says what is undone when EC2 only ever throttles, after a bounded number of tries', async () => {
    const { ec2, hands } = world();
    ec2.faultBy((call) => (call === 'replace' ? 'throttled' : undefined));
    const outcome = await keepRoutes(hands, TO_B);
    expect(outcome.moved).toBe(0);
    expect(outcome.failures).toHaveLength(2 * TABLES);
    expect(outcome.failures[0]).toMatchObject({ table: 'rtb-1', reason: 'as ordered: throttled' });
    expect(ec2.count('replace')).toBe(2 * TABLES * 8);
  });

  test('tries nothing again that the credentials do not allow', async () => {
    const { ec2, hands } = world({});
    ec2.faultBy((call) => (call === 'create' ? 'denied' : undefined));
    expect((await keepRoutes(hands, TO_A)).failures).toHaveLength(2 * TABLES);
    expect(ec2.count('create')).toBe(2 * TABLES);
  });

  test('answers what it knows when the tables can not be read', async () => {
    const { ec2, hands } = world();
    ec2.faultBy(() => 'denied');
    const reason = 'as ordered: denied';
    expect(await keepRoutes(hands, TO_A)).toEqual({
      tables: 0,
      moved: 0,
      conflicts: [],
      failures: [{ table: VPC, destination: 'every route table', reason }],
      ours: undefined,
    });
  });

  test('makes a route that went between the look and the write', async () => {
    const { ec2, hands } = world();
    const release = ec2.holdNext('replace');
    const keeping = keepRoutes(hands, TO_B);
    await turns();
    ec2.drift('rtb-1', POOL, undefined);
    release();
    expect(await keeping).toMatchObject({ failures: [] });
    expect(ec2.targetsOf(POOL)).toEqual([...all(B), A]);
  });

  test('leaves a foreign route that came between the look and the write', async () => {
    const { ec2, hands } = world({});
    const release = ec2.holdNext('create');
    const keeping = keepRoutes(hands, TO_A);
    await turns();
    ec2.drift('rtb-1', POOL, 'igw-1');
    release();
    expect(await keeping).toMatchObject({
      conflicts: [{ table: 'rtb-1', destination: POOL, target: 'igw-1' }],
      failures: [],
    });
    expect(ec2.targetsOf(POOL)[0]).toBe('igw-1');
  });

  test('forgets a table that was deleted meanwhile', async () => {
    const { ec2, hands } = world({});
    const release = ec2.holdNext('create');
    const keeping = keepRoutes(hands, TO_A);
    await turns();
    ec2.removeTable('rtb-1');
    release();
    expect(await keeping).toMatchObject({ tables: TABLES - 1, failures: [] });
  });

  test("names the reason where the owner's interface is gone", async () => {
    const { ec2, hands } = world({});
    ec2.removeInterface(A);
    const outcome = await keepRoutes(hands, { ...TO_A, destinations: [POOL] });
    expect(outcome.failures).toHaveLength(TABLES);
    expect(outcome.failures[0]?.reason).toBe(`no interface ${A}`);
  });

  test('writes nothing more once ownership is lost', async () => {
    const { ec2, hands } = world();
    const mayWrite = () => ec2.count('replace') < 10;
    const outcome = await keepRoutes({ ...hands, mayWrite }, TO_B);
    expect(ec2.count('replace')).toBe(10);
    expect(outcome.failures).toHaveLength(2 * TABLES - 10);
    expect(outcome.failures[0]?.reason).toBe('Not written: it is no longer sure who owns the routes.');
  });

  test('stops after a few rounds against somebody who undoes every write', async () => {
    const { ec2, hands } = world();
    const undoing = { ...hands, pause: async () => ec2.drift('rtb-1', POOL, B) };
    ec2.drift('rtb-1', POOL, B);
    const outcome = await keepRoutes(undoing, TO_A);
    expect(outcome).toMatchObject({ moved: 3, failures: [{ table: 'rtb-1', destination: POOL }] });
  });
});

describe('a takeover', () => {
  test('turns every route before it looks, all at once', async () => {
    const { ec2, hands } = world();
    const outcome = await moveRoutes(hands, TO_B, known);
    expect(outcome).toMatchObject({ tables: TABLES, moved: 2 * TABLES, conflicts: [], failures: [] });
    expect(ec2.calls).toEqual([...Array.from({ length: 2 * TABLES }, () => 'replace'), 'describe']);
    expect(ec2.runningMost).toBe(50);
    expect(ec2.targetsOf(POOL)).toEqual([...all(B), A]);
  });

  test('finds by looking what it did not know, and mends what failed', async () => {
    const { ec2, hands } = world();
    ec2.faultBy((call, calls) => (call === 'replace' && calls < 20 ? 'throttled' : undefined));
    ec2.drift('rtb-30', POOL, undefined);
    const outcome = await moveRoutes(hands, TO_B, known.slice(0, 40));
    expect(outcome).toMatchObject({ moved: 2 * TABLES, failures: [] });
    expect(ec2.targetsOf(POOL)).toEqual([...all(B), A]);
  });

  test('done twice leaves the same and writes the same routes', async () => {
    const { ec2, hands } = world();
    await moveRoutes(hands, TO_B, known);
    const before = [ec2.targetsOf(POOL), ec2.targetsOf(LIST)];
    await moveRoutes(hands, TO_B, known);
    expect([ec2.targetsOf(POOL), ec2.targetsOf(LIST)]).toEqual(before);
  });

  test("is mended by the next look after a stalled former owner's write lands late", async () => {
    const { ec2, hands } = world({ [POOL]: B, [LIST]: B });
    // The former owner A begins to repair one table, and stalls with the write under way.
    const release = ec2.holdNext('replace');
    const late = ec2.replace('rtb-7', POOL, A);
    await moveRoutes(hands, TO_B, known);
    release();
    await late;
    expect(ec2.targetsOf(POOL)[6]).toBe(A);
    expect(await keepRoutes(hands, TO_B)).toMatchObject({ moved: 1, failures: [] });
    expect(ec2.targetsOf(POOL)).toEqual([...all(B), A]);
  });

  test('of a hub that may no longer write changes nothing', async () => {
    const { ec2, hands } = world();
    await moveRoutes({ ...hands, mayWrite: () => false }, TO_B, known);
    expect(ec2.calls.filter((call) => call !== 'describe')).toEqual([]);
  });
});

describe('keeping a prefix list', () => {
  const prefixes = Array.from({ length: 250 }, (_, index) => `10.1.${index}.0/24`);

  test('fills it call by call, waiting while it is being modified, and empties it again', async () => {
    const { ec2, hands, waits } = world();
    ec2.addList(LIST, { maxEntries: 300 });
    const lists = { ...hands, lists: ec2 };
    expect(await keepPrefixList(lists, LIST, prefixes)).toEqual({ kind: 'kept', changes: 3 });
    expect([...ec2.entriesOf(LIST)].sort()).toEqual([...prefixes].sort());
    expect(waits.length).toBeGreaterThan(0);
    expect(await keepPrefixList(lists, LIST, prefixes)).toEqual({ kind: 'kept', changes: 0 });
    expect(await keepPrefixList(lists, LIST, [])).toEqual({ kind: 'kept', changes: 3 });
    expect(ec2.entriesOf(LIST)).toEqual([]);
  });

  test('goes through throttling', async () => {
    const { ec2, hands } = world();
    ec2.addList(LIST, { maxEntries: 300 });
    ec2.faultBy((_, calls) => (calls % 3 === 0 ? 'throttled' : undefined));
    expect(await keepPrefixList({ ...hands, lists: ec2 }, LIST, prefixes)).toMatchObject({ kind: 'kept' });
  });

  test('says that it is too small, and changes nothing', async () => {
    const { ec2, hands } = world();
    ec2.addList(LIST, { maxEntries: 20, entries: ['10.0.0.0/24'] });
    const outcome = await keepPrefixList({ ...hands, lists: ec2 }, LIST, prefixes);
    expect(outcome).toMatchObject({ kind: 'failed', reason: expect.stringContaining('takes 20') });
    expect(ec2.entriesOf(LIST)).toEqual(['10.0.0.0/24']);
  });

  test('gives up on a list that stays busy, or is gone', async () => {
    const { ec2, hands } = world();
    ec2.addList(LIST, { maxEntries: 300 });
    const lists = { ...hands, lists: ec2 };
    expect(await keepPrefixList(lists, 'pl-87654321', [])).toMatchObject({ kind: 'failed' });
    ec2.faultBy((call) => (call === 'modify' ? 'stale' : undefined));
    expect(await keepPrefixList(lists, LIST, prefixes)).toMatchObject({ kind: 'failed' });
    expect(ec2.count('modify')).toBe(12);
  });
});

/** Long enough for whoever is not held to come to rest. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
