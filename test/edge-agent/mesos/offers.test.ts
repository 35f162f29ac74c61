/** Offers and what is launched on them: laws. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { allows, matchOffers, placeOf } from '../../../edge-agent/mesos/offers.ts';
import { scalarOf } from '../../../edge-agent/mesos/wire.ts';
import { appOf, apps, offerOf, offers } from './arbitraries.ts';

const wishesOf = (all: readonly { app: ReturnType<typeof appOf>; count: number }[]) =>
  all.map(({ app, count }, index) => ({ app: { ...app, app: `app-${index}` }, count, places: [] }));

test('no app gets more than it asked for', () => {
  fc.assert(
    fc.property(offers, apps, (given, wanted) => {
      const wishes = wishesOf(wanted);
      const { launches } = matchOffers(given, wishes);
      for (const { app, count } of wishes)
        expect(launches.filter((launch) => launch.app === app).length).toBeLessThanOrEqual(count);
    }),
  );
});

test('no offer gives more than it has, and no port twice', () => {
  fc.assert(
    fc.property(offers, apps, (given, wanted) => {
      const { launches } = matchOffers(given, wishesOf(wanted));
      for (const offer of given) {
        const there = launches.filter((launch) => launch.offer === offer);
        const sum = (pick: 'cpus' | 'memoryMib') => there.reduce((total, { app }) => total + app[pick], 0);
        expect(sum('cpus')).toBeLessThanOrEqual(scalarOf(offer.resources, 'cpus') + 0.001);
        expect(sum('memoryMib')).toBeLessThanOrEqual(scalarOf(offer.resources, 'mem') + 0.001);
        const ports = there.flatMap((launch) => launch.ports);
        expect(new Set(ports).size).toBe(ports.length);
        for (const { app, ports: given } of there)
          expect(app.ports.map((port) => (port === 0 ? 0 : port))).toEqual(
            given.map((port, index) => (app.ports[index] === 0 ? 0 : port)),
          );
      }
    }),
  );
});

test('constraints hold for each launch, in the order in which they were made', () => {
  fc.assert(
    fc.property(offers, apps, (given, wanted) => {
      const wishes = wishesOf(wanted);
      const { launches } = matchOffers(given, wishes);
      for (const { app } of wishes) {
        const places = launches.filter((launch) => launch.app === app).map(({ offer }) => placeOf(offer));
        for (const [index, place] of places.entries())
          for (const constraint of app.constraints)
            expect(allows(constraint, place, places.slice(0, index))).toBe(true);
      }
    }),
  );
});

test('who gets less than it wants fits nowhere any more, and is told why', () => {
  const offer = offerOf({ agent: 'a1', cpus: 1, memoryMib: 1_000 });
  const app = appOf({ cpus: 0.4 });
  const { launches, refusals } = matchOffers([offer], [{ app, count: 5, places: [] }]);
  expect(launches.length).toBe(2);
  expect([...(refusals.get(app) ?? [])]).toEqual([['cpus', 1]]);
});

test('what runs already counts for a constraint', () => {
  const [one, two] = [offerOf({ agent: 'a1' }), offerOf({ agent: 'a2' })];
  const app = appOf({ constraints: [{ field: 'hostname', operator: 'unique' }] });
  const { launches } = matchOffers([one, two], [{ app, count: 2, places: [placeOf(one)] }]);
  expect(launches.map(({ offer }) => offer.agent_id.value)).toEqual(['a2']);
});

test('tasks of an app are spread over agents', () => {
  const given = ['a1', 'a2', 'a3'].map((agent) => offerOf({ agent }));
  const { launches } = matchOffers(given, [{ app: appOf(), count: 3, places: [] }]);
  expect(launches.map(({ offer }) => offer.agent_id.value).sort()).toEqual(['a1', 'a2', 'a3']);
});

test('group_by fills the groups evenly, those that were not seen yet before all', () => {
  const group = { field: 'rack', operator: 'group_by', count: 2 } as const;
  const [one, two] = [
    placeOf(offerOf({ agent: 'a1', rack: 'r1' })),
    placeOf(offerOf({ agent: 'a2', rack: 'r2' })),
  ];
  expect([
    allows(group, one, []),
    allows(group, one, [one]),
    allows(group, two, [one]),
    allows(group, one, [one, two]),
  ]).toEqual([true, false, true, true]);
});
