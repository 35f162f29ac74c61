/** Random documents for laws: small universes, so that two of them have much in common. All pass the guard. */
import fc from 'fast-check';
import type { Choice, HostFacts } from '../../../edge-agent/plan/state.ts';
import type { Document, Leaf } from '../../../protocol/document.ts';

const POOLS = ['100.64.0.0/10'];
const DOMAIN = 'isthmus.internal';
export const HUBS = ['alpha', 'beta', 'gamma'];

/** A valid WireGuard public key that is easy to tell from others. */
export function keyOf(name: string): string {
  return `${Buffer.from(name.padEnd(32, '.')).toString('base64').slice(0, 42)}A=`;
}

export function factsOf(role: 'edge' | 'hub'): HostFacts {
  return {
    agent: role === 'edge' ? 'edge.acme.berlin' : 'hub.alpha',
    role,
    implementation: 'userspace',
    publicKey: keyOf('own'),
    lanDevices: [{ name: 'eth0', prefixes: ['10.0.0.0/24'] }],
    defaultDevice: 'eth0',
    foreignRoutes: [],
    controlPlaneAddresses: ['192.0.2.10'],
    resolvers: ['192.0.2.53'],
  };
}

export function documentOf(leaves: Record<string, Leaf>): Document {
  return { version: { epoch: 1, generation: 1 }, leaves };
}

export interface Scene {
  readonly document: Document;
  readonly choice: Choice;
}

const MAPPINGS = [
  { real: '10.0.0.0/24', virtual: '100.65.0.0/24' },
  { real: '10.0.0.0/24', virtual: '100.65.1.0/24' },
  { real: '10.0.1.0/24', virtual: '100.65.0.0/24' },
  { real: '10.0.2.0/24', virtual: '100.65.2.0/24' },
] as const;
const NATIVE = ['10.8.0.0/24', '10.9.0.0/24'];
const REMOTE = ['100.66.0.0/24', '100.66.1.0/24', '10.8.0.0/24'];
const OWN = ['100.65.0.0/24', '100.65.2.7/32', '10.0.0.0/24'];

const flow = fc.record({
  from: fc.subarray(REMOTE),
  to: fc.subarray(OWN),
  ports: fc.subarray([{ protocol: 'tcp', port: 80 } as const, { protocol: 'udp', port: 53 } as const]),
});

/** Locks of apps, and apps that must stay inside; often none. */
const locks = fc.oneof(
  fc.constant({}),
  fc.record({
    guarded: fc
      .array(flow, { minLength: 1, maxLength: 2 })
      .map((some) => some.map(({ to, ports }) => ({ to, ports }))),
    callers: fc.array(flow, { maxLength: 2 }),
  }),
  fc.record({
    confined: fc.record({
      from: fc.subarray(['10.0.0.10/32', '10.0.0.0/24'], { minLength: 1 }),
      to: fc.subarray(REMOTE, { minLength: 1 }),
    }),
  }),
);

/** Neither the real nor the virtual side of one mapping is that of another. */
const mappings = fc
  .subarray([...MAPPINGS])
  .map((some) =>
    some.filter((one, index) =>
      some.slice(0, index).every(({ real, virtual }) => real !== one.real && virtual !== one.virtual),
    ),
  );

export function selfOf(role: 'edge' | 'hub'): Extract<Leaf, { kind: 'self' }> {
  const { agent } = factsOf(role);
  const tunnelAddress = role === 'edge' ? '100.64.1.2' : '100.64.0.1';
  const port = role === 'hub' ? { listenPort: 51820 } : {};
  return { kind: 'self', agent, role, tunnelAddress, pools: POOLS, domain: DOMAIN, pollSeconds: 30, ...port };
}

export const edgeScene: fc.Arbitrary<Scene> = fc
  .record({
    hubs: fc.subarray(HUBS),
    mappings,
    native: fc.subarray(NATIVE),
    lan: fc.constantFrom('routed' as const, 'masquerade' as const),
    inbound: fc.constantFrom('tenant' as const, 'listed' as const),
    flows: fc.array(flow, { maxLength: 3 }),
    locked: locks,
    activeHub: fc.constantFrom(...HUBS),
    mtu: fc.constantFrom(1420, 1280),
  })
  .map(({ hubs, mappings: prefixes, native, lan, inbound, flows, locked, activeHub, mtu }) => ({
    document: documentOf({
      self: selfOf('edge'),
      hubs: { kind: 'hubs', hubs: hubs.map(hubOf) },
      network: {
        ...{ kind: 'network', tenant: 'acme', site: 'berlin', prefixes, lan },
        native: native.map((prefix) => ({ site: 'munich', prefixes: [prefix] })),
      },
      policy: { kind: 'policy', inbound, flows, ...locked },
    }),
    choice: { activeHub, mtuByHub: { [activeHub]: mtu } },
  }));

export function hubOf(name: string) {
  const index = HUBS.indexOf(name);
  return {
    name,
    publicKey: keyOf(`hub ${name}`),
    endpoint: `198.51.100.${10 + index}:51820`,
    tunnelAddress: `100.64.0.${1 + index}`,
  };
}

export const EDGES = ['one', 'two', 'three', 'four'];

export function nextKeyOf(edge: string): string {
  return keyOf(`next ${edge}`);
}

export const VIRTUAL = ['100.65.0.0/24', '100.65.1.0/24', '100.65.2.0/24', '100.65.3.0/24'];
const TENANTS = ['acme', 'other'];

const pair = fc.record({
  from: fc.constantFrom(...VIRTUAL),
  to: fc.constantFrom(...VIRTUAL, '100.65.1.7/32'),
});

/** Prefixes move between edges, edges between tenants, keys between edges, and edges from one key to the next from one scene to the other. */
export const hubScene: fc.Arbitrary<Scene> = fc
  .record({
    edges: fc.subarray(EDGES),
    tenantOf: fc.array(fc.constantFrom(...TENANTS), { minLength: 4, maxLength: 4 }),
    keys: fc.shuffledSubarray(['a', 'b', 'c', 'd', 'e'], { minLength: 4, maxLength: 4 }),
    owners: fc.array(fc.constantFrom(...EDGES, 'nobody'), { minLength: 4, maxLength: 4 }),
    isolation: fc.array(fc.constantFrom('open' as const, 'isolated' as const), {
      minLength: 2,
      maxLength: 2,
    }),
    pairs: fc.array(pair, { maxLength: 3 }),
    rotating: fc.array(fc.constantFrom('none' as const, 'present' as const, 'next' as const), {
      minLength: 4,
      maxLength: 4,
    }),
  })
  .map(({ edges, tenantOf, keys, owners, isolation, pairs, rotating }) => {
    const peers = edges.map((edge): Extract<Leaf, { kind: 'peer' }> => {
      const index = EDGES.indexOf(edge);
      const tenant = tenantOf[index] ?? 'acme';
      const virtual = VIRTUAL.filter((_, at) => owners[at] === edge);
      const tunnelAddress = `100.64.1.${index + 1}`;
      const publicKey = keyOf(`edge ${keys[index]}`);
      const names = { tenant, site: edge, edge, agent: `edge.${tenant}.${edge}` };
      const next = rotating[index] === 'none' ? {} : { nextKey: nextKeyOf(edge) };
      return { kind: 'peer', ...names, publicKey, ...next, tunnelAddress, virtual, native: [] };
    });
    const tenants = TENANTS.map((tenant, index): Leaf => {
      const mode = isolation[index] ?? 'open';
      return { kind: 'tenant', tenant, isolation: mode, pairs: mode === 'isolated' ? pairs : [], native: [] };
    });
    const leaves = [
      ...peers.map((leaf): [string, Leaf] => [`peer/${leaf.tenant}/${leaf.site}/${leaf.edge}`, leaf]),
      ...tenants.map((leaf): [string, Leaf] => [`tenant/${'tenant' in leaf ? leaf.tenant : ''}`, leaf]),
    ];
    const document = documentOf({ self: selfOf('hub'), ...Object.fromEntries(leaves) });
    const inUse = peers.map(({ agent, edge, publicKey, nextKey = publicKey }) => {
      return [agent, rotating[EDGES.indexOf(edge)] === 'next' ? nextKey : publicKey] as const;
    });
    return { document, choice: { mtuByHub: {}, keyByEdge: Object.fromEntries(inUse) } };
  });
