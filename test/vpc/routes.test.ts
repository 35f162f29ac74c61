/** The plan for route tables: what it does in each case, and its laws over any tables. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planRoutes, type RouteStep, type RoutesWanted } from '../../vpc/plan/routes.ts';
import type { RouteTableView, RouteView } from '../../vpc/port.ts';

const POOL = '100.64.0.0/10';
const LIST = 'pl-0123456789abcdef0';
const A = 'eni-aaaaaaaa';
const B = 'eni-bbbbbbbb';
const STRANGER = 'eni-cccccccc';

const WANTED: RoutesWanted = { target: A, interfaces: [A, B], destinations: [POOL, LIST], former: [] };

function route(destination: string, target: string, state: RouteView['state'] = 'active'): RouteView {
  const isInterface = target.startsWith('eni-');
  return { destination, target, state, ...(isInterface ? { interface: target } : {}) };
}

function table(id: string, routes: RouteView[], tags: Record<string, string> = {}): RouteTableView {
  return { id, tags, routes: [route('10.0.0.0/16', 'local'), ...routes] };
}

describe('a plan for route tables', () => {
  test('makes what is missing, turns what leads to another slot, and leaves what is right', () => {
    const tables = [
      table('rtb-2', [route(POOL, B)]),
      table('rtb-1', []),
      table('rtb-3', [route(POOL, A), route(LIST, A)]),
    ];
    expect(planRoutes(tables, WANTED)).toEqual({
      steps: [
        { do: 'create', table: 'rtb-1', destination: POOL, interface: A },
        { do: 'create', table: 'rtb-1', destination: LIST, interface: A },
        { do: 'replace', table: 'rtb-2', destination: POOL, interface: A },
        { do: 'create', table: 'rtb-2', destination: LIST, interface: A },
      ],
      conflicts: [],
      ours: [
        { table: 'rtb-2', destination: POOL },
        { table: 'rtb-3', destination: POOL },
        { table: 'rtb-3', destination: LIST },
      ],
    });
  });

  test('turns a black hole that was left by another slot of ours', () => {
    const plan = planRoutes([table('rtb-1', [route(POOL, B, 'blackhole'), route(LIST, A)])], WANTED);
    expect(plan.steps).toEqual([{ do: 'replace', table: 'rtb-1', destination: POOL, interface: A }]);
  });

  test('leaves a black hole that leads to the owner already: its interface is right, its instance is not there', () => {
    const plan = planRoutes([table('rtb-1', [route(POOL, A, 'blackhole'), route(LIST, A)])], WANTED);
    expect(plan.steps).toEqual([]);
  });

  test.each(['igw-12345678', 'pcx-12345678', STRANGER])(
    'never touches a route of the same destination to %s, and names it as a conflict',
    (target) => {
      const plan = planRoutes([table('rtb-1', [route(POOL, target), route(LIST, A)])], WANTED);
      expect(plan.steps).toEqual([]);
      expect(plan.conflicts).toEqual([{ table: 'rtb-1', destination: POOL, target }]);
    },
  );

  test('leaves a table alone that is tagged as off, and takes away what is ours there', () => {
    const off = table('rtb-1', [route(POOL, B), route(LIST, 'igw-1')], { 'isthmus:routes': 'off' });
    const plan = planRoutes([off, table('rtb-2', [route(POOL, A)], { 'isthmus:routes': 'on' })], WANTED);
    expect(plan.steps).toEqual([
      { do: 'create', table: 'rtb-2', destination: LIST, interface: A },
      { do: 'remove', table: 'rtb-1', destination: POOL },
    ]);
    expect(plan.conflicts).toEqual([]);
  });

  test('takes away a former destination, but no other route that a person leads to our interface', () => {
    const tables = [table('rtb-1', [route(POOL, A), route(LIST, A), route('192.168.0.0/16', A)])];
    const plan = planRoutes(tables, { ...WANTED, destinations: [POOL], former: [LIST] });
    expect(plan.steps).toEqual([{ do: 'remove', table: 'rtb-1', destination: LIST }]);
  });

  test('without a target takes away all that is ours, and nothing else', () => {
    const tables = [
      table('rtb-1', [route(POOL, A), route(LIST, STRANGER)]),
      table('rtb-2', [route(POOL, B)]),
    ];
    const plan = planRoutes(tables, { ...WANTED, target: undefined });
    expect(plan).toEqual({
      steps: [
        { do: 'remove', table: 'rtb-1', destination: POOL },
        { do: 'remove', table: 'rtb-2', destination: POOL },
      ],
      conflicts: [],
      ours: [],
    });
  });
});

const DESTINATIONS = [POOL, LIST, '10.8.0.0/16', '192.168.0.0/16'];
const anyDestinations = fc.uniqueArray(fc.constantFrom(...DESTINATIONS));
const anyTables = fc.uniqueArray(
  fc.record({
    id: fc.constantFrom('rtb-1', 'rtb-2', 'rtb-3'),
    tags: fc.constantFrom<Record<string, string>>({}, { 'isthmus:routes': 'off' }, { Name: 'main' }),
    routes: fc.uniqueArray(
      fc
        .tuple(fc.constantFrom(...DESTINATIONS), fc.constantFrom(A, B, STRANGER, 'igw-1', 'local'))
        .map(([destination, target]) => route(destination, target)),
      { selector: (one) => one.destination },
    ),
  }),
  { selector: (one) => one.id },
);
const anyWanted = fc.record({
  target: fc.constantFrom(A, B, undefined),
  interfaces: fc.constant([A, B]),
  destinations: anyDestinations,
  former: anyDestinations,
});

function apply(tables: readonly RouteTableView[], step: RouteStep): RouteTableView[] {
  return tables.map((one) => {
    if (one.id !== step.table) return one;
    const others = one.routes.filter(({ destination }) => destination !== step.destination);
    expect(others.length === one.routes.length, 'creates only where nothing is').toBe(step.do === 'create');
    const made = step.do === 'remove' ? [] : [route(step.destination, step.interface)];
    return { ...one, routes: [...others, ...made] };
  });
}

/** What we may never touch. */
function untouchable(tables: readonly RouteTableView[], { destinations, former }: RoutesWanted): string[] {
  const known = [...destinations, ...former];
  return tables
    .flatMap(({ id, routes }) => routes.map((one) => ({ id, ...one })))
    .filter(({ destination, target }) => ![A, B].includes(target) || !known.includes(destination))
    .map(({ id, destination, target }) => `${id} ${destination} ${target}`)
    .sort();
}

describe('for any tables', () => {
  test('one round makes the plan empty, and what is not ours stays through every step', () => {
    fc.assert(
      fc.property(anyTables, anyWanted, (tables, wanted) => {
        const plan = planRoutes(tables, wanted);
        let now: readonly RouteTableView[] = tables;
        for (const step of plan.steps) {
          now = apply(now, step);
          expect(untouchable(now, wanted)).toEqual(untouchable(tables, wanted));
        }
        const after = planRoutes(now, wanted);
        expect(after.steps).toEqual([]);
        expect(after.conflicts).toEqual(plan.conflicts);
      }),
    );
  });

  test('after it every table has every wanted destination: by us, or as a conflict that is told', () => {
    fc.assert(
      fc.property(anyTables, anyWanted, (tables, wanted) => {
        const plan = planRoutes(tables, wanted);
        const done = planRoutes(plan.steps.reduce(apply, [...tables]), wanted);
        const on = tables.filter(({ tags }) => tags['isthmus:routes'] !== 'off');
        const told = [...done.ours, ...done.conflicts].map(
          ({ table: id, destination }) => `${id} ${destination}`,
        );
        const due = wanted.target === undefined ? [] : wanted.destinations;
        expect(told.sort()).toEqual(on.flatMap(({ id }) => due.map((to) => `${id} ${to}`)).sort());
      }),
    );
  });

  test('the order in which EC2 answers does not matter', () => {
    fc.assert(
      fc.property(anyTables, anyWanted, (tables, wanted) => {
        const turned = [...tables].reverse().map((one) => ({ ...one, routes: [...one.routes].reverse() }));
        expect(planRoutes(turned, wanted)).toEqual(planRoutes(tables, wanted));
      }),
    );
  });
});
