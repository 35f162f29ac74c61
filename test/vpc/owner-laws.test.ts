/**
 * Laws of ownership over random histories: two hubs, a register with compare-and-set, the arbiter, and faults. Links are
 * cut in one direction or both, hubs stall, die and start again, readings are old, writes are under way for a while.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RouteOwner } from '../../protocol/slot.ts';
import {
  arbitrate,
  type ClaimState,
  claimByHub,
  FIRST_CLAIM_STATE,
  MISSED_MAX,
} from '../../vpc/plan/owner.ts';

const NAMES = ['hub-a', 'hub-b'] as const;
type HubName = (typeof NAMES)[number];
/** Ticks are fifths of a second; the arbiter looks once a minute and liveness is told every five seconds. */
const TICKS_PER_SECOND = 5;
const LOOK_TICKS = 60 * TICKS_PER_SECOND;
const TELL_TICKS = 5 * TICKS_PER_SECOND;

fc.configureGlobal({ seed: 21, numRuns: 400 });

interface Hub {
  state: ClaimState;
  alive: boolean;
  stalled: boolean;
  /** Ticks until the reading that is under way arrives, and what it will say. */
  reading: { left: number; owner: RouteOwner | undefined } | undefined;
  writing: { left: number; owner: RouteOwner } | undefined;
  owner: RouteOwner | undefined;
  hasRead: boolean;
  late: boolean;
  toldAt: number | undefined;
}

class World {
  tick = 0;
  stored: RouteOwner | undefined;
  readonly history: RouteOwner[] = [];
  readonly hubs: Record<HubName, Hub> = { 'hub-a': newHub(), 'hub-b': newHub() };
  /** Directions that carry nothing: `FROM TO`. */
  readonly cut = new Set<string>();
  /** Hubs that the control plane does not hear. */
  readonly unheard = new Set<HubName>();
  readTicks = 1;
  writeTicks = 1;

  run(ticks: number): void {
    for (let count = 0; count < ticks; count += 1) this.#step();
  }

  #step(): void {
    this.tick += 1;
    for (const name of NAMES) this.#stepHub(name);
    if (this.tick % LOOK_TICKS === 0) this.#arbiter();
  }

  #stepHub(name: HubName): void {
    const hub = this.hubs[name];
    // A write that was sent lands also if its sender is stalled or dead by then.
    if (hub.writing) {
      hub.writing.left -= 1;
      if (hub.writing.left <= 0) {
        if (this.#claim(hub.writing.owner) && hub.alive) hub.owner = hub.writing.owner;
        hub.writing = undefined;
      }
    }
    if (!hub.alive) return;
    if (hub.stalled) {
      hub.late = true;
      return;
    }
    this.#read(hub);
    if (this.tick % TELL_TICKS === 0 && !this.unheard.has(name)) hub.toldAt = this.tick;
    if (!hub.hasRead) return;
    const other = NAMES.find((candidate) => candidate !== name) ?? name;
    const answers = this.hubs[other].alive && !this.hubs[other].stalled && !this.cut.has(`${other} ${name}`);
    const view = { self: name, hubs: NAMES, owner: hub.owner, heard: answers ? [other] : [], late: hub.late };
    hub.late = false;
    const { state, decision } = claimByHub(hub.state, view);
    hub.state = state;
    if (decision.do === 'claim' && !hub.writing)
      hub.writing = { left: this.writeTicks, owner: record(name, decision.epoch) };
  }

  #read(hub: Hub): void {
    hub.reading ??= { left: this.readTicks, owner: this.stored };
    hub.reading.left -= 1;
    if (hub.reading.left > 0) return;
    hub.owner = hub.reading.owner;
    hub.hasRead = true;
    hub.reading = undefined;
  }

  #claim(owner: RouteOwner): boolean {
    if ((this.stored?.epoch ?? 0) !== owner.epoch - 1) return false;
    this.stored = owner;
    this.history.push(owner);
    return true;
  }

  #arbiter(): void {
    const hubs = NAMES.map((name) => {
      const { toldAt } = this.hubs[name];
      const ageSeconds = toldAt === undefined ? undefined : (this.tick - toldAt) / TICKS_PER_SECOND;
      return { name, enrolled: true, ageSeconds };
    });
    const verdict = arbitrate(this.stored, hubs);
    if (verdict.do === 'claim') this.#claim(record(verdict.hub, verdict.epoch));
  }
}

function newHub(): Hub {
  return {
    state: FIRST_CLAIM_STATE,
    alive: true,
    stalled: false,
    reading: undefined,
    writing: undefined,
    owner: undefined,
    hasRead: false,
    late: false,
    toldAt: undefined,
  };
}

function record(hub: string, epoch: number): RouteOwner {
  return { vpc: 'vpc-12345678', hub, epoch, since: '2026-01-01T00:00:00.000Z', reason: 'test' };
}

/** What may happen, and for how many ticks it then goes on. */
type Fault =
  | { readonly do: 'cut' | 'heal'; readonly from: HubName; readonly ticks: number }
  | {
      readonly do: 'stall' | 'wake' | 'kill' | 'start' | 'silence' | 'speak';
      readonly hub: HubName;
      readonly ticks: number;
    };

const anyName = fc.constantFrom(...NAMES);
const anyTicks = fc.oneof({ weight: 4, arbitrary: fc.nat(12) }, { weight: 1, arbitrary: fc.nat(900) });
const anyFault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({ do: fc.constantFrom('cut', 'heal'), from: anyName, ticks: anyTicks }),
  fc.record({
    do: fc.constantFrom('stall', 'wake', 'kill', 'start', 'silence', 'speak'),
    hub: anyName,
    ticks: anyTicks,
  }),
);
interface History {
  readonly faults: readonly Fault[];
  readonly readTicks: number;
  readonly writeTicks: number;
}

const anyHistory: fc.Arbitrary<History> = fc.record({
  faults: fc.array(anyFault, { maxLength: 40 }),
  readTicks: fc.integer({ min: 1, max: 10 }),
  writeTicks: fc.integer({ min: 1, max: 10 }),
});

function befall(world: World, fault: Fault): void {
  if ('from' in fault) {
    const to = NAMES.find((name) => name !== fault.from) ?? fault.from;
    if (fault.do === 'cut') world.cut.add(`${fault.from} ${to}`);
    else world.cut.delete(`${fault.from} ${to}`);
  } else {
    const hub = world.hubs[fault.hub];
    if (fault.do === 'stall') hub.stalled = true;
    if (fault.do === 'wake') hub.stalled = false;
    if (fault.do === 'kill') hub.alive = false;
    if (fault.do === 'silence') world.unheard.add(fault.hub);
    if (fault.do === 'speak') world.unheard.delete(fault.hub);
    // A new process remembers nothing; what the old one sent may still land.
    if (fault.do === 'start' && !hub.alive)
      Object.assign(hub, { ...newHub(), writing: hub.writing, toldAt: hub.toldAt });
  }
  world.run(fault.ticks);
}

function afterFaults({ faults, readTicks, writeTicks }: History): World {
  const world = new World();
  Object.assign(world, { readTicks, writeTicks });
  for (const fault of faults) befall(world, fault);
  return world;
}

function makeWhole(world: World): void {
  world.cut.clear();
  world.unheard.clear();
  for (const hub of NAMES) {
    befall(world, { do: 'wake', hub, ticks: 0 });
    befall(world, { do: 'start', hub, ticks: 0 });
  }
}

describe('in any history of cuts, stalls, deaths and slow tables', () => {
  test('epochs rise by one, and none has two owners', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const epochs = afterFaults(history).history.map(({ epoch }) => epoch);
        expect(epochs).toEqual(epochs.map((_, index) => index + 1));
      }),
    );
  });

  test('at most one hub takes itself for the owner once the readings have arrived', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const world = afterFaults(history);
        makeWhole(world);
        world.run(100);
        const owning = NAMES.filter((name) => world.hubs[name].state.owns);
        expect(owning).toEqual(world.stored ? [world.stored.hub] : []);
        expect(owning).toHaveLength(1);
      }),
    );
  });

  test('after the faults stop ownership changes at most once more', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const world = afterFaults(history);
        makeWhole(world);
        const before = world.history.length;
        world.run(2_000);
        expect(world.history.length - before).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('hubs that live on without seeing each other change ownership at most once', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const world = afterFaults(history);
        makeWhole(world);
        world.run(200);
        const before = world.history.length;
        for (const from of NAMES) befall(world, { do: 'cut', from, ticks: 0 });
        world.run(3_000);
        expect(world.history.length - before).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('an owner that dies is replaced at once by a hub that heard it, and by the arbiter in any case', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const world = afterFaults(history);
        makeWhole(world);
        world.run(200);
        const owner = NAMES.find((name) => name === world.stored?.hub) ?? 'hub-a';
        const heir = NAMES.find((name) => name !== owner);
        expect(world.hubs[heir ?? owner].state.armed).toBe(true);
        befall(world, { do: 'kill', hub: owner, ticks: MISSED_MAX + history.writeTicks + 1 });
        expect(world.stored?.hub).toBe(heir);
      }),
    );
  });

  test('an owner that dies unheard is replaced by the arbiter', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const world = afterFaults(history);
        makeWhole(world);
        world.run(200);
        for (const from of NAMES) befall(world, { do: 'cut', from, ticks: 100 });
        const owner = NAMES.find((name) => name === world.stored?.hub) ?? 'hub-a';
        befall(world, { do: 'kill', hub: owner, ticks: 200 * TICKS_PER_SECOND });
        expect(world.stored?.hub).not.toBe(owner);
      }),
    );
  });
});
