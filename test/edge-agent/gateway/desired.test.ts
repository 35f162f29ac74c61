/** From routes leaves to what the gateway should be: keys, refusals, and that nothing hostile gets through. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gatewayDesired } from '../../../edge-agent/gateway/desired.ts';
import { gatewayFindings } from '../../../edge-agent/gateway/findings.ts';
import { TARGETS_MAX } from '../../../edge-agent/plan/gateway-slots.ts';
import type { AppsLeaf, RoutesLeaf } from '../../../protocol/reach-leaf.ts';
import { Finding } from '../../../protocol/report.ts';

const SETTINGS = {
  agent: 'hub.north',
  directories: { state: '/state', run: '/run/gateway', supplied: '/etc/certificates' },
  pools: ['100.64.0.0/10'],
  listen: { address: '0.0.0.0', port: 443 },
};

type LeafRoute = RoutesLeaf['routes'][number];

function leaf(tenant: string, routes: readonly Partial<LeafRoute>[]): RoutesLeaf {
  const usual = { host: 'shop.example.com', path: '/', address: '100.65.0.10', port: 80 };
  return {
    kind: 'routes',
    tenant,
    routes: routes.map((route, index) => ({ name: `r${index}`, ...usual, ...route })),
  };
}

const ofRoutes = (routes: readonly RoutesLeaf[]) => ({
  routes,
  apps: [],
  clusters: [],
  edges: new Set<string>(),
});
const desired = (...leaves: readonly RoutesLeaf[]) => gatewayDesired(ofRoutes(leaves), SETTINGS);

describe('routes', () => {
  test('a key is host, path and one slash, whether or not the path ends in one', () => {
    const { routes, refused } = desired(leaf('acme', [{ path: '/' }, { path: '/cart' }, { path: '/a/b/' }]));
    expect(refused).toEqual([]);
    expect(routes).toEqual(
      ['shop.example.com/', 'shop.example.com/a/b/', 'shop.example.com/cart/'].map((key) => ({
        key,
        tenant: 'acme',
        address: '100.65.0.10',
        port: 80,
      })),
    );
  });

  test('of two with the same host and path the first by tenant and name is served, in whatever order they come', () => {
    const leaves = [
      leaf('zeta', [{ address: '100.66.0.1' }]),
      leaf('acme', [{}, { path: '/cart' }, { path: '/cart/' }]),
    ];
    for (const order of [leaves, leaves.toReversed()]) {
      const { routes, refused } = gatewayDesired(ofRoutes(order), SETTINGS);
      expect(routes.map(({ key, tenant }) => `${tenant} ${key}`)).toEqual([
        'acme shop.example.com/',
        'acme shop.example.com/cart/',
      ]);
      expect(refused).toEqual([
        { tenant: 'acme', name: 'r2', reason: 'duplicate' },
        { tenant: 'zeta', name: 'r0', reason: 'duplicate' },
      ]);
    }
  });

  test('more targets than half of the slots are refused, more routes to the same ones are not', () => {
    const routes = Array.from({ length: TARGETS_MAX + 2 }, (_, index) => ({
      path: `/${index}`,
      name: `r${String(index).padStart(6, '0')}`,
      port: index + 1,
    }));
    const found = desired(leaf('acme', [...routes, { path: '/same', name: 'z', port: 1 }]));
    expect(found.refused.map(({ reason }) => reason)).toEqual(['too_many', 'too_many']);
    expect(found.routes.some(({ key }) => key === 'shop.example.com/same/')).toBe(true);
  });

  test.each([
    ['loopback', '127.0.0.1'],
    ['link-local and metadata', '169.254.169.254'],
    ['a resolver or control plane outside the pools', '10.0.0.2'],
    ['any address', '0.0.0.0'],
    ["a hub's tunnel address", '100.64.0.1'],
    ["an edge's tunnel address", '100.64.255.254'],
    ['octal', '0100.65.0.10'],
    ['a name', 'localhost'],
  ])('10: %s is no target', (_, address) => {
    const { routes, refused } = desired(leaf('acme', [{ address }]));
    expect(routes).toEqual([]);
    expect(refused).toEqual([{ tenant: 'acme', name: 'r0', reason: 'address_not_allowed' }]);
  });

  test('no host and no path of any leaf reaches a command or a file with a character that has a meaning there', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constantFrom(
        'a.example.com\nshow info',
        'a.example.com;shutdown',
        'a.example.com /x slot_1',
        '/x\n',
        '/ slot_2',
        '/#',
      ),
    );
    fc.assert(
      fc.property(hostile, hostile, (host, path) => {
        const all = desired(leaf('acme', [{ host }, { path }, { host, path }]));
        for (const { key } of all.routes) expect(key).toMatch(/^[a-z0-9.-]+\/([A-Za-z0-9._~/-]*\/)?$/);
        expect(all.routes.length + all.refused.length).toBe(3);
      }),
      { seed: 73, numRuns: 300 },
    );
  });
});

describe('findings', () => {
  const observed = {
    running: undefined,
    files: {
      base: undefined,
      slots: { size: 0, used: [], groups: [] },
      routes: [],
      clusters: undefined,
      certificates: [],
    },
    own: undefined,
    supplied: [
      { file: '/etc/a.pem', fingerprint: 'A', names: ['a.example.com'], daysLeft: 3 },
      { file: '/etc/b.pem', fingerprint: 'B', names: ['b.example.com'], daysLeft: -1 },
    ],
    unusable: ['/etc/c.pem'],
    authority: undefined,
  };

  test('say what is not served and why, and fit the report', () => {
    const findings = gatewayFindings(desired(leaf('acme', [{ address: '127.0.0.1' }])), observed);
    expect(findings.map(({ code, level }) => `${level} ${code}`)).toEqual([
      'error gateway_route_refused',
      'error gateway_certificate_unusable',
      'warning gateway_certificate_ending',
      'error gateway_certificate_ending',
    ]);
    expect(findings.every((finding) => Finding.safeParse(finding).success)).toBe(true);
  });
});

describe('clusters', () => {
  const EDGE = '100.64.1.1';
  const HOST = 'prod.acme.clusters.isthmus.internal';
  const passed = (clusters: readonly { host?: string; address?: string; port?: number }[]) =>
    gatewayDesired(
      {
        routes: [],
        apps: [],
        clusters: [
          {
            kind: 'clusters',
            tenant: 'acme',
            clusters: clusters.map((one) => ({ host: HOST, address: EDGE, port: 7863, ...one })),
          },
        ],
        edges: new Set([EDGE]),
      },
      SETTINGS,
    ).clusters;

  test('lead to the edge that the document says, sorted by name', () => {
    expect(passed([{}, { host: 'a.acme.clusters.isthmus.internal' }])).toEqual([
      { host: 'a.acme.clusters.isthmus.internal', address: EDGE },
      { host: HOST, address: EDGE },
    ]);
  });

  test.each([
    ['an address that is no edge of this hub', { address: '127.0.0.1' }],
    ['an address of a hub', { address: '100.64.0.1' }],
    ['another port', { port: 22 }],
    ['a name with a space', { host: 'a b.acme.clusters.isthmus.internal' }],
    ['a name with a line end', { host: 'a\nb.acme.clusters.isthmus.internal' }],
    ['a name of one label', { host: 'prod' }],
  ])('lead nowhere by %s', (_, change) => {
    expect(passed([change])).toEqual([]);
  });
});

describe('apps', () => {
  const app = (...places: readonly (readonly [virtual: string, port: number])[]) => ({
    name: 'web',
    endpoints: places.map(([virtual, port]) => ({
      real: '10.0.0.1',
      virtual,
      ports: [
        { name: 'http', port },
        { name: 'admin', port: 9 },
      ],
    })),
  });
  const at = (site: string, ...apps: readonly ReturnType<typeof app>[]): AppsLeaf => ({
    kind: 'apps',
    tenant: 'acme',
    site,
    apps: [...apps],
  });
  const served = (apps: readonly AppsLeaf[], port = 'http') =>
    gatewayDesired(
      {
        ...ofRoutes([
          {
            ...leaf('acme', []),
            apps: [{ name: 'shop', host: 'shop.example.com', path: '/', app: 'web', port }],
          },
        ]),
        apps,
      },
      SETTINGS,
    );

  test('a route to an app leads to a group of its containers at all sites', () => {
    const { routes, groups, refused } = served([
      at('tokyo', app(['100.66.0.1', 8080])),
      at('berlin', app(['100.65.0.1', 80], ['100.65.0.1', 80])),
      { ...at('oslo', app(['100.67.0.1', 80])), tenant: 'other' },
    ]);
    expect(refused).toEqual([]);
    expect(routes).toEqual([{ key: 'shop.example.com/', tenant: 'acme', group: 'app_acme_web_http' }]);
    expect(groups).toEqual([
      {
        name: 'app_acme_web_http',
        targets: [
          { address: '100.65.0.1', port: 80 },
          { address: '100.66.0.1', port: 8080 },
        ],
      },
    ]);
  });

  test('a group without a container is there, so that its host is known', () => {
    expect(served([]).groups).toEqual([{ name: 'app_acme_web_http', targets: [] }]);
    expect(served([at('berlin', app(['100.65.0.1', 80]))], 'grpc').groups[0]?.targets).toEqual([]);
  });

  test("nothing leads to an address that is not a site's, whatever the document says", () => {
    const addresses = ['127.0.0.1', '100.64.0.1', '169.254.169.254', '10.0.0.1'];
    expect(
      served([at('berlin', app(...addresses.map((one) => [one, 80] as const)))]).groups[0]?.targets,
    ).toEqual([]);
  });
});
