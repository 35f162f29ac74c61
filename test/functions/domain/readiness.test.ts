/** What sites, services, routes, policies and tenants wait for. */
import { describe, expect, test } from 'vitest';
import type { TenantEstate } from '../../../functions/domain/estate.ts';
import {
  policyConditions,
  routeConditions,
  type SiteEvidence,
  serviceConditions,
  siteConditions,
} from '../../../functions/domain/readiness.ts';
import type { Condition } from '../../../protocol/metadata.ts';
import { edge, site, tenant } from './estates.ts';

const AT = '2026-01-01T00:00:00.000Z';
const prefixes = [{ real: '10.0.0.0/24', virtual: '100.65.0.0/24' }];
const oslo = site('red', 'oslo', { prefixes });
const say = (conditions: Condition[]) =>
  conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`);
const connected = (status: Condition['status'], reason: string): Condition => ({
  type: 'Connected',
  status,
  reason,
  message: '',
  lastTransitionTime: AT,
});

describe('a site', () => {
  const conditions = (more: Partial<SiteEvidence>) =>
    say(
      siteConditions({ site: oslo, edges: [], hubs: [], sites: [oslo], pairs: [], updatedAt: AT, ...more }),
    );
  const up = { edge: edge('red', 'oslo'), connected: connected('True', 'HandshakeFresh') };
  const silent = {
    edge: edge('red', 'oslo-2', { site: 'oslo' }),
    connected: connected('Unknown', 'HubSilent'),
  };
  const down = {
    edge: edge('red', 'oslo-3', { site: 'oslo' }),
    connected: connected('False', 'NoHandshake'),
  };

  test.each<[string, Partial<SiteEvidence>, string]>([
    ['exposes nothing', { site: site('red', 'oslo') }, 'False NoPrefixes'],
    ['has no edge', {}, 'False NoEdge'],
    [
      'has no approved edge',
      { edges: [{ ...up, edge: edge('red', 'oslo', { approved: false }) }] },
      'False NoApprovedEdge',
    ],
    ['has one edge up', { edges: [down, silent, up] }, 'True Connected'],
    ['has an edge that may be up', { edges: [down, silent] }, 'Unknown HubSilent'],
    ['has no edge up', { edges: [down] }, 'False NoHandshake'],
    ['is a VPC whose hub reports', { hubs: [connected('True', 'LivenessFresh')] }, 'True Connected'],
  ])('that %s', (_, more, expected) => {
    expect(conditions(more)).toEqual([`Ready ${expected}`]);
  });

  test('says of each native peer what it waits for', () => {
    const wishes = site('red', 'oslo', { prefixes, native: ['rome', 'pisa', 'nice', 'bari'] });
    const sites = [
      wishes,
      site('red', 'rome', { native: ['oslo'] }),
      site('red', 'pisa'),
      site('red', 'bari', { native: ['oslo'] }),
    ];
    const pairs = [{ tenant: 'red', a: 'oslo', b: 'rome' }];
    expect(conditions({ site: wishes, sites, pairs }).slice(1)).toEqual([
      'Native/bari False Collision',
      'Native/nice False NoSuchSite',
      'Native/pisa False WaitingForPeer',
      'Native/rome True Joined',
    ]);
  });
});

describe('what stands on sites', () => {
  const service = { site: 'oslo', name: 'db', address: '10.0.0.10', port: 1, protocol: 'tcp' as const };
  const route = { name: 'r', host: 'a.example.com', path: '/', service: { site: 'oslo', name: 'db' } };
  const red: TenantEstate = tenant('red', {
    isolation: 'isolated',
    sites: [oslo, site('red', 'rome', { prefixes }), site('red', 'bare')],
    services: [service],
    routes: [route],
  });

  test('a service is named while its address is exposed', () => {
    expect(say(serviceConditions(service, oslo, AT))).toEqual(['Named True Exposed']);
    expect(say(serviceConditions(service, site('red', 'oslo'), AT))).toEqual(['Named False NotExposed']);
    expect(say(serviceConditions(service, undefined, AT))).toEqual(['Named False NotExposed']);
  });

  test('a route is served while its service is', () => {
    expect(say(routeConditions(route, red, AT))).toEqual(['Served True Served']);
    expect(say(routeConditions(route, { ...red, services: [] }, AT))).toEqual(['Served False NoService']);
  });

  test.each<[string, string, string | undefined, string]>([
    ['rome', 'oslo', undefined, 'InForce True Compiled'],
    ['rome', 'oslo', 'db', 'InForce True Compiled'],
    ['rome', 'oslo', 'web', 'InForce False NoSuchService'],
    ['nice', 'oslo', undefined, 'InForce False NoSuchSite'],
    ['rome', 'bare', undefined, 'InForce False NoPrefixes'],
  ])('a policy from %s to %s %s', (from, to, name, expected) => {
    const target = name === undefined ? { site: to } : { site: to, service: name };
    const policy = { name: 'p', from: { site: from }, to: target, ports: [] };
    expect(say(policyConditions(policy, red, AT))).toEqual([expected]);
    if (expected.includes('True'))
      expect(say(policyConditions(policy, { ...red, isolation: 'open' }, AT))).toEqual([
        'InForce True TenantOpen',
      ]);
  });
});
