/** Owning a VPC's routes: two hubs over one account that holds state; the ticks of their probes are the test's. */
import { afterEach, describe, expect, test } from 'vitest';
import type { Ownership } from '../../../edge-agent/cloud/cloud.ts';
import { openOwnership } from '../../../edge-agent/cloud/owner.ts';
import type { SlotLeaf } from '../../../protocol/document.ts';
import { MISSED_MAX, TURN_TICKS } from '../../../vpc/plan/owner.ts';
import { FakeDiscovery, FakeOwners } from '../../fakes/owners.ts';
import { FakeEc2 } from '../../fakes/route-tables.ts';

const VPC = 'vpc-0123456789abcdef0';
const [A, B] = ['eni-0000000000000000a', 'eni-0000000000000000b'];
const POOL = '100.64.0.0/10';
const LIST = 'pl-0123456789abcdef0';
const PACE = { repairMs: [20, 40], keepMs: 60, readMs: 50, freshMs: 200, lookMs: 60, claimAgainMs: 30 };
const TABLES = Array.from({ length: 12 }, (_, index) => `rtb-${index}`);

const SLOT: SlotLeaf = {
  kind: 'slot',
  vpc: VPC,
  queue: 'https://sqs.eu-central-1.amazonaws.com/123456789012/hub',
  table: 'isthmus',
  destinations: [POOL, LIST],
  hubs: [
    { name: 'hub-a', interface: A, discovery: { service: 'srv-1', instance: 'a' } },
    { name: 'hub-b', interface: B, discovery: { service: 'srv-1', instance: 'b' } },
  ],
};

class Account {
  readonly owners = new FakeOwners();
  readonly ec2 = new FakeEc2([A, B]);
  readonly discovery = new FakeDiscovery();
  readonly told: string[] = [];
  readonly #opened: Ownership[] = [];

  constructor() {
    for (const table of TABLES) this.ec2.addTable(table, { vpc: VPC, routes: { '10.0.0.0/16': 'local' } });
  }

  hub(name: string): Ownership {
    const ownership = openOwnership(
      {
        hub: name,
        now: () => performance.now(),
        wallNow: () => Date.now(),
        journal: (_, steps, reason) => this.told.push(...steps, ...(reason === undefined ? [] : [reason])),
      },
      {
        owners: () => this.owners,
        tables: this.ec2,
        discovery: this.discovery,
        pause: soon,
        chance: () => 0,
        pace: PACE,
      },
    );
    ownership.update(SLOT);
    this.#opened.push(ownership);
    return ownership;
  }

  targets(): (string | undefined)[] {
    return [...this.ec2.targetsOf(POOL), ...this.ec2.targetsOf(LIST)];
  }

  close(): void {
    for (const ownership of this.#opened) ownership.stop();
  }
}

const accounts: Account[] = [];

function openAccount(): Account {
  const account = new Account();
  accounts.push(account);
  return account;
}

afterEach(() => accounts.splice(0).forEach((account) => account.close()));

function soon(milliseconds = 5): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function until(condition: () => boolean, timeoutMs = 4_000): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error('it did not happen in time');
    await soon();
  }
}

/** Rounds of the probes; stops when the condition holds. */
async function rounds(hub: Ownership, answered: readonly string[], condition: () => boolean): Promise<void> {
  await until(() => {
    hub.round(answered, false);
    return condition();
  });
}

const everyRouteIs = (account: Account, target: string) => () =>
  account.targets().every((one) => one === target);

/** hub-a owns everything, and hub-b has heard it and looked. */
async function ownedByA(account: Account): Promise<{ a: Ownership; b: Ownership }> {
  const [a, b] = [account.hub('hub-a'), account.hub('hub-b')];
  await rounds(a, ['hub-b'], everyRouteIs(account, A));
  await until(() => {
    a.round(['hub-b'], false);
    b.round(['hub-a'], false);
    return b.view()?.owner === 'hub-a' && b.view()?.tables === TABLES.length;
  });
  return { a, b };
}

describe('routes that nobody owns', () => {
  test('are taken by the first hub, in every table, and the ingress goes there', async () => {
    const account = openAccount();
    const { a } = await ownedByA(account);
    expect(account.owners.ownerOf(VPC)).toMatchObject({ hub: 'hub-a', epoch: 1 });
    expect(account.discovery.health).toEqual({ 'srv-1 a': true, 'srv-1 b': false });
    expect(a.view()).toMatchObject({ owner: 'hub-a', epoch: 1, tables: TABLES.length, failures: [] });
    expect(account.targets()).toEqual(Array(TABLES.length * 2).fill(A));
  });

  test('are left alone by the second hub while it may be the turn of the first', async () => {
    const account = openAccount();
    const b = account.hub('hub-b');
    await until(() => b.view()?.readAgeSeconds !== undefined);
    for (let tick = 0; tick < TURN_TICKS; tick += 1) b.round([], false);
    await soon(30);
    expect(account.owners.ownerOf(VPC)).toBeUndefined();
  });
});

describe('an owner that falls silent', () => {
  test('loses the routes after as many rounds as the rule says, all tables at once', async () => {
    const account = openAccount();
    const { a, b } = await ownedByA(account);
    a.stop();
    const before = account.ec2.count('replace');
    for (let tick = 1; tick < MISSED_MAX; tick += 1) b.round([], false);
    expect(account.owners.ownerOf(VPC)?.epoch).toBe(1);
    b.round([], false);
    await until(everyRouteIs(account, B));
    expect(account.owners.ownerOf(VPC)).toMatchObject({ hub: 'hub-b', epoch: 2 });
    expect(account.discovery.health).toEqual({ 'srv-1 a': false, 'srv-1 b': true });
    // One call a route, side by side: none waited for another, and none was made twice.
    expect(account.ec2.count('replace') - before).toBe(TABLES.length * 2);
    expect(account.ec2.runningMost).toBe(TABLES.length * 2);
    expect(account.told).toContain(`Own the routes of ${VPC}, epoch 2: hub-b no longer hears hub-a.`);
  });

  test('is blamed for nothing while our own timer is late', async () => {
    const account = openAccount();
    const { b } = await ownedByA(account);
    for (let tick = 0; tick < 10 * MISSED_MAX; tick += 1) b.round([], tick % MISSED_MAX !== 0);
    await soon(30);
    expect(account.owners.ownerOf(VPC)?.epoch).toBe(1);
  });

  test('stops writing when it comes back and reads of the new epoch, and does not take the routes back', async () => {
    const account = openAccount();
    const { a, b } = await ownedByA(account);
    await rounds(b, [], () => account.owners.ownerOf(VPC)?.epoch === 2);
    await until(() => {
      a.round([], false);
      b.round([], false);
      return a.view()?.owner === 'hub-b' && everyRouteIs(account, B)();
    });
    const written = account.ec2.count('replace');
    for (let tick = 0; tick < 40; tick += 1) {
      a.round([], false);
      await soon();
    }
    expect(account.owners.ownerOf(VPC)).toMatchObject({ hub: 'hub-b', epoch: 2 });
    expect(account.ec2.count('replace')).toBe(written);
    expect(account.told).toContain(`Another hub owns ${VPC}: stops writing.`);
  });
});

describe('two hubs that do not see each other', () => {
  test('end with one owner, and every route with it', async () => {
    const account = openAccount();
    const { a, b } = await ownedByA(account);
    await until(() => {
      a.round([], false);
      b.round([], false);
      return account.owners.ownerOf(VPC)?.hub === 'hub-b' && everyRouteIs(account, B)();
    });
    for (let tick = 0; tick < 60; tick += 1) {
      a.round([], false);
      b.round([], false);
      await soon();
    }
    expect(account.owners.ownerOf(VPC)).toMatchObject({ hub: 'hub-b', epoch: 2 });
    expect(everyRouteIs(account, B)()).toBe(true);
  });

  test("a stalled former owner's late write is repaired", async () => {
    const account = openAccount();
    const { a, b } = await ownedByA(account);
    account.ec2.drift('rtb-3', POOL, undefined);
    const release = account.ec2.holdNext('create');
    await until(() => account.ec2.count('create') > TABLES.length * 2);
    a.stop();
    await rounds(b, [], () => account.owners.ownerOf(VPC)?.hub === 'hub-b');
    // What the former owner had begun lands after all was turned, and again behind everybody's back.
    await until(() => account.targets().filter((one) => one === B).length >= TABLES.length * 2 - 1);
    release();
    account.ec2.drift('rtb-5', POOL, A);
    await until(everyRouteIs(account, B));
  });

  test('a former owner whose last reading is old writes nothing, even before it reads again', async () => {
    const account = openAccount();
    const a = account.hub('hub-a');
    await rounds(a, [], everyRouteIs(account, A));
    account.owners.fault = new Error('no answer');
    await soon(PACE.freshMs * 2);
    account.ec2.drift('rtb-1', POOL, B);
    const written = account.ec2.count('replace');
    await soon(PACE.keepMs * 3);
    expect(account.ec2.count('replace')).toBe(written);
    account.owners.fault = undefined;
    await until(everyRouteIs(account, A));
  });
});

describe('what stands in the way', () => {
  test('a foreign route is a conflict, is shown, and stays', async () => {
    const account = openAccount();
    account.ec2.drift('rtb-4', POOL, 'igw-1');
    const a = account.hub('hub-a');
    await rounds(a, [], () => account.targets().filter((one) => one === A).length === TABLES.length * 2 - 1);
    await until(() => a.view()?.conflicts.length === 1);
    expect(a.view()?.conflicts).toEqual([`rtb-4 ${POOL} igw-1`]);
    expect(a.findings()).toMatchObject([{ code: 'vpc.conflict', level: 'warning' }]);
    expect(account.ec2.targetsOf(POOL)[4]).toBe('igw-1');
  });

  test('what the role may not do is a finding, told once, and gone when it may', async () => {
    const account = openAccount();
    const denied = new Error('User is not authorized to perform dynamodb:GetItem');
    denied.name = 'AccessDeniedException';
    account.owners.fault = denied;
    const a = account.hub('hub-a');
    await until(() => a.findings().length > 0);
    await soon(PACE.readMs * 3);
    expect(a.findings()).toMatchObject([{ code: 'vpc.denied', level: 'error' }]);
    expect(account.told.filter((line) => line.includes('AccessDenied'))).toHaveLength(1);
    account.owners.fault = undefined;
    await rounds(a, [], everyRouteIs(account, A));
    await until(() => a.findings().length === 0);
  });

  test('throttled calls are made again until every route is turned', async () => {
    const account = openAccount();
    const { a, b } = await ownedByA(account);
    a.stop();
    account.ec2.faultBy((call, number) => (call === 'replace' && number % 3 !== 0 ? 'throttled' : undefined));
    await rounds(b, [], everyRouteIs(account, B));
    expect(b.view()?.owner).toBe('hub-b');
  });

  test('an ingress that could not be turned is turned at a later look', async () => {
    const account = openAccount();
    account.discovery.fault = new Error('no answer');
    const a = account.hub('hub-a');
    await rounds(a, [], everyRouteIs(account, A));
    expect(account.discovery.health).toEqual({});
    account.discovery.fault = undefined;
    await until(() => account.discovery.health['srv-1 a'] === true);
  });
});

test('without a slot in the document nothing is read, looked at or claimed', async () => {
  const account = openAccount();
  const a = account.hub('hub-a');
  a.update(undefined);
  await soon(20);
  const reads = account.owners.reads;
  for (let tick = 0; tick < 100; tick += 1) a.round([], false);
  await soon(PACE.readMs * 3);
  expect(account.owners.reads).toBe(reads);
  expect(a.view()).toBeUndefined();
  expect(account.owners.ownerOf(VPC)).toBeUndefined();
});
