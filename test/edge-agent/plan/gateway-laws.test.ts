/** Laws of the gateway's plans over random histories, in which the agent stops at any step and HAProxy may crash. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DRAIN_SECONDS_MAX,
  type GatewayState,
  type MapEntry,
  planGateway,
  type SlotTarget,
} from '../../../edge-agent/plan/gateway.ts';
import { FakeGateway } from '../../fakes/gateway.ts';
import { OWN, route, settle, stateOf } from './gateway-states.ts';

/** Bounded in time as well: shrinking a long history on a busy machine must end. */
const LAW = { seed: 73, interruptAfterTimeLimit: 10_000 };
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
