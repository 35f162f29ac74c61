/** Services and routes: where they may lead, and what they are called. */
import { describe, expect, test } from 'vitest';
import { checkRoute, servedRoutes } from '../../../functions/domain/route.ts';
import { checkService, hostnameOf, virtualAddress } from '../../../functions/domain/service.ts';
import { POOLS, site, tenant } from './estates.ts';

describe('a service', () => {
  const check = (address: string, prefixes: string[]) =>
    checkService({ address }, { prefixes, pools: POOLS })?.code;

  test('lies in an exposed prefix of its site', () => {
    expect(check('10.0.0.10', ['10.1.0.0/16', '10.0.0.0/24'])).toBeUndefined();
    expect(check('10.0.1.10', ['10.0.0.0/24'])).toBe('address_outside_site');
    expect(check('10.0.0.10', [])).toBe('address_outside_site');
  });

  test('scenario 10: never leads to loopback, link-local, metadata or a virtual pool, even if a prefix did', () => {
    for (const address of [
      '127.0.0.1',
      '169.254.169.254',
      '100.64.0.1',
      '0.0.0.0',
      '239.1.1.1',
      '255.255.255.255',
    ])
      expect(check(address, [`${address}/32`])).toBe('address_outside_site');
  });

  test('is called SERVICE.SITE.TENANT under the domain', () => {
    expect(hostnameOf('db', 'oslo', 'red')).toBe('db.oslo.red.isthmus.internal');
  });

  test('has at its virtual address the same place as at its real one', () => {
    const mappings = [
      { real: '10.0.0.0/24', virtual: '100.65.7.0/24' },
      { real: '10.1.0.0/16', virtual: '100.66.0.0/16' },
    ];
    expect(['10.0.0.9', '10.1.2.3', '10.2.0.1'].map((address) => virtualAddress(address, mappings))).toEqual([
      '100.65.7.9',
      '100.66.2.3',
      undefined,
    ]);
  });
});

describe('a route', () => {
  const service = { site: 'oslo', name: 'web', address: '10.0.0.10', port: 80, protocol: 'tcp' as const };
  const route = {
    name: 'shop',
    host: 'shop.example.com',
    path: '/shop',
    service: { site: 'oslo', name: 'web' },
  };
  const red = tenant('red', {
    sites: [site('red', 'oslo', { prefixes: [{ real: '10.0.0.0/24', virtual: '100.65.0.0/24' }] })],
    services: [service],
    routes: [route],
  });

  test('leads to a TCP service that exists', () => {
    expect(checkRoute(route, red)).toBeUndefined();
    expect(checkRoute(route, { ...red, services: [] })?.code).toBe('invalid');
    expect(checkRoute(route, { ...red, services: [{ ...service, protocol: 'udp' }] })?.code).toBe('invalid');
  });

  test('has its host and path for itself, with or without a slash at the end', () => {
    expect(checkRoute({ ...route, name: 'other', path: '/shop/' }, red)?.code).toBe('already_exists');
    expect(checkRoute({ ...route, name: 'other', path: '/' }, red)).toBeUndefined();
  });

  test('is served at the virtual address as long as that is exposed', () => {
    expect(servedRoutes(red)).toEqual([{ route, service, address: '100.65.0.10' }]);
    expect(servedRoutes({ ...red, sites: [site('red', 'oslo')] })).toEqual([]);
    expect(servedRoutes({ ...red, services: [] })).toEqual([]);
  });
});
