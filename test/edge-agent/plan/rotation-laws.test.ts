/** Laws of a rotation, whatever comes first: hubs that apply their documents late, fall, restart; an edge that restarts; reports that wait. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Action, RotationModel } from './rotation-model.ts';

const RUNS = { numRuns: 100, seed: 20_26 };
/** Long enough for a whole rotation: short ones would show nothing. */
const LONG = { minLength: 200, maxLength: 500 };
/** Of one rotation without an accident, twice over. */
const ROUNDS_MAX = 400;

const ofHub = (...kinds: ('hubFetches' | 'hubLooks' | 'hubRestarts' | 'hubFalls' | 'hubRises')[]) =>
  fc.record({ kind: fc.constantFrom(...kinds), hub: fc.nat(2) });
const ofEdge = (...kinds: ('edgeFetches' | 'edgeTicks' | 'edgeRestarts' | 'edgeReports')[]) =>
  fc.record({ kind: fc.constantFrom(...kinds) });
/** The edge ticks ten times a second, the rest happens now and then. */
const progress: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: ofHub('hubFetches', 'hubLooks') },
  { weight: 6, arbitrary: ofEdge('edgeFetches', 'edgeReports') },
  { weight: 20, arbitrary: ofEdge('edgeTicks') },
);
const accident: fc.Arbitrary<Action> = fc.oneof(
  { weight: 20, arbitrary: progress },
  { weight: 1, arbitrary: ofHub('hubRestarts', 'hubFalls', 'hubRises') },
  { weight: 1, arbitrary: ofEdge('edgeRestarts') },
);

function holders(model: RotationModel): number[] {
  return model.hubs.map(({ peers }) => peers.filter(({ allowedIps }) => allowedIps.length > 0).length);
}

/** Hubs that run and would not even shake hands with what their leg has. */
function strangers(model: RotationModel): string[] {
  return model.hubs.flatMap(({ name, peers, isRunning }) =>
    isRunning && !peers.some(({ publicKey }) => publicKey === model.legs.get(name)) ? [name] : [],
  );
}

/** All go on in turn until nothing is left to do. */
function settle(model: RotationModel): void {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    model.do({ kind: 'edgeFetches' });
    model.do({ kind: 'edgeReports' });
    for (const [hub] of model.hubs.entries()) {
      model.do({ kind: 'hubRises', hub });
      model.do({ kind: 'hubFetches', hub });
      model.do({ kind: 'hubLooks', hub });
    }
    model.do({ kind: 'edgeTicks' });
  }
}

function rotated(model: RotationModel) {
  const key = model.ring.present;
  return {
    number: model.plane.key?.number,
    plane: model.plane.wireguardKey === key && model.plane.nextKey === undefined,
    ring: model.ring.next === undefined && model.ring.old === undefined,
    legs: [...model.legs.values()].every((leg) => leg === key),
    hubs: model.hubs.every(({ peers }) => peers.map(({ publicKey }) => publicKey).join() === key),
  };
}

test('a leg never has a key that its hub does not know, and prefixes are with exactly one of two keys', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), fc.array(accident, LONG), (hubs, actions) => {
      const model = new RotationModel(hubs);
      for (const action of actions) {
        model.do(action);
        expect(holders(model)).toEqual(Array.from({ length: hubs }, () => 1));
        expect(strangers(model)).toEqual([]);
      }
    }),
    RUNS,
  );
});

test('with two hubs or more that run, the active one takes what the edge sends, at every moment', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 3 }), fc.array(progress, LONG), (hubs, actions) => {
      const model = new RotationModel(hubs);
      for (const action of actions) {
        model.do(action);
        const active = model.hubs.find(({ name }) => name === model.path.active);
        expect(active && model.takes(active)).toBe(true);
      }
    }),
    RUNS,
  );
});

test('it ends: whatever happened, one new key is left everywhere once all go on', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), fc.array(accident, LONG), (hubs, actions) => {
      const model = new RotationModel(hubs);
      for (const action of actions) model.do(action);
      settle(model);
      expect(rotated(model)).toEqual({ number: 2, plane: true, ring: true, legs: true, hubs: true });
    }),
    { ...RUNS, numRuns: 60 },
  );
});

test('a hub that never takes the next key keeps the edge at the present one, with every leg up', () => {
  const model = new RotationModel(2);
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    for (const kind of ['edgeFetches', 'edgeReports', 'edgeTicks'] as const) model.do({ kind });
    model.do({ kind: 'hubFetches', hub: 0 });
    model.do({ kind: 'hubLooks', hub: 0 });
  }
  expect(model.plane).toMatchObject({ wireguardKey: 'K1', nextKey: { publicKey: 'K2', number: 2 } });
  expect(model.ring).toEqual({ present: 'K1', next: 'K2' });
  expect(model.legs.get('hub1')).toBe('K1');
  expect(model.hubs.map((hub) => model.takes(hub))).toEqual([true, true]);
});
