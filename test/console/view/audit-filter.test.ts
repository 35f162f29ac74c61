/** Filters of the audit log: what is in the address is what is asked, and what is no filter is not asked. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  ACTIONS,
  type AuditFilter,
  filterOf,
  RESULTS,
  searchOf,
} from '../../../console/view/audit-filter.ts';

const text = fc
  .string({ minLength: 1, maxLength: 253, unit: 'grapheme' })
  .filter((one) => one === one.trim() && one !== '');
const filter: fc.Arbitrary<AuditFilter> = fc.record(
  {
    actor: text,
    action: fc.constantFrom(...ACTIONS),
    kind: text,
    name: text,
    result: fc.constantFrom(...RESULTS),
    since: fc.constant('2026-01-31T12:00:00Z'),
    until: fc.constant('2026-01-31T12:00:00.123Z'),
  },
  { requiredKeys: [] },
);

test('filters go into the address and come back, whatever people are looking for', () => {
  fc.assert(
    fc.property(filter, (one) => {
      const search = new URLSearchParams(searchOf(one));
      expect(filterOf((field) => search.get(field) ?? '')).toEqual(one);
    }),
  );
});

test('times may be written short, and what is no time, action or result is left out', () => {
  const fields: Record<string, string> = {
    since: '2026-01-31',
    until: '2026-01-31T12:00',
    action: 'eat',
    result: 'x',
  };
  expect(filterOf((field) => fields[field] ?? '')).toEqual({
    since: '2026-01-31T00:00:00Z',
    until: '2026-01-31T12:00:00Z',
  });
  expect(filterOf((field) => (field === 'since' ? 'yesterday' : ''))).toEqual({});
  expect(searchOf({})).toBe('');
});
