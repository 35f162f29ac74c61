/** Laws of moving: never more than is missing stays, nothing stays for ever, and a move by steps never has fewer than before. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Counted, leavingOf } from '../../../functions/placement/leaving.ts';

const NAMES = ['a', 'b', 'c'] as const;
const ALIVE = new Set<string>(NAMES);
const counts = fc.record({ a: fc.nat(4), b: fc.nat(4), c: fc.nat(4) }).map(countsOf);

function countsOf(by: Readonly<Record<string, number>>): Counted[] {
  return Object.entries(by).flatMap(([cluster, replicas]) => (replicas === 0 ? [] : [{ cluster, replicas }]));
}

const sum = (all: readonly Counted[]) => all.reduce((total, { replicas }) => total + replicas, 0);
const at = (all: readonly Counted[], name: string) => sum(all.filter(({ cluster }) => cluster === name));

describe('what leaves', () => {
  test('stays until those in its place are ready', () => {
    const before = [{ cluster: 'a', replicas: 3 }];
    const wanted = [{ cluster: 'b', replicas: 3 }];
    const leaving = (ready: number) =>
      leavingOf({ wanted, before, told: [{ cluster: 'b', ready }], alive: ALIVE });
    expect(leaving(0)).toEqual([{ cluster: 'a', replicas: 3 }]);
    expect(leaving(2)).toEqual([{ cluster: 'a', replicas: 1 }]);
    expect(leaving(3)).toEqual([]);
  });

  test('is not waited for in a cluster that nothing can be told', () => {
    const moving = { wanted: [{ cluster: 'b', replicas: 3 }], before: [{ cluster: 'a', replicas: 3 }] };
    expect(leavingOf({ ...moving, told: [], alive: new Set(['b']) })).toEqual([]);
  });

  test('does not stay when the app is made smaller', () => {
    const told = [{ cluster: 'a', ready: 4 }];
    const moving = { wanted: [{ cluster: 'a', replicas: 2 }], before: [{ cluster: 'a', replicas: 4 }] };
    expect(leavingOf({ ...moving, told, alive: ALIVE })).toEqual([]);
  });

  test('is never more than what is missing elsewhere, nor than what was there', () => {
    fc.assert(
      fc.property(counts, counts, counts, (wanted, before, ready) => {
        const told = NAMES.map((cluster) => ({ cluster, ready: at(ready, cluster) }));
        const leaving = leavingOf({ wanted, before, told, alive: ALIVE });
        const missing = NAMES.reduce(
          (total, name) => total + Math.max(0, at(wanted, name) - at(ready, name)),
          0,
        );
        expect(sum(leaving)).toBeLessThanOrEqual(missing);
        for (const { cluster, replicas } of leaving)
          expect(replicas + at(wanted, cluster)).toBeLessThanOrEqual(at(before, cluster));
      }),
    );
  });

  test('leaves step by step with as many ready as there were, up to what is wanted', () => {
    fc.assert(
      fc.property(counts, counts, fc.array(fc.constantFrom(...NAMES)), (wanted, before, steps) => {
        // Clusters make what they are told, one replica at a time, in any order.
        const running = new Map(NAMES.map((name) => [name, at(before, name)]));
        const least = Math.min(sum(before), sum(wanted));
        let told = before;
        for (const name of [...steps, ...NAMES.flatMap((one) => [one, one, one, one]), NAMES[0]]) {
          const ready = NAMES.map((cluster) => ({ cluster, ready: running.get(cluster) ?? 0 }));
          const leaving = leavingOf({ wanted, before: told, told: ready, alive: ALIVE });
          told = countsOf(Object.fromEntries(NAMES.map((one) => [one, at(wanted, one) + at(leaving, one)])));
          for (const one of NAMES) running.set(one, Math.min(running.get(one) ?? 0, at(told, one)));
          running.set(name, Math.min(at(told, name), (running.get(name) ?? 0) + 1));
          expect([...running.values()].reduce((a, b) => a + b, 0)).toBeGreaterThanOrEqual(least);
        }
        expect([...running]).toEqual(NAMES.map((name) => [name, at(wanted, name)]));
      }),
    );
  });
});
