/** Addresses of screens: there and back, also for names that nobody should choose. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pathOf, screenAt } from '../../../console/view/screens.ts';

test('a path names a screen, and what is none is said so', () => {
  expect(screenAt('/')).toEqual({ kind: 'home' });
  expect(screenAt('/events/')).toEqual({ kind: 'events' });
  expect(screenAt('/tenants/demo')).toEqual({ kind: 'tenant', tenant: 'demo' });
  for (const path of ['/tenants', '/tenants/%E0%A4%A', '/tenants/a/b', '/other'])
    expect(screenAt(path)).toEqual({ kind: 'unknown', path });
});

test('the way back leads to the same screen, whatever the tenant is called', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 253, unit: 'grapheme' }), (tenant) => {
      expect(screenAt(pathOf({ kind: 'tenant', tenant }))).toEqual({ kind: 'tenant', tenant });
    }),
  );
});
