/** Plans of the gateway: whole plans of the usual cases, and laws over random histories with crashes at any step. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DRAIN_SECONDS_MAX,
  DRAIN_SECONDS_MIN,
  GATEWAY_NAME,
  type GatewayRoute,
  type GatewayState,
  type MapEntry,
  ownNames,
  planGateway,
  type SlotTarget,
} from '../../../edge-agent/plan/gateway.ts';
import { describeGatewayStep } from '../../../edge-agent/plan/gateway-describe.ts';
import type { SuppliedCertificate } from '../../../edge-agent/plan/gateway-observed.ts';
import { FakeGateway } from '../../fakes/gateway.ts';

const OWN = '/state/own.pem';

function stateOf(routes: readonly GatewayRoute[], revision = 'one'): GatewayState {
  return {
    base: { text: `# revision ${revision}`, revision },
    issuer: 'hub.north',
    certificate: OWN,
    routes: [...routes].sort((a, b) => (a.key < b.key ? -1 : 1)),
    refused: [],
  };
}

function route(key: string, address: string, tenant = 'acme'): GatewayRoute {
  return { key, tenant, address, port: 80 };
}

/** Applies rounds until nothing is left; the clock stands still. */
function settle(fake: FakeGateway, desired: GatewayState): string[] {
  const done: string[] = [];
  for (let round = 0; round < 10; round += 1) {
    const steps = planGateway(desired, fake.observe());
    if (steps.length === 0) return done;
    for (const step of steps) fake.take(step);
    done.push(...steps.map(describeGatewayStep));
  }
  throw new Error('it does not settle');
}

const SHOP = stateOf([route('shop.example.com/', '100.65.0.1')]);

describe('plans', () => {
  test('a host without anything gets certificate and files first, then the process', () => {
    expect(planGateway(SHOP, new FakeGateway(OWN).observe()).map(describeGatewayStep)).toEqual([
      "make the gateway's certificate for 2 names (gateway.isthmus.internal, shop.example.com)",
      'write the list of 1 certificates',
      'write 64 slots, 1 of them in use',
      'write the map of 1 routes',
      'write the fixed part of the configuration',
      'start HAProxy',
    ]);
  });

  test('a route that moves gets a fresh slot, on disk too, before the map leads there; the old one drains in a later round', () => {
    const fake = new FakeGateway(OWN);
    settle(fake, SHOP);
    const moved = stateOf([route('shop.example.com/', '100.65.0.2')]);
    expect(settle(fake, moved)).toEqual([
      'open slot 2 to 100.65.0.2:80',
      'write 64 slots, 2 of them in use',
      'lead shop.example.com/ to slot 2 from now on',
      'write the map of 1 routes',
      'write 64 slots, 1 of them in use',
      'drain slot 1: no route leads there any more',
    ]);
  });

  test('a drained slot is released soon when it is idle, and after a bounded time when it is not', () => {
    const fake = new FakeGateway(OWN);
    settle(fake, SHOP);
    settle(fake, stateOf([]));
    fake.occupy(1, 1);
    fake.wait(DRAIN_SECONDS_MAX - 1);
    expect(planGateway(stateOf([]), fake.observe())).toEqual([]);
    const released = [{ kind: 'gateway.release-slot', slot: 1 }];
    fake.wait(1);
    expect(planGateway(stateOf([]), fake.observe())).toEqual(released);

    const idle = new FakeGateway(OWN);
    settle(idle, SHOP);
    settle(idle, stateOf([]));
    idle.wait(DRAIN_SECONDS_MIN - 1);
    expect(planGateway(stateOf([]), idle.observe())).toEqual([]);
    idle.wait(1);
    expect(planGateway(stateOf([]), idle.observe())).toEqual(released);
  });

  test('slots that run out are doubled by one reload, before any of them is used', () => {
    const fake = new FakeGateway(OWN);
    settle(fake, SHOP);
    const many = Array.from({ length: 100 }, (_, index) =>
      route(`h${index}.example.com/`, `100.65.1.${index}`),
    );
    const kinds = planGateway(stateOf(many), fake.observe()).map(({ kind }) => kind);
    expect(kinds.indexOf('gateway.reload')).toBeLessThan(kinds.indexOf('gateway.set-slot'));
    settle(fake, stateOf(many));
    expect([fake.reloads, fake.running?.slots.length]).toEqual([1, 256]);
  });

  test('a new fixed part is written and reloaded after the routes are in place', () => {
    const fake = new FakeGateway(OWN);
    settle(fake, SHOP);
    expect(settle(fake, { ...SHOP, base: stateOf([], 'two').base })).toEqual([
      'write the fixed part of the configuration',
      'reload HAProxy: a new worker takes over, the old one finishes its requests',
    ]);
  });

  test('a slot that someone closed under a route is opened again', () => {
    const fake = new FakeGateway(OWN);
    settle(fake, SHOP);
    fake.take({ kind: 'gateway.drain-slot', slot: 1 });
    expect(settle(fake, SHOP)).toEqual(['open slot 1 to 100.65.0.1:80']);
  });
});

const WILDCARD: SuppliedCertificate = {
  file: '/etc/wild.pem',
  fingerprint: 'A',
  names: ['*.example.com'],
  daysLeft: 50,
};

describe('certificates', () => {
  test('the own one names the hosts that no supplied one covers', () => {
    const desired = stateOf([
      route('a.example.com/', '100.65.0.1'),
      route('a.b.example.com/', '100.65.0.1'),
      route('other.org/x/', '100.65.0.1'),
      route('other.org/', '100.65.0.1'),
    ]);
    expect(ownNames(desired, [WILDCARD])).toEqual({
      named: ['a.b.example.com', GATEWAY_NAME, 'other.org'],
      unnamed: [],
    });
    expect(ownNames(desired, [{ ...WILDCARD, daysLeft: -1 }]).named).toContain('a.example.com');
  });

  test('names beyond the limit are told, not dropped in silence', () => {
    const hosts = Array.from({ length: 100 }, (_, index) => `${'x'.repeat(60)}.h${100 + index}.example.com`);
    const { named, unnamed } = ownNames(stateOf(hosts.map((host) => route(`${host}/`, '100.65.0.1'))), []);
    expect([...named, ...unnamed].length).toBe(101);
    expect(unnamed.length).toBeGreaterThan(0);
  });

  test('a supplied one is served before the own one gives its host up, and goes after the own one has it back', () => {
    const fake = new FakeGateway(OWN);
    settle(fake, SHOP);
    fake.supply([WILDCARD]);
    expect(settle(fake, SHOP)).toEqual([
      "make the gateway's certificate for 1 names (gateway.isthmus.internal)",
      'serve the certificate /etc/wild.pem',
      'load the certificate /state/own.pem anew',
      'write the list of 2 certificates',
    ]);
    fake.supply([]);
    expect(settle(fake, SHOP)).toEqual([
      "make the gateway's certificate for 2 names (gateway.isthmus.internal, shop.example.com)",
      'load the certificate /state/own.pem anew',
      'serve the certificate /etc/wild.pem no more',
      'write the list of 1 certificates',
    ]);
  });

  test('one that ends within a month is made anew', () => {
    const fake = new FakeGateway(OWN);
    settle(fake, SHOP);
    if (fake.own !== undefined) fake.own = { ...fake.own, daysLeft: 29 };
    expect(settle(fake, SHOP).map((text) => text.split(' ')[0])).toEqual(['make', 'load']);
  });
});

const LAW = { seed: 73 };
const TENANTS = 3;
/** Keys and targets carry the tenant they belong to, so that any crossing is visible. */
const key = (tenant: number, index: number) => `h${index}.t${tenant}.example.com/`;
const address = (tenant: number, index: number) => `100.${70 + tenant}.0.${index}`;
const tenantOfKey = (text: string) => Number(/\.t(\d)\./.exec(text)?.[1]);
const tenantOfAddress = (text: string) => Number(text.split('.')[1]) - 70;

const routes = fc
  .uniqueArray(fc.record({ tenant: fc.nat(TENANTS - 1), host: fc.nat(29), target: fc.nat(39) }), {
    maxLength: 90,
    selector: ({ tenant, host }) => key(tenant, host),
    size: 'max',
  })
  .map((list) =>
    list.map(({ tenant, host, target }) => route(key(tenant, host), address(tenant, target), `t${tenant}`)),
  );
const desiredStates = fc.record({ routes, revision: fc.constantFrom('one', 'one', 'one', 'two') });
/** A history: each wish is followed for some steps only, then comes a crash of the agent, maybe of HAProxy, and time. */
const history = fc.array(
  fc.record({
    wish: desiredStates,
    stepsMax: fc.oneof(fc.nat(40), fc.constant(10_000)),
    rounds: fc.integer({ min: 1, max: 3 }),
    crash: fc.constantFrom(false, false, false, true),
    seconds: fc.constantFrom(0, 3, 10, 400),
  }),
  { minLength: 1, maxLength: 6 },
);

type Past = typeof history extends fc.Arbitrary<infer Value> ? Value : never;

/** Every entry leads to an address of its own tenant, in what runs and in what a restart would read. */
function expectNoCrossing(fake: FakeGateway): void {
  const views: { routes: readonly MapEntry[]; slots: readonly SlotTarget[] }[] = [
    { routes: fake.routes, slots: fake.slots.used },
    ...(fake.running === undefined ? [] : [fake.running]),
  ];
  for (const { routes: entries, slots } of views) {
    const targets = new Map(slots.map((slot) => [slot.slot, slot.address]));
    for (const entry of entries) {
      const found = targets.get(entry.slot) ?? 'nowhere';
      if (tenantOfAddress(found) !== tenantOfKey(entry.key))
        throw new Error(`${entry.key} leads to ${found}`);
    }
  }
}

/** Every key is in the running map and its slot takes requests. */
function expectServed(fake: FakeGateway, keys: readonly string[]): void {
  const slots = new Map(fake.running?.slots.map((slot) => [slot.slot, slot.state]));
  const states = new Map(fake.running?.routes.map((entry) => [entry.key, slots.get(entry.slot)]));
  const lost = keys.filter((one) => states.get(one) !== 'ready');
  if (lost.length > 0) throw new Error(`out of service: ${lost.join(' ')}`);
}

/** Keys that are served now and are wanted further on. */
function keptKeys(fake: FakeGateway, desired: GatewayState): string[] {
  const slots = new Map(fake.running?.slots.map((slot) => [slot.slot, slot.state]));
  const served = new Set(
    fake.running?.routes.filter((entry) => slots.get(entry.slot) === 'ready').map((entry) => entry.key),
  );
  return desired.routes.map((one) => one.key).filter((one) => served.has(one));
}

function follow(
  fake: FakeGateway,
  desired: GatewayState,
  limits: { stepsMax: number; rounds: number },
): void {
  let left = limits.stepsMax;
  for (let round = 0; round < limits.rounds; round += 1) {
    const kept = keptKeys(fake, desired);
    for (const step of planGateway(desired, fake.observe())) {
      if (left-- <= 0) return;
      fake.take(step);
      expectNoCrossing(fake);
      if (fake.running !== undefined) expectServed(fake, kept);
    }
  }
}

function live(fake: FakeGateway, past: Past): void {
  for (const { wish, stepsMax, rounds, crash, seconds } of past) {
    follow(fake, stateOf(wish.routes, wish.revision), { stepsMax, rounds });
    if (crash) fake.crash();
    fake.wait(seconds);
  }
}

describe('laws', () => {
  test('at every step of every history no host leads to another tenant, and no route that stays is ever out of service', () => {
    fc.assert(
      fc.property(history, (past) => live(new FakeGateway(OWN), past)),
      { ...LAW, numRuns: 120 },
    );
  });

  test('every history ends in what was wished last, and then nothing is left to do', () => {
    fc.assert(
      fc.property(history, desiredStates, (past, last) => {
        const fake = new FakeGateway(OWN);
        live(fake, past);
        const desired = stateOf(last.routes, last.revision);
        for (let round = 0; round < 4; round += 1) {
          settle(fake, desired);
          fake.wait(DRAIN_SECONDS_MAX);
        }
        expect(planGateway(desired, fake.observe())).toEqual([]);
        const slots = fake.running?.slots.filter(({ state }) => state !== 'closed') ?? [];
        const targets = new Map(slots.map((slot) => [slot.slot, `${slot.address}:${slot.port}`]));
        expect(new Map(fake.running?.routes.map((entry) => [entry.key, targets.get(entry.slot)]))).toEqual(
          new Map(desired.routes.map((one) => [one.key, `${one.address}:${one.port}`])),
        );
        expect(new Set(targets.values()).size).toBe(slots.length);
        expect(fake.running?.revision).toBe(desired.base.revision);
      }),
      { ...LAW, numRuns: 120 },
    );
  });

  test('the same plan comes from the same state, and a state that is reached asks for nothing', () => {
    fc.assert(
      fc.property(history, desiredStates, (past, last) => {
        const fake = new FakeGateway(OWN);
        live(fake, past);
        const desired = stateOf(last.routes, last.revision);
        expect(planGateway(desired, fake.observe())).toEqual(planGateway(desired, fake.observe()));
        settle(fake, desired);
        expect(planGateway(desired, fake.observe())).toEqual([]);
      }),
      { ...LAW, numRuns: 25 },
    );
  });
});
