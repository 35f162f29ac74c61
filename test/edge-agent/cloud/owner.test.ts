/** Owning a VPC's routes: claims, takeovers, repairs, and what stands in the way. */
import { describe, expect, test } from 'vitest';
import { MISSED_MAX, TURN_TICKS } from '../../../vpc/plan/owner.ts';
import { VpcError } from '../../../vpc/port.ts';
import {
  A,
  B,
  everyRouteIs,
  openAccount,
  ownedByA,
  PACE,
  POOL,
  rounds,
  SLOT,
  soon,
  TABLES,
  until,
  VPC,
} from './vpc-account.ts';

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

describe('a hub', () => {
  test('that is stopped while it takes over turns nothing, and looks no more', async () => {
    const account = openAccount();
    const { a, b } = await ownedByA(account);
    a.stop();
    const written = account.ec2.count('replace');
    for (let tick = 0; tick < MISSED_MAX; tick += 1) b.round([], false);
    b.stop();
    await until(() => account.owners.ownerOf(VPC)?.hub === 'hub-b');
    await soon(PACE.keepMs);
    const looked = account.ec2.count('describe');
    await soon(PACE.keepMs * 3);
    expect([account.ec2.count('replace'), account.ec2.count('describe')]).toEqual([written, looked]);
    expect(account.discovery.health).toEqual({ 'srv-1 a': true, 'srv-1 b': false });
  });

  test('believes a table that was restored, although its epoch is an older one', async () => {
    const account = openAccount();
    const { a, b } = await ownedByA(account);
    await rounds(b, [], everyRouteIs(account, B));
    expect(account.owners.ownerOf(VPC)).toMatchObject({ hub: 'hub-b', epoch: 2 });
    const since = '2026-01-01T00:00:00.000Z';
    await account.restored.claim({ vpc: VPC, hub: 'hub-a', epoch: 1, since, reason: 'as it was' });
    for (const hub of [a, b]) hub.update({ ...SLOT, table: 'restored' });
    await until(() => [a, b].every((hub) => hub.view()?.owner === 'hub-a'));
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

  test('a refusal that reads differently every time is told once all the same', async () => {
    const account = openAccount();
    let answers = 0;
    account.ec2.faultBy(() => 'denied');
    const a = account.hub('hub-a');
    const describe = account.ec2.describe.bind(account.ec2);
    account.ec2.describe = async (vpc) => {
      answers += 1;
      if (answers > 5) return describe(vpc);
      throw new VpcError(
        'denied',
        `UnauthorizedOperation: No. Encoded authorization failure message: ${answers}x`,
      );
    };
    await until(() => answers >= 5);
    expect(account.told.filter((line) => line.includes('UnauthorizedOperation'))).toEqual([
      'the route tables: UnauthorizedOperation: No.',
    ]);
    expect(a.findings()).toMatchObject([{ code: 'vpc.denied' }]);
  });

  test('what EC2 refuses is a finding, and stands in the journal once', async () => {
    const account = openAccount();
    const { a, b } = await ownedByA(account);
    a.stop();
    account.ec2.removeInterface(B);
    await rounds(b, [], () => b.findings().length > 0);
    expect(b.findings()).toMatchObject([{ code: 'vpc.routes', level: 'error' }]);
    expect(b.view()?.failures).toHaveLength(TABLES.length * 2);
    const told = account.told.length;
    await soon(PACE.keepMs * 4);
    expect(account.told.slice(told).filter((line) => line.includes('no interface'))).toEqual([]);
    expect(account.told.join()).toContain(`rtb-0 ${POOL}: no interface ${B}`);
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
