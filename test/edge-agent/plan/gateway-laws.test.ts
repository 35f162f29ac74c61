/** Laws of the gateway's plans over random histories, in which the agent stops at any step and HAProxy may crash. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DRAIN_SECONDS_MAX,
  type GatewayRoute,
  type GatewayState,
  planGateway,
  type SlotTarget,
} from '../../../edge-agent/plan/gateway.ts';
import { filedGroups, type ObservedGroup } from '../../../edge-agent/plan/gateway-groups.ts';
import { slotName } from '../../../edge-agent/plan/gateway-names.ts';
import { FakeGateway } from '../../fakes/gateway.ts';
import { appRoute, OWN, route, settle, stateOf } from './gateway-states.ts';

/** Bounded in time as well: shrinking a long history on a busy machine must end. */
const LAW = { seed: 73, interruptAfterTimeLimit: 10_000 };
const TENANTS = 3;
/** Keys and targets carry the tenant they belong to, so that any crossing is visible. */
const key = (tenant: number, index: number) => `h${index}.t${tenant}.example.com/`;
const address = (tenant: number, index: number) => `100.${70 + tenant}.0.${index}`;
const tenantOfKey = (text: string) => Number(/\.t(\d)\./.exec(text)?.[1]);
const tenantOfAddress = (text: string) => Number(text.split('.')[1]) - 70;

const group = (tenant: number, app: number) => `app_t${tenant}_web${app}_http`;
const tenantOfGroup = (text: string) => Number(/^app_t(\d)_/.exec(text)?.[1]);

const routes = fc
  .uniqueArray(fc.record({ tenant: fc.nat(TENANTS - 1), host: fc.nat(29), target: fc.nat(39) }), {
    maxLength: 90,
    selector: ({ tenant, host }) => key(tenant, host),
    size: 'max',
  })
  .map((list) =>
    list.map(({ tenant, host, target }) =>
      target < 36
        ? route(key(tenant, host), address(tenant, target), `t${tenant}`)
        : appRoute(key(tenant, host), group(tenant, target - 36), `t${tenant}`),
    ),
  );
/** Containers of each tenant's apps, up to more than a new group has servers. */
const containers = fc.array(fc.uniqueArray(fc.integer({ min: 100, max: 130 }), { maxLength: 20 }), {
  minLength: TENANTS,
  maxLength: TENANTS,
});
const desiredStates = fc.record({
  routes,
  revision: fc.constantFrom('one', 'one', 'one', 'two'),
  containers,
});
type Wish = typeof desiredStates extends fc.Arbitrary<infer Value> ? Value : never;

function wished({ routes: wanted, revision, containers: lasts }: Wish): GatewayState {
  const names = new Set(wanted.flatMap((one) => ('group' in one ? [one.group] : [])));
  const groups = [...names].sort().map((name) => {
    const tenant = tenantOfGroup(name);
    const targets = (lasts[tenant] ?? []).map((last) => ({ address: address(tenant, last), port: 80 }));
    return { name, targets };
  });
  return stateOf(wanted, revision, groups);
}
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

/** What names of the map lead to, if it is open. */
function opened(slots: readonly SlotTarget[], groups: readonly ObservedGroup[]): Map<string, string[]> {
  const ofGroups = groups.map(({ name, servers }): [string, string[]] => [
    name,
    servers.filter(({ state }) => state === 'ready').map((one) => `${one.address}:${one.port}`),
  ]);
  return new Map([
    ...slots.map((slot): [string, string[]] => [slotName(slot.slot), [`${slot.address}:${slot.port}`]]),
    ...ofGroups,
  ]);
}

/** Every entry leads to addresses of its own tenant, in what runs and in what a restart would read. */
function expectNoCrossing(fake: FakeGateway): void {
  const views = [
    { routes: fake.routes, to: opened(fake.slots.used, filedGroups(fake.slots.groups)) },
    ...(fake.running === undefined
      ? []
      : [{ routes: fake.running.routes, to: opened(fake.running.slots, fake.running.groups) }]),
  ];
  for (const { routes: entries, to } of views)
    for (const entry of entries) {
      const found = to.get(entry.to);
      if (found === undefined) throw new Error(`${entry.key} leads to ${entry.to}, which is not there`);
      if (found.some((one) => tenantOfAddress(one) !== tenantOfKey(entry.key)))
        throw new Error(`${entry.key} leads to ${found.join(' ')}`);
    }
}

/** Where requests for a key can go now. */
function servedBy(fake: FakeGateway): Map<string, string[]> {
  const slots = (fake.running?.slots ?? []).filter(({ state }) => state === 'ready');
  const to = opened(slots, fake.running?.groups ?? []);
  return new Map(fake.running?.routes.map((entry) => [entry.key, to.get(entry.to) ?? []]));
}

/** Every key leads somewhere that takes requests. */
function expectServed(fake: FakeGateway, keys: readonly string[]): void {
  const served = servedBy(fake);
  const lost = keys.filter((one) => (served.get(one) ?? []).length === 0);
  if (lost.length > 0) throw new Error(`out of service: ${lost.join(' ')}`);
}

/** Keys that are served now and are wanted further on; a group whose containers all go has nothing to be kept by. */
function keptKeys(fake: FakeGateway, desired: GatewayState): string[] {
  const targets = new Map(desired.groups.map(({ name, targets: list }) => [name, list]));
  const served = servedBy(fake);
  return desired.routes
    .filter((one) => !('group' in one) || (targets.get(one.group) ?? []).length > 0)
    .map((one) => one.key)
    .filter((one) => (served.get(one) ?? []).length > 0);
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

function wantedOf(one: GatewayRoute, { groups }: GatewayState): string[] {
  const targets = 'group' in one ? (groups.find(({ name }) => name === one.group)?.targets ?? []) : [one];
  return targets.map((target) => `${target.address}:${target.port}`).sort();
}

function live(fake: FakeGateway, past: Past): void {
  for (const { wish, stepsMax, rounds, crash, seconds } of past) {
    follow(fake, wished(wish), { stepsMax, rounds });
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
        const desired = wished(last);
        for (let round = 0; round < 4; round += 1) {
          settle(fake, desired);
          fake.wait(DRAIN_SECONDS_MAX);
        }
        expect(planGateway(desired, fake.observe())).toEqual([]);
        const slots = fake.running?.slots.filter(({ state }) => state !== 'closed') ?? [];
        const served = servedBy(fake);
        expect(new Map([...served].map(([name, list]) => [name, [...list].sort()]))).toEqual(
          new Map(desired.routes.map((one) => [one.key, wantedOf(one, desired)])),
        );
        expect(new Set(slots.map((slot) => `${slot.address}:${slot.port}`)).size).toBe(slots.length);
        const open = fake.running?.groups.filter(({ servers }) =>
          servers.some(({ state }) => state === 'ready'),
        );
        const wanted = desired.groups.filter(({ targets }) => targets.length > 0);
        expect(open?.map(({ name }) => name).sort()).toEqual(wanted.map(({ name }) => name));
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
        const desired = wished(last);
        expect(planGateway(desired, fake.observe())).toEqual(planGateway(desired, fake.observe()));
        settle(fake, desired);
        expect(planGateway(desired, fake.observe())).toEqual([]);
      }),
      { ...LAW, numRuns: 25 },
    );
  });
});
