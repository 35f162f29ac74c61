/** What an agent refuses whoever signed it. */
import { expect, test } from 'vitest';
import { guard } from '../../../edge-agent/plan/guard.ts';
import type { HostFacts } from '../../../edge-agent/plan/state.ts';
import type { Leaf } from '../../../protocol/document.ts';
import { documentOf, factsOf, hubOf, keyOf, selfOf } from './documents.ts';

const NETWORK = {
  kind: 'network',
  tenant: 'acme',
  site: 'berlin',
  prefixes: [],
  lan: 'routed',
  native: [],
} as const;

function edgeWith(more: {
  pools?: string[];
  native?: string[];
  mappings?: [string, string][];
}): Record<string, Leaf> {
  const { pools = ['100.64.0.0/10'], native = [], mappings = [['10.0.0.0/24', '100.65.0.0/24']] } = more;
  return {
    self: { ...selfOf('edge'), pools },
    hubs: { kind: 'hubs', hubs: [hubOf('alpha')] },
    network: {
      ...NETWORK,
      prefixes: mappings.map(([real, virtual]) => ({ real, virtual })),
      native: native.map((prefix) => ({ site: 'munich', prefixes: [prefix] })),
    },
  };
}

function codesOf(leaves: Record<string, Leaf>, facts: HostFacts): string[] {
  return [...new Set(guard(documentOf(leaves), facts).map(({ code }) => code))];
}

const EDGE = factsOf('edge');

test('a site may expose its own LAN: translation is what it is for', () => {
  expect(guard(documentOf(edgeWith({})), EDGE)).toEqual([]);
});

const REFUSED: readonly [string, Record<string, Leaf>, HostFacts, string[]][] = [
  ['takes the LAN as native', edgeWith({ native: ['10.0.0.0/16'], mappings: [] }), EDGE, ['guard.own_lan']],
  [
    'takes a host of the LAN as native',
    edgeWith({ native: ['10.0.0.7/32'], mappings: [] }),
    EDGE,
    ['guard.own_lan'],
  ],
  [
    'takes a route of the host',
    edgeWith({ native: ['10.7.0.0/24'] }),
    { ...EDGE, foreignRoutes: ['10.7.0.0/16'] },
    ['guard.foreign_route'],
  ],
  [
    'takes the default route',
    edgeWith({ native: ['0.0.0.0/0'], mappings: [] }),
    { ...EDGE, lanDevices: [], controlPlaneAddresses: [], resolvers: [] },
    ['guard.default_route', 'guard.hub_endpoint'],
  ],
  ['has a pool wider than /8', edgeWith({ pools: ['100.0.0.0/6'] }), EDGE, ['guard.too_wide']],
  ["takes a hub's endpoint", edgeWith({ native: ['198.51.100.0/24'] }), EDGE, ['guard.hub_endpoint']],
  ['takes the control plane', edgeWith({ native: ['192.0.2.0/28'] }), EDGE, ['guard.control_plane']],
  ['takes the name server', edgeWith({ native: ['192.0.2.53/32'] }), EDGE, ['guard.resolver']],
  [
    "takes the site's own prefix as native",
    edgeWith({ native: ['10.3.0.0/25'], mappings: [['10.3.0.0/24', '100.65.0.0/24']] }),
    EDGE,
    ['guard.own_prefix'],
  ],
  [
    'maps prefixes of different length',
    edgeWith({ mappings: [['10.0.0.0/24', '100.65.0.0/25']] }),
    EDGE,
    ['guard.mapping_length'],
  ],
  [
    'exposes more than a /16',
    edgeWith({ mappings: [['10.0.0.0/15', '100.66.0.0/15']] }),
    EDGE,
    ['guard.mapping_wide'],
  ],
  [
    'exposes link-local addresses',
    edgeWith({ mappings: [['169.254.169.0/24', '100.65.0.0/24']] }),
    EDGE,
    ['guard.mapping_reserved'],
  ],
  [
    'exposes loopback',
    edgeWith({ mappings: [['127.0.0.0/24', '100.65.0.0/24']] }),
    EDGE,
    ['guard.mapping_reserved'],
  ],
  [
    'has a virtual prefix outside the pools',
    edgeWith({ mappings: [['10.0.0.0/24', '172.16.0.0/24']] }),
    EDGE,
    ['guard.mapping_virtual'],
  ],
  [
    'exposes virtual addresses',
    edgeWith({ mappings: [['100.70.0.0/24', '100.65.0.0/24']] }),
    EDGE,
    ['guard.mapping_real'],
  ],
  [
    'maps one prefix twice',
    edgeWith({
      mappings: [
        ['10.0.0.0/24', '100.65.0.0/24'],
        ['10.0.0.0/25', '100.65.2.0/25'],
      ],
    }),
    EDGE,
    ['guard.mapping_overlap'],
  ],
  [
    'gives the tunnel address away',
    edgeWith({ mappings: [['10.0.0.0/24', '100.64.1.0/24']] }),
    EDGE,
    ['guard.tunnel_address'],
  ],
  [
    'has tunnel addresses outside the pools',
    edgeWith({ pools: ['100.96.0.0/11'], mappings: [] }),
    EDGE,
    ['guard.tunnel_address'],
  ],
  ['is of another agent', edgeWith({}), { ...EDGE, agent: 'edge.acme.munich' }, ['guard.wrong_agent']],
  ['is of another role', edgeWith({}), { ...EDGE, role: 'hub' }, ['guard.wrong_role']],
  ['does not say whose it is', {}, EDGE, ['guard.incomplete']],
];

test.each(REFUSED)('an edge refuses a document that %s', (_what, leaves, facts, codes) => {
  expect(codesOf(leaves, facts)).toEqual(codes);
});

interface PeerChoice {
  readonly site: string;
  readonly tenant?: string;
  readonly key?: string;
  readonly tunnelAddress?: string;
  readonly virtual?: string[];
  readonly native?: string[];
}

function hubWith(choices: readonly PeerChoice[], tenants: readonly Leaf[] = []): Record<string, Leaf> {
  const peers = choices.map((choice, index): [string, Leaf] => {
    const { site, tenant = 'acme', key = site, virtual = [], native = [] } = choice;
    const tunnelAddress = choice.tunnelAddress ?? `100.64.1.${index + 1}`;
    const names = { tenant, site, edge: site, agent: `edge.${tenant}.${site}` };
    return [
      `peer/${tenant}/${site}`,
      { kind: 'peer', ...names, publicKey: keyOf(key), tunnelAddress, virtual, native },
    ];
  });
  const leaves = tenants.map((leaf, index): [string, Leaf] => [`tenant/${index}`, leaf]);
  return { self: selfOf('hub'), ...Object.fromEntries([...peers, ...leaves]) };
}

const HUB = factsOf('hub');

test('a hub takes peers that share nothing', () => {
  const peers = [
    { site: 'berlin', virtual: ['100.65.0.0/24'] },
    { site: 'munich', virtual: ['100.65.1.0/24'] },
  ];
  expect(guard(documentOf(hubWith(peers)), HUB)).toEqual([]);
});

const HUB_REFUSED: readonly [string, PeerChoice[], string[]][] = [
  [
    'two edges have one prefix',
    [
      { site: 'berlin', virtual: ['100.65.0.0/24'] },
      { site: 'munich', virtual: ['100.65.0.0/24'] },
    ],
    ['guard.overlapping_peers'],
  ],
  [
    'one edge has a narrower prefix of another',
    [
      { site: 'berlin', virtual: ['100.65.0.0/16'] },
      { site: 'munich', virtual: ['100.65.7.0/24'] },
    ],
    ['guard.overlapping_peers'],
  ],
  [
    "an edge has the hub's own address",
    [{ site: 'berlin', tunnelAddress: '100.64.0.1' }],
    ['guard.overlapping_peers'],
  ],
  [
    'two edges have one key',
    [
      { site: 'berlin', key: 'same' },
      { site: 'munich', key: 'same' },
    ],
    ['guard.duplicate_key'],
  ],
  [
    'an edge has addresses outside the pools',
    [{ site: 'berlin', virtual: ['10.5.0.0/24'] }],
    ['guard.mapping_virtual'],
  ],
  ["a native prefix is the VPC's", [{ site: 'berlin', native: ['10.0.0.0/24'] }], ['guard.own_lan']],
  [
    'a native prefix is the default route',
    [{ site: 'berlin', native: ['0.0.0.0/0'] }],
    [
      'guard.default_route',
      'guard.own_lan',
      'guard.control_plane',
      'guard.resolver',
      'guard.overlapping_peers',
    ],
  ],
];

test.each(HUB_REFUSED)('a hub refuses a document in which %s', (_what, peers, codes) => {
  expect(codesOf(hubWith(peers), HUB)).toEqual(codes);
});

test('a refusal says what is wrong, that nothing was applied, and where to look', () => {
  expect(guard(documentOf(edgeWith({ native: ['10.0.0.0/16'], mappings: [] })), EDGE)).toEqual([
    {
      code: 'guard.own_lan',
      level: 'error',
      message:
        'The native prefix 10.0.0.0/16 would take 10.0.0.0/24, which is on the link eth0 into the tunnel. The document is not applied; the one before stays in force.',
      fix: 'Look for 10.0.0.0/16 among the sites, pools and hubs of the control plane, and correct or remove it.',
    },
  ]);
});
