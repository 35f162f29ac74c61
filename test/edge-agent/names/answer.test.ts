/** What is answered to whom: an edge's and a hub's decisions, as whole tables. */
import { describe, expect, test } from 'vitest';
import { type Decision, decideAnswer } from '../../../edge-agent/names/answer.ts';
import { namesView } from '../../../edge-agent/names/view.ts';
import type { Document, Leaf, PeerLeaf, SelfLeaf } from '../../../protocol/document.ts';
import type { AppsLeaf, NamesLeaf } from '../../../protocol/reach-leaf.ts';

const KEY = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=';

function self(role: 'edge' | 'hub', own: Partial<SelfLeaf>): SelfLeaf {
  return {
    kind: 'self',
    agent: `${role}.x`,
    role,
    tunnelAddress: '100.64.0.1',
    pools: ['100.64.0.0/10'],
    domain: 'isthmus.internal',
    pollSeconds: 30,
    ...own,
  };
}

/** `where` is `TENANT/SITE`. */
function names(where: string, real: string, virtual: string): NamesLeaf {
  const [tenant = '', site = ''] = where.split('/');
  return {
    kind: 'names',
    tenant,
    site,
    services: [{ name: 'db', real, virtual, port: 5432, protocol: 'tcp' }],
  };
}

function apps(where: string, real: string, virtual: string): AppsLeaf {
  const [tenant = '', site = ''] = where.split('/');
  const endpoints = [{ real, virtual, ports: [{ name: 'http', port: 80 }] }];
  return { kind: 'apps', tenant, site, apps: [{ name: 'shop', endpoints }] };
}

function network(where: string, real: string, virtual: string): Leaf {
  const [tenant = '', site = ''] = where.split('/');
  return { kind: 'network', tenant, site, prefixes: [{ real, virtual }], lan: 'routed', native: [] };
}

function peer(where: string, tunnelAddress: string, virtual: string): PeerLeaf {
  const [tenant = '', site = ''] = where.split('/');
  const agent = `edge.${tenant}.${site}`;
  return {
    kind: 'peer',
    tenant,
    site,
    edge: site,
    agent,
    publicKey: KEY,
    tunnelAddress,
    virtual: [virtual],
    native: [],
  };
}

function viewOf(leaves: Record<string, Leaf>) {
  const document: Document = { version: { epoch: 1, generation: 1 }, leaves };
  const view = namesView(document);
  if (view === undefined) throw new Error('no view');
  return view;
}

type Row = readonly [client: string, type: string, name: string, decision: string];

function textOf(decision: Decision): string {
  if (decision.kind === 'addresses') return decision.addresses.join(' ');
  return decision.kind === 'ask_hubs' ? ['ask_hubs', ...decision.own].join(' ') : decision.kind;
}

function expectRows(
  view: ReturnType<typeof viewOf>,
  rows: readonly Row[],
  silent: ReadonlySet<string> = new Set(),
): void {
  const told = rows.map(([client, type, name]) => {
    const decision = decideAnswer(view, { name, type }, { client, silent });
    return [client, type, name, textOf(decision)];
  });
  expect(told).toEqual(rows);
}

describe('an edge', () => {
  const view = viewOf({
    self: self('edge', { tenant: 'acme', site: 'berlin', tunnelAddress: '100.64.0.2' }),
    network: network('acme/berlin', '10.0.0.0/24', '100.65.0.0/24'),
    names: names('acme/berlin', '10.0.0.5', '100.65.0.5'),
    'apps/acme/berlin': apps('acme/berlin', '10.0.0.7', '100.65.0.7'),
  });

  test('answers its own site, asks hubs for others of its tenant, knows no other tenant and passes on the rest', () => {
    expectRows(view, [
      ['10.0.0.9', 'A', 'db.berlin.acme.isthmus.internal', '10.0.0.5'],
      ['10.0.0.9', 'A', 'DB.Berlin.ACME.Isthmus.Internal', '10.0.0.5'],
      ['192.168.7.7', 'A', 'db.berlin.acme.isthmus.internal', '10.0.0.5'],
      ['127.0.0.1', 'A', 'db.berlin.acme.isthmus.internal', '10.0.0.5'],
      ['100.66.0.9', 'A', 'db.berlin.acme.isthmus.internal', '100.65.0.5'],
      ['10.0.0.9', 'AAAA', 'db.berlin.acme.isthmus.internal', 'no_data'],
      ['10.0.0.9', 'HTTPS', 'db.berlin.acme.isthmus.internal', 'no_data'],
      ['10.0.0.9', 'A', 'web.berlin.acme.isthmus.internal', 'no_name'],
      ['10.0.0.9', 'A', 'a.db.berlin.acme.isthmus.internal', 'no_name'],
      ['10.0.0.9', 'A', 'berlin.acme.isthmus.internal', 'ask_hubs'],
      ['10.0.0.9', 'A', 'shop.acme.isthmus.internal', 'ask_hubs 10.0.0.7'],
      ['100.66.0.9', 'A', 'shop.acme.isthmus.internal', 'ask_hubs 100.65.0.7'],
      ['10.0.0.9', 'AAAA', 'shop.acme.isthmus.internal', 'no_data'],
      ['10.0.0.9', 'A', 'shop.other.isthmus.internal', 'no_name'],
      ['10.0.0.9', 'A', 'acme.isthmus.internal', 'no_data'],
      ['10.0.0.9', 'SOA', 'isthmus.internal', 'no_data'],
      ['10.0.0.9', 'A', 'db.paris.acme.isthmus.internal', 'ask_hubs'],
      ['10.0.0.9', 'AAAA', 'db.paris.acme.isthmus.internal', 'ask_hubs'],
      ['10.0.0.9', 'A', 'paris.acme.isthmus.internal', 'ask_hubs'],
      ['10.0.0.9', 'A', 'db.berlin.other.isthmus.internal', 'no_name'],
      ['10.0.0.9', 'A', 'other.isthmus.internal', 'no_name'],
      ['10.0.0.9', 'A', 'example.com', 'forward'],
      ['10.0.0.9', 'A', 'notisthmus.internal', 'forward'],
      ['203.0.113.9', 'A', 'example.com', 'refuse'],
      ['203.0.113.9', 'A', 'db.berlin.acme.isthmus.internal', 'refuse'],
      ['not an address', 'A', 'example.com', 'refuse'],
    ]);
  });
});

describe('a hub', () => {
  const view = viewOf({
    self: self('hub', {}),
    network: network('acme/vpc', '172.31.0.0/16', '100.70.0.0/16'),
    'names/acme/vpc': names('acme/vpc', '172.31.0.5', '100.70.0.5'),
    'names/acme/berlin': names('acme/berlin', '10.0.0.5', '100.65.0.5'),
    'names/other/berlin': names('other/berlin', '10.0.0.5', '100.66.0.5'),
    'apps/acme/vpc': apps('acme/vpc', '172.31.0.7', '100.70.0.7'),
    'apps/acme/berlin': apps('acme/berlin', '10.0.0.7', '100.65.0.7'),
    'apps/other/berlin': apps('other/berlin', '10.0.0.7', '100.66.0.7'),
    'peer/acme/berlin/berlin': peer('acme/berlin', '100.64.0.2', '100.65.0.0/24'),
    'peer/acme/paris/paris': peer('acme/paris', '100.64.0.4', '100.67.0.0/24'),
    'peer/other/berlin/berlin': peer('other/berlin', '100.64.0.3', '100.66.0.0/24'),
  });

  test('tells each source only the names of its own tenant, by virtual address', () => {
    expectRows(view, [
      ['100.64.0.2', 'A', 'db.berlin.acme.isthmus.internal', '100.65.0.5'],
      ['100.67.0.9', 'A', 'db.berlin.acme.isthmus.internal', '100.65.0.5'],
      ['100.64.0.3', 'A', 'db.berlin.acme.isthmus.internal', 'no_name'],
      ['100.64.0.3', 'A', 'db.berlin.other.isthmus.internal', '100.66.0.5'],
      ['100.64.0.2', 'A', 'db.berlin.other.isthmus.internal', 'no_name'],
      ['100.64.0.2', 'A', 'web.berlin.acme.isthmus.internal', 'no_name'],
      ['100.64.0.2', 'A', 'paris.acme.isthmus.internal', 'no_data'],
      ['100.64.0.2', 'A', 'rome.acme.isthmus.internal', 'no_name'],
      ['100.64.0.2', 'AAAA', 'db.berlin.acme.isthmus.internal', 'no_data'],
      ['100.64.0.9', 'A', 'db.berlin.acme.isthmus.internal', 'refuse'],
      ['100.64.0.2', 'A', 'example.com', 'refuse'],
    ]);
  });

  test('tells where an app is reached at all sites of the tenant, but for those it does not hear of', () => {
    const name = 'shop.acme.isthmus.internal';
    expectRows(view, [
      ['100.64.0.2', 'A', name, '100.70.0.7 100.65.0.7'],
      ['172.31.9.9', 'A', name, '172.31.0.7 100.65.0.7'],
      ['100.64.0.3', 'A', name, 'no_name'],
      ['100.64.0.3', 'A', 'shop.other.isthmus.internal', '100.66.0.7'],
      ['100.64.0.2', 'AAAA', name, 'no_data'],
      ['100.64.0.2', 'A', 'none.acme.isthmus.internal', 'no_name'],
    ]);
    expectRows(view, [['100.64.0.2', 'A', name, '100.70.0.7']], new Set(['acme/berlin']));
  });

  test('answers its VPC with real addresses of the VPC and passes on other names', () => {
    expectRows(view, [
      ['172.31.9.9', 'A', 'db.vpc.acme.isthmus.internal', '172.31.0.5'],
      ['172.31.9.9', 'A', 'db.berlin.acme.isthmus.internal', '100.65.0.5'],
      ['172.31.9.9', 'A', 'db.berlin.other.isthmus.internal', 'no_name'],
      ['172.31.9.9', 'A', 'example.com', 'forward'],
    ]);
  });
});
