/** The plan for the managed prefix list: calls of bounded size that never overfill it and never drop what is wanted. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ENTRIES_PER_CALL_MAX, planPrefixList } from '../../vpc/plan/prefix-list.ts';
import type { PrefixListView } from '../../vpc/port.ts';

function list(entries: readonly string[], maxEntries = 1000): PrefixListView {
  return { id: 'pl-1', version: 3, maxEntries, entries };
}

const prefixes = (count: number, first = 0) =>
  Array.from({ length: count }, (_, index) => `10.${(first + index) >> 8}.${(first + index) & 255}.0/24`);

describe('a plan for a prefix list', () => {
  test('is empty for a list that is right', () => {
    expect(planPrefixList(list(prefixes(3)), prefixes(3).reverse())).toEqual({ do: 'change', changes: [] });
  });

  test('takes away and adds in one call where it fits', () => {
    const plan = planPrefixList(list(['10.0.0.0/24', '10.0.1.0/24']), ['10.0.1.0/24', '10.0.2.0/24']);
    expect(plan).toEqual({ do: 'change', changes: [{ add: ['10.0.2.0/24'], remove: ['10.0.0.0/24'] }] });
  });

  test('is refused with a sentence for what the list has no room for', () => {
    expect(planPrefixList(list([], 2), prefixes(3))).toEqual({
      do: 'refuse',
      reason: '3 native prefixes do not fit into pl-1, which takes 2: raise its maximum number of entries.',
    });
  });

  test('takes several calls for 250 prefixes', () => {
    const plan = planPrefixList(list([]), prefixes(250));
    expect(plan.do === 'change' && plan.changes.map(({ add }) => add.length)).toEqual([100, 100, 50]);
  });
});

test('whatever was there and is wanted: small calls, never too full, nothing wanted goes, all is there at the end', () => {
  const some = fc.uniqueArray(fc.constantFrom(...prefixes(300)), { maxLength: 260 });
  fc.assert(
    fc.property(some, some, fc.nat(40), (there, wanted, spare) => {
      const maxEntries = Math.max(there.length, wanted.length) + spare;
      const plan = planPrefixList(list(there, maxEntries), wanted);
      if (plan.do === 'refuse') throw new Error(plan.reason);
      const entries = new Set(there);
      for (const { add, remove } of plan.changes) {
        expect(add.length + remove.length).toBeLessThanOrEqual(ENTRIES_PER_CALL_MAX);
        expect(add.length + remove.length).toBeGreaterThan(0);
        for (const entry of remove) expect(entries.delete(entry) && !wanted.includes(entry)).toBe(true);
        for (const entry of add) entries.add(entry);
        expect(entries.size).toBeLessThanOrEqual(maxEntries);
      }
      expect([...entries].sort()).toEqual([...wanted].sort());
    }),
    { numRuns: 60 },
  );
});
