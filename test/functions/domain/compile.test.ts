/** The documents of one estate, in full. */
import { describe, expect, test } from 'vitest';
import { compileEdge, compileHub } from '../../../functions/domain/compile.ts';
import { carriedBy } from '../../../functions/domain/estate.ts';
import type { PeerLeaf } from '../../../protocol/document.ts';
import { DEPLOYMENT, edge, hub, site, tenant } from './estates.ts';

describe('an estate in full', () => {
  const oslo = { real: '10.0.0.0/24', virtual: '100.65.0.0/24' };
  const rome = { real: '10.0.0.0/24', virtual: '100.65.1.0/24' };
  const cloud = { real: '10.8.0.0/16', virtual: '100.66.0.0/16' };
  const red = tenant('red', {
    isolation: 'isolated',
    sites: [
      site('red', 'oslo', { prefixes: [oslo], native: ['cloud'] }),
      site('red', 'rome', { prefixes: [rome], lan: 'masquerade' }),
      site('red', 'cloud', { prefixes: [cloud], kind: 'vpc', native: ['oslo'] }),
    ],
    edges: [
      edge('red', 'oslo', { tunnelAddress: '100.64.1.1' }),
      edge('red', 'oslo-2', { site: 'oslo', tunnelAddress: '100.64.1.2' }),
      edge('red', 'rome', { tunnelAddress: '100.64.1.3' }),
    ],
    services: [{ site: 'oslo', name: 'db', address: '10.0.0.10', port: 5432, protocol: 'tcp' }],
    policies: [
      { name: 'rome-db', from: { site: 'rome' }, to: { site: 'oslo', service: 'db' }, ports: [] },
      {
        name: 'cloud-oslo',
        from: { site: 'cloud' },
        to: { site: 'oslo' },
        ports: [{ protocol: 'tcp', port: 22 }],
      },
    ],
    routes: [{ name: 'db', host: 'db.example.com', path: '/', service: { site: 'oslo', name: 'db' } }],
  });
  const vpc = { tenant: 'red', site: 'cloud' };
  const estate = {
    deployment: DEPLOYMENT,
    hubs: [hub('b', { publicKey: undefined }), hub('a', { vpc })],
    tenants: [red],
  };
  const service = { name: 'db', real: '10.0.0.10', virtual: '100.65.0.10', port: 5432, protocol: 'tcp' };
  const roots = { kind: 'roots', roots: DEPLOYMENT.roots };

  test('the edge that carries the site', () => {
    expect(compileEdge({ ...estate, tenant: red, edge: 'edge.red.oslo' })).toEqual({
      self: {
        kind: 'self',
        agent: 'edge.red.oslo',
        role: 'edge',
        tenant: 'red',
        site: 'oslo',
        tunnelAddress: '100.64.1.1',
        pools: ['100.64.0.0/10'],
        domain: 'isthmus.internal',
        pollSeconds: 60,
      },
      roots,
      hubs: {
        kind: 'hubs',
        hubs: [
          {
            name: 'a',
            publicKey: 'key of hub a',
            endpoint: '198.51.100.1:51820',
            tunnelAddress: '100.64.0.1',
          },
        ],
      },
      network: {
        kind: 'network',
        tenant: 'red',
        site: 'oslo',
        prefixes: [oslo],
        lan: 'routed',
        native: [{ site: 'cloud', prefixes: ['10.8.0.0/16'] }],
      },
      policy: {
        kind: 'policy',
        inbound: 'listed',
        flows: [
          { from: ['10.8.0.0/16'], to: ['10.0.0.0/24'], ports: [{ protocol: 'tcp', port: 22 }] },
          { from: ['100.64.0.1/32'], to: ['100.65.0.10/32'], ports: [{ protocol: 'tcp', port: 5432 }] },
          { from: ['100.65.1.0/24'], to: ['100.65.0.10/32'], ports: [{ protocol: 'tcp', port: 5432 }] },
          { from: ['100.66.0.0/16'], to: ['100.65.0.0/24'], ports: [{ protocol: 'tcp', port: 22 }] },
        ],
      },
      proof: {
        kind: 'proof',
        address: '100.65.0.0',
        isolated: true,
        peers: [{ site: 'rome', edge: 'rome', address: '100.65.1.0' }],
      },
      names: { kind: 'names', tenant: 'red', site: 'oslo', services: [service] },
    });
  });

  test('a second edge of the site carries nothing until it has prefixes of its own', () => {
    const second = compileEdge({ ...estate, tenant: red, edge: 'edge.red.oslo-2' });
    expect(second?.network).toMatchObject({ prefixes: [], site: 'oslo' });
  });

  test('the hub that stands in the VPC', () => {
    expect(compileHub({ ...estate, hub: 'a' })).toEqual({
      self: {
        kind: 'self',
        agent: 'hub.a',
        role: 'hub',
        tunnelAddress: '100.64.0.1',
        pools: ['100.64.0.0/10'],
        domain: 'isthmus.internal',
        pollSeconds: 60,
        listenPort: 51820,
      },
      roots,
      twins: { kind: 'twins', hubs: [] },
      'peer/red/oslo/oslo': peer('oslo', 'oslo', {
        tunnelAddress: '100.64.1.1',
        virtual: ['100.65.0.0/24'],
        native: ['10.0.0.0/24'],
      }),
      'peer/red/oslo/oslo-2': peer('oslo', 'oslo-2', { tunnelAddress: '100.64.1.2' }),
      'peer/red/rome/rome': peer('rome', 'rome', { tunnelAddress: '100.64.1.3', virtual: ['100.65.1.0/24'] }),
      'tenant/red': {
        kind: 'tenant',
        tenant: 'red',
        isolation: 'isolated',
        pairs: [
          { from: '100.65.0.0/24', to: '100.65.1.0/24' },
          { from: '100.65.0.0/24', to: '100.66.0.0/16' },
          { from: '100.65.1.0/24', to: '100.65.0.0/24' },
          { from: '100.66.0.0/16', to: '100.65.0.0/24' },
        ],
        native: [
          { from: '10.0.0.0/24', to: '10.8.0.0/16' },
          { from: '10.8.0.0/16', to: '10.0.0.0/24' },
        ],
      },
      'routes/red': {
        kind: 'routes',
        tenant: 'red',
        routes: [{ name: 'db', host: 'db.example.com', path: '/', address: '100.65.0.10', port: 5432 }],
      },
      'names/red/oslo': { kind: 'names', tenant: 'red', site: 'oslo', services: [service] },
      network: {
        kind: 'network',
        tenant: 'red',
        site: 'cloud',
        prefixes: [cloud],
        lan: 'routed',
        native: [{ site: 'oslo', prefixes: ['10.0.0.0/24'] }],
      },
      policy: { kind: 'policy', inbound: 'listed', flows: [] },
    });
  });

  test('a hub that has not enrolled has no document and nobody dials it', () => {
    expect(compileHub({ ...estate, hub: 'b' })).toBeUndefined();
  });

  test('a route whose service lies in no exposed prefix any more is served by nobody', () => {
    const bare = {
      ...red,
      sites: red.sites.map((one) => (one.name === 'oslo' ? { ...one, prefixes: [] } : one)),
    };
    const leaves = compileHub({ ...estate, tenants: [bare], hub: 'a' });
    expect(Object.keys(leaves ?? {}).filter((name) => /^(routes|names)/.test(name))).toEqual([]);
  });

  test('an edge that claims the key of another, or of a hub, gets no peer', () => {
    const thief = edge('red', 'rome-2', {
      site: 'rome',
      publicKey: 'key of red oslo',
      since: '2026-06-01T00:00:00.000Z',
    });
    const bold = edge('red', 'rome-3', { site: 'rome', publicKey: 'key of hub a' });
    const robbed = { ...red, edges: [thief, bold, ...red.edges] };
    const names = Object.keys(compileHub({ ...estate, tenants: [robbed], hub: 'a' }) ?? {});
    expect(names.filter((name) => name.startsWith('peer/'))).toEqual([
      'peer/red/oslo/oslo',
      'peer/red/oslo/oslo-2',
      'peer/red/rome/rome',
    ]);
  });
});

function peer(siteName: string, name: string, more: Partial<PeerLeaf>): PeerLeaf {
  return {
    kind: 'peer',
    tenant: 'red',
    site: siteName,
    edge: name,
    agent: `edge.red.${name}`,
    publicKey: `key of red ${name}`,
    tunnelAddress: '',
    virtual: [],
    native: [],
    ...more,
  };
}

describe('the prefixes that an edge carries', () => {
  const prefixes = [
    { real: '10.0.1.0/24', virtual: '100.65.1.0/24' },
    { real: '10.0.2.0/24', virtual: '100.65.2.0/24' },
  ];
  const carried = (allowed: readonly string[] | null) => {
    const one = site('red', 'rome', { prefixes });
    return carriedBy(one, [edge('red', 'rome', { site: 'rome', allowed })], []).get('edge.red.rome');
  };

  test('are those that its token names, also if it advertises none; without any named, all of its site', () => {
    expect([carried(['10.0.1.0/24']), carried([]), carried(null)]).toEqual([
      prefixes.slice(0, 1),
      [],
      prefixes,
    ]);
  });
});
