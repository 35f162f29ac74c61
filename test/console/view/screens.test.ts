/** Addresses of screens: there and back, also for names that nobody should choose. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DEPLOYMENT_PAGES, pathOf, screenAt, TENANT_PAGES } from '../../../console/view/screens.ts';
import { PLAIN_SECTIONS, type Section } from '../../../console/view/sections.ts';

test('a path names a screen, and what is none is said so', () => {
  expect(screenAt('/')).toEqual({ kind: 'home' });
  expect(screenAt('/events/')).toEqual({ kind: 'events' });
  expect(screenAt('/tenants/demo')).toEqual({ kind: 'tenant', tenant: 'demo' });
  expect(screenAt('/tenants/demo/edges/a%2Fb')).toEqual({
    kind: 'page',
    tenant: 'demo',
    page: 'edges',
    below: ['a/b'],
  });
  for (const path of [
    '/tenants',
    '/tenants/%E0%A4%A',
    '/tenants/a/b',
    '/other',
    '/tenants/a/sites/1/2/3/4',
    '/hubs/1/2/3/4',
  ])
    expect(screenAt(path)).toEqual({ kind: 'unknown', path });
});

test('the way back leads to the same screen, whatever the tenant is called', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 253, unit: 'grapheme' }), (tenant) => {
      expect(screenAt(pathOf({ kind: 'tenant', tenant }))).toEqual({ kind: 'tenant', tenant });
    }),
  );
});
test('the same holds for every page of a tenant, and for what is below it', () => {
  const name = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' });
  fc.assert(
    fc.property(
      name,
      fc.constantFrom(...TENANT_PAGES),
      fc.array(name, { maxLength: 3 }),
      (tenant, page, below) => {
        const screen = { kind: 'page' as const, tenant, page, below };
        expect(screenAt(pathOf(screen))).toEqual(screen);
      },
    ),
  );
});

const name = fc.string({ minLength: 1, maxLength: 253, unit: 'grapheme' });
test('and for every page of the deployment', () => {
  fc.assert(
    fc.property(fc.constantFrom(...DEPLOYMENT_PAGES), fc.array(name, { maxLength: 3 }), (page, below) => {
      const screen = { kind: 'deployment' as const, page, below };
      expect(screenAt(pathOf(screen))).toEqual(screen);
    }),
  );
});

const section: fc.Arbitrary<Section> = fc.oneof(
  fc.record({
    kind: fc.constantFrom(...PLAIN_SECTIONS),
  }),
  fc.record({
    kind: fc.constantFrom(...(['app', 'manifest', 'terminal', 'logs', 'policy', 'route', 'pool'] as const)),
    name,
  }),
  fc.record({ kind: fc.constant('service' as const), site: name, name }),
);

test('every page of a tenant has one address, whatever tenant and thing are called', () => {
  fc.assert(
    fc.property(name, section, (tenant, one) => {
      const screen = { kind: 'section' as const, tenant, section: one };
      expect(screenAt(pathOf(screen))).toEqual(screen);
    }),
  );
  expect(pathOf({ kind: 'section', tenant: 'demo', section: { kind: 'manifest', name: 'web' } })).toBe(
    '/tenants/demo/apps/web/manifest',
  );
  for (const path of ['/tenants/a/apps/b/c', '/tenants/a/apps/b/manifest/d', '/tenants/a/policies/%E0%A4%A'])
    expect(screenAt(path)).toEqual({ kind: 'unknown', path });
});
