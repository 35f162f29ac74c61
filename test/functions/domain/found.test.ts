/** Found services: what becomes of them follows from what is there alone, touches nothing of others, and comes to rest after one plan. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FoundInput, type FoundStep, planFound } from '../../../functions/domain/found.ts';
import type { FoundService } from '../../../protocol/cluster-report.ts';

fc.configureGlobal({ seed: 41, numRuns: 300 });

function found(name: string, more: Partial<FoundService> = {}): FoundService {
  return { name, source: `default/${name}`, address: '10.1.0.4', port: 80, protocol: 'tcp', ...more };
}

function input(more: Partial<FoundInput> = {}): FoundInput {
  return {
    cluster: 'prod',
    site: { name: 'berlin', prefixes: ['10.1.0.0/24'], pools: ['100.64.0.0/10'] },
    found: [],
    services: [],
    routes: [],
    foreignHosts: new Set(),
    ...more,
  };
}

const SPEC = { address: '10.1.0.4', port: 80, protocol: 'tcp' as const };
const ROUTE = { host: 'shop.example.com', path: '/' };
const ROUTE_SPEC = { ...ROUTE, service: { site: 'berlin', name: 'web' } };

/** The items as the steps leave them. */
function after(before: FoundInput, steps: readonly FoundStep[]): FoundInput {
  const services = new Map(before.services.map((one) => [one.name, one]));
  const routes = new Map(before.routes.map((one) => [one.name, one]));
  const { cluster } = before;
  for (const step of steps) {
    if (step.do === 'deleteService') services.delete(step.name);
    else if (step.do === 'deleteRoute') routes.delete(step.name);
    else if (step.do === 'createService' || step.do === 'changeService')
      services.set(step.name, { name: step.name, cluster, spec: step.spec });
    else routes.set(step.name, { name: step.name, cluster, spec: step.spec });
  }
  return { ...before, services: [...services.values()], routes: [...routes.values()] };
}

describe('what was found', () => {
  test('becomes a service under its name, and a route that is named after cluster and service', () => {
    expect(planFound(input({ found: [found('web', { route: ROUTE })] }))).toEqual({
      steps: [
        { do: 'createService', name: 'berlin/web', spec: SPEC, source: 'default/web' },
        { do: 'createRoute', name: 'prod-web', spec: ROUTE_SPEC, source: 'default/web' },
      ],
      faults: [],
      services: 1,
      routes: 1,
    });
  });

  test('and is found elsewhere or not at all any more is changed or deleted, routes before services', () => {
    const held = input({
      found: [found('web', { address: '10.1.0.5' })],
      services: [
        { name: 'berlin/web', cluster: 'prod', spec: SPEC },
        { name: 'berlin/old', cluster: 'prod', spec: SPEC },
      ],
      routes: [{ name: 'prod-web', cluster: 'prod', spec: ROUTE_SPEC }],
    });
    expect(planFound(held).steps.map((step) => `${step.do} ${step.name}`)).toEqual([
      'changeService berlin/web',
      'deleteRoute prod-web',
      'deleteService berlin/old',
    ]);
  });

  test('at a site where the cluster was before is deleted there', () => {
    const held = input({
      found: [found('web')],
      services: [{ name: 'paris/web', cluster: 'prod', spec: SPEC }],
    });
    expect(planFound(held).steps.map((step) => `${step.do} ${step.name}`)).toEqual([
      'createService berlin/web',
      'deleteService paris/web',
    ]);
  });
});

describe('a fault, and no step,', () => {
  test.each<[string, Partial<FoundInput>, RegExp]>([
    ['a name that a person has', { services: [{ name: 'berlin/web', spec: SPEC }] }, /A person made/],
    [
      'a name that another cluster has',
      { services: [{ name: 'berlin/web', cluster: 'test', spec: SPEC }] },
      /cluster test was the first/,
    ],
    [
      'an address outside of what is exposed',
      { found: [found('web', { address: '10.2.0.4' })] },
      /no exposed prefix/,
    ],
    [
      'a reserved address',
      {
        found: [found('web', { address: '100.64.0.9' })],
        site: { name: 'berlin', prefixes: ['100.64.0.0/24'], pools: ['100.64.0.0/10'] },
      },
      /no exposed prefix/,
    ],
    [
      'loopback, though the site says that it exposes it',
      {
        found: [found('web', { address: '127.0.0.1' })],
        site: { name: 'berlin', prefixes: ['127.0.0.0/24'], pools: [] },
      },
      /no exposed prefix/,
    ],
    ['an address that is none', { found: [found('web', { address: 'fd00::1' })] }, /no IPv4 address/],
  ])('is %s', (_, more, sentence) => {
    const plan = planFound(input({ found: [found('web', { route: ROUTE })], ...more }));
    expect([plan.steps, plan.services, plan.routes]).toEqual([[], 0, 0]);
    expect(plan.faults).toEqual([{ source: 'default/web', detail: expect.stringMatching(sentence) }]);
  });

  test.each<[string, Partial<FoundInput>, RegExp]>([
    [
      'a name of more than 32 characters',
      { cluster: 'a-cluster-with-a-very-long-name1' },
      /longer than 32 characters/,
    ],
    ['a name that a person has', { routes: [{ name: 'prod-web', spec: ROUTE_SPEC }] }, /A person made/],
    ['a host of another tenant', { foreignHosts: new Set(['shop.example.com']) }, /another tenant/],
    [
      'a host and path that another route serves',
      { routes: [{ name: 'shop', spec: ROUTE_SPEC }] },
      /shop serves/,
    ],
    [
      'a path that no route may have',
      { found: [found('web', { route: { ...ROUTE, path: '/../a' } })] },
      /no host and path/,
    ],
    [
      'a route to what is not TCP',
      { found: [found('web', { route: ROUTE, protocol: 'udp' })] },
      /HTTPS needs TCP/,
    ],
  ])('is of a route %s; its service is published all the same', (_, more, sentence) => {
    const plan = planFound(input({ found: [found('web', { route: ROUTE })], ...more }));
    expect(plan.steps.map((step) => step.do)).toEqual(['createService']);
    expect(plan.faults).toEqual([{ source: 'default/web', detail: expect.stringMatching(sentence) }]);
  });

  test('is the second of two routes for one host and path', () => {
    const two = [found('a', { route: ROUTE }), found('b', { route: ROUTE })];
    const plan = planFound(input({ found: two }));
    expect([plan.routes, plan.faults]).toEqual([
      1,
      [{ source: 'default/b', detail: 'The route prod-a serves this host and path.' }],
    ]);
  });

  test('is what was published and may not be any more: it is taken back rather than left as it was', () => {
    const held = input({
      found: [found('web', { address: '10.2.0.4' })],
      services: [{ name: 'berlin/web', cluster: 'prod', spec: SPEC }],
    });
    expect(planFound(held).steps).toEqual([{ do: 'deleteService', name: 'berlin/web' }]);
  });
});

const name = fc.constantFrom('a', 'b', 'c', 'web');
const address = fc.constantFrom('10.1.0.4', '10.1.0.5', '10.2.0.4', '127.0.0.1', '100.64.0.1', 'fd00::1');
const protocol = fc.constantFrom('tcp' as const, 'udp' as const);
const host = fc.constantFrom('a.example.com', 'b.example.com', 'foreign.example.com');
const path = fc.constantFrom('/', '/a', '/a/', '/..');
const owner = fc.constantFrom(undefined, 'prod', 'test');
const serviceSpec = fc.record({
  address: fc.constantFrom('10.1.0.4', '10.1.0.5'),
  port: fc.constant(80),
  protocol,
});
const estate: fc.Arbitrary<FoundInput> = fc.record({
  cluster: fc.constant('prod'),
  site: fc.constant({ name: 'berlin', prefixes: ['10.1.0.0/24'], pools: ['100.64.0.0/10'] }),
  found: fc.array(
    fc.record({
      name,
      source: name.map((text) => `default/${text}`),
      address,
      port: fc.constant(80),
      protocol,
      route: fc.option(fc.record({ host, path }), { nil: undefined }),
    }),
    { maxLength: 6 },
  ),
  services: fc.uniqueArray(
    fc.record({
      name: fc.tuple(fc.constantFrom('berlin', 'paris'), name).map((parts) => parts.join('/')),
      cluster: owner,
      spec: serviceSpec,
    }),
    { maxLength: 6, selector: (one) => one.name },
  ),
  routes: fc.uniqueArray(
    fc.record({
      name: name.map((text) => `prod-${text}`),
      cluster: owner,
      spec: fc.record({
        host,
        path: fc.constantFrom('/', '/a'),
        service: fc.record({ site: fc.constant('berlin'), name }),
      }),
    }),
    { maxLength: 6, selector: (one) => one.name },
  ),
  foreignHosts: fc.constant(new Set(['foreign.example.com'])),
});

describe('whatever was found and whatever is there', () => {
  test('one plan, carried out, leaves nothing to do, and the same faults', () => {
    fc.assert(
      fc.property(estate, (given) => {
        const plan = planFound(given);
        const again = planFound(after(given, plan.steps));
        expect(again).toEqual({ ...plan, steps: [] });
      }),
    );
  });

  test('no item of a person or of another cluster is touched', () => {
    fc.assert(
      fc.property(estate, (given) => {
        const others = [...given.services, ...given.routes].filter(({ cluster }) => cluster !== 'prod');
        const names = new Set(others.map((one) => one.name));
        for (const step of planFound(given).steps) expect(names.has(step.name), step.do).toBe(false);
      }),
    );
  });

  test('at every step only addresses that are exposed are published, and each host and path once', () => {
    fc.assert(
      fc.property(estate, (given) => {
        const { steps } = planFound(given);
        for (let count = 0; count <= steps.length; count += 1) {
          const { routes } = after(given, steps.slice(0, count));
          const own = routes.filter(({ cluster }) => cluster === 'prod');
          const made = own.filter((one) => !given.routes.includes(one));
          const placeOf = ({ spec }: (typeof routes)[number]) =>
            `${spec.host}${spec.path.replace(/\/$/, '')}`;
          const rivals = routes.filter((one) => !given.routes.includes(one) || one.cluster !== 'prod');
          for (const one of made)
            expect(rivals.filter((other) => placeOf(other) === placeOf(one))).toEqual([one]);
          for (const one of made) expect(one.spec.host).not.toBe('foreign.example.com');
        }
        for (const step of steps)
          if (step.do === 'createService' || step.do === 'changeService')
            expect(step.spec.address).toMatch(/^10\.1\.0\./);
      }),
    );
  });
});
