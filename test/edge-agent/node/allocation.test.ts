/** Laws of handing out addresses: whatever is known, however old it is, an address has one holder. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  afterDelete,
  choose,
  isUsable,
  KEPT_MS,
  type Knowledge,
  startOf,
  sweepsOf,
  type Wish,
} from '../../../edge-agent/node/allocation.ts';
import type { Holder, Holding } from '../../../edge-agent/node/holding.ts';
import { formatAddress, parseAddress, parsePrefix } from '../../../protocol/address.ts';

const SMALL = ['10.0.5.248/29', '10.0.6.0/30'].map(parsePrefix);
/** 10.0.5.248 to .254, and 10.0.6.1 to .3. */
const USABLE = 10;

function holder(name: string, change: Partial<Holder> = {}): Holder {
  return { namespace: 'acme', name, uid: `uid-${name}`, app: 'web', isStable: false, ...change };
}

function wish(name: string, change: Partial<Holder> = {}, node = 'n1'): Wish {
  return { pool: 'web', prefixes: SMALL, holder: holder(name, change), node, container: `c-${name}` };
}

function knowing(holdings: readonly Holding[], change: Partial<Knowledge> = {}): Knowledge {
  return {
    holdings: new Map(holdings.map((one) => [one.address, one])),
    pending: new Set(),
    after: 0,
    nowMs: 1_000,
    linkLength: 24,
    ...change,
  };
}

function holding(address: string, change: Partial<Holding> = {}): Holding {
  const base = { pool: 'web', holder: holder('old'), node: 'n1', container: 'c-old', state: 'held' } as const;
  return { ...base, address: parseAddress(address), sinceMs: 0, version: '7', ...change };
}

describe('an address', () => {
  test('is the first free one behind the last that was tried, going around', () => {
    const at = (after: string) => {
      const choice = choose(wish('a'), knowing([holding('10.0.5.250')], { after: parseAddress(after) }));
      return choice.kind === 'exhausted' ? choice.kind : formatAddress(choice.next.address);
    };
    expect(['10.0.5.249', '10.0.5.254', '10.0.6.3'].map(at)).toEqual([
      '10.0.5.251',
      '10.0.6.1',
      '10.0.5.248',
    ]);
  });

  test('is never an end of a /24, nor of the network that containers are on', () => {
    const ends = ['10.0.5.0', '10.0.5.255', '10.0.5.64', '10.0.5.127'].map(parseAddress);
    expect(ends.map((address) => isUsable(address, 24))).toEqual([false, false, true, true]);
    expect(ends.map((address) => isUsable(address, 26))).toEqual([false, false, false, false]);
  });

  test('is the same again for a container that is made anew, in the version that is known', () => {
    const mine = holding('10.0.6.2', { holder: holder('a'), container: 'before' });
    expect(choose(wish('a'), knowing([mine]))).toEqual({
      kind: 'replace',
      next: { ...mine, container: 'c-a', sinceMs: 1_000 },
    });
  });

  test.each(['held', 'kept'] as const)(
    'of a StatefulSet (%s) goes to the pod of the same name, wherever it is',
    (state) => {
      const before = holding('10.0.6.2', { holder: holder('db-0', { uid: 'old', isStable: true }), state });
      const choice = choose(wish('db-0', { isStable: true }, 'n2'), knowing([before]));
      expect(choice).toMatchObject({
        kind: 'replace',
        next: { address: before.address, node: 'n2', state: 'held' },
      });
    },
  );

  test('that is kept is taken last, and only when nobody came for it in time', () => {
    const kept = holding('10.0.6.2', { state: 'kept', holder: holder('db-0', { isStable: true }) });
    const all = knowing([]).holdings;
    const others = Array.from({ length: USABLE }, (_, index) => `p${index}`).reduce<Holding[]>((taken) => {
      const choice = choose(wish(`p${taken.length}`), knowing([...taken, kept]));
      return choice.kind === 'create' ? [...taken, choice.next] : taken;
    }, []);
    expect([all.size, others.length]).toEqual([0, USABLE - 1]);
    const full = [...others, kept];
    expect(choose(wish('late'), knowing(full))).toEqual({
      ...{ kind: 'exhausted', usable: USABLE, held: USABLE - 1, kept: 1 },
    });
    expect(choose(wish('late'), knowing(full, { nowMs: KEPT_MS }))).toMatchObject({
      kind: 'replace',
      next: { address: kept.address, version: '7', state: 'held' },
    });
  });

  test('is free after its container, or kept where the container comes back by name', () => {
    expect(afterDelete(holding('10.0.6.2'), 5)).toBeUndefined();
    const stable = holding('10.0.6.2', { holder: holder('db-0', { isStable: true }) });
    expect(afterDelete(stable, 5)).toEqual({ ...stable, state: 'kept', sinceMs: 5 });
  });

  test('is looked for from places that differ by node and lie in the pool', () => {
    const wide = [parsePrefix('10.0.0.0/20')];
    const starts = Array.from({ length: 20 }, (_, index) => startOf(`node-${index}`, wide));
    expect(new Set(starts).size).toBeGreaterThan(18);
    expect(
      starts.every((start) => start >= parseAddress('10.0.0.0') && start < parseAddress('10.0.16.0')),
    ).toBe(true);
  });
});

describe('what nobody came for', () => {
  const stable = (change: Partial<Holding> = {}) =>
    holding('10.0.6.1', { holder: holder('db-0', { isStable: true }), ...change });
  const presence = { pods: new Set<string>(), statefulSets: new Set(['acme/db']), nowMs: 100_000 };

  test.each<[string, Holding, Partial<typeof presence>, string[]]>([
    ['of a pod that is there stays', holding('10.0.6.1'), { pods: new Set(['uid-old']) }, []],
    ['that is young stays', holding('10.0.6.1', { sinceMs: 99_000 }), {}, []],
    ['of a pod that is gone is freed', holding('10.0.6.1'), {}, ['free']],
    ['of a StatefulSet that is there is kept', stable(), {}, ['keep']],
    ['and is kept already, it stays', stable({ state: 'kept' }), {}, []],
    ['until it was kept for too long', stable({ state: 'kept' }), { nowMs: KEPT_MS }, ['free']],
    ['of a StatefulSet that is gone is freed', stable(), { statefulSets: new Set() }, ['free']],
  ])('an address %s', (_, one, change, expected) => {
    expect(sweepsOf([one], { ...presence, ...change }, 60_000).map(({ kind }) => kind)).toEqual(expected);
  });
});

/** The cluster's API as far as claims go: an object is made once, and changed in the version that is there. */
class Objects {
  readonly now = new Map<number, Holding>();
  #version = 0;

  create(next: Holding): boolean {
    return !this.now.has(next.address) && this.#put(next);
  }

  replace(next: Holding): boolean {
    return this.now.get(next.address)?.version === next.version && this.#put(next);
  }

  remove({ address, version }: Holding): boolean {
    return this.now.get(address)?.version === version && this.now.delete(address);
  }

  #put(next: Holding): true {
    this.now.set(next.address, { ...next, version: String(++this.#version) });
    return true;
  }
}

type Step =
  | { readonly kind: 'look'; readonly node: number }
  | { readonly kind: 'add' | 'delete'; readonly node: number; readonly pod: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('look' as const), node: fc.nat(2) }),
  fc.record({ kind: fc.constantFrom('add' as const, 'delete' as const), node: fc.nat(2), pod: fc.nat(14) }),
);

test('whatever nodes know, and however old it is, no two living pods have one address, and no pod has two', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const objects = new Objects();
      const views = [0, 1, 2].map(() => new Map<number, Holding>());
      /** Address by pod, as its container has it. */
      const living = new Map<number, number>();
      const look = (node: number) => {
        views[node] = new Map(objects.now);
      };
      const nodeOf = (pod: number) => pod % 3;
      const add = (pod: number) => {
        const node = nodeOf(pod);
        const known = knowing([...(views[node] ?? new Map()).values()]);
        const choice = choose(wish(`p-${pod}`, { isStable: pod % 2 === 0 }, `n${node}`), known);
        if (choice.kind === 'exhausted') return;
        const done = choice.kind === 'create' ? objects.create(choice.next) : objects.replace(choice.next);
        // An agent knows what it did, and reads what it was refused.
        look(node);
        if (done) living.set(pod, choice.next.address);
      };
      const remove = (pod: number) => {
        const mine = objects.now.get(living.get(pod) ?? -1);
        if (mine === undefined) return;
        const kept = afterDelete(mine, 0);
        if (kept === undefined ? objects.remove(mine) : objects.replace(kept)) living.delete(pod);
        look(nodeOf(pod));
      };
      for (const one of steps) {
        if (one.kind === 'look') look(one.node);
        else if (one.kind === 'add') add(one.pod);
        else remove(one.pod);
        expect(new Set(living.values()).size).toBe(living.size);
        for (const [pod, address] of living)
          expect(objects.now.get(address)).toMatchObject({ state: 'held', holder: { uid: `uid-p-${pod}` } });
        const held = [...objects.now.values()].filter(({ state }) => state === 'held');
        expect(held.length).toBe(living.size);
      }
    }),
  );
});
