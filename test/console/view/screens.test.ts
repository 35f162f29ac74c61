/** Addresses of screens: there and back, also for names that nobody should choose. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pathOf, screenAt, TENANT_PAGES } from '../../../console/view/screens.ts';

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
  for (const path of ['/tenants', '/tenants/%E0%A4%A', '/tenants/a/b', '/other', '/tenants/a/sites/1/2/3/4'])
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
