/** Names of clusters at the hub: from any state to the wanted one without a reload, and never to an edge that is not wanted. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planGateway } from '../../../edge-agent/plan/gateway.ts';
import type { ClusterEntry } from '../../../edge-agent/plan/gateway-clusters.ts';
import { FakeGateway } from '../../fakes/gateway.ts';
import { OWN, settle, stateOf } from './gateway-states.ts';

fc.configureGlobal({ seed: 9 });

const entries = fc
  .uniqueArray(
    fc.record({
      host: fc.constantFrom('a.x', 'b.x', 'c.x', 'd.x'),
      address: fc.constantFrom('100.64.1.1', '100.64.1.2', '100.64.1.3'),
    }),
    { selector: ({ host }) => host },
  )
  .map((list) => list.sort((one, other) => (one.host < other.host ? -1 : 1)));

const wanting = (clusters: readonly ClusterEntry[]) => ({ ...stateOf([]), clusters });
const texts = (list: readonly ClusterEntry[] | undefined) =>
  list?.map(({ host, address }) => `${host} ${address}`).sort();

describe('names of clusters', () => {
  test('come, move and go without a reload; at every prefix each name leads to where it did or where it should', () => {
    fc.assert(
      fc.property(fc.array(entries, { minLength: 1, maxLength: 5 }), (wishes) => {
        const fake = new FakeGateway(OWN);
        settle(fake, wanting([]));
        let before: readonly ClusterEntry[] = [];
        for (const wish of wishes) {
          const allowed = new Set([...before, ...wish].map(({ host, address }) => `${host} ${address}`));
          for (const step of planGateway(wanting(wish), fake.observe())) {
            fake.take(step);
            for (const entry of texts(fake.running?.clusters) ?? []) expect(allowed).toContain(entry);
          }
          expect([texts(fake.running?.clusters), texts(fake.clusters)]).toEqual([texts(wish), texts(wish)]);
          expect(planGateway(wanting(wish), fake.observe())).toEqual([]);
          before = wish;
        }
        expect(fake.reloads).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  test('are there again after a crash', () => {
    const fake = new FakeGateway(OWN);
    const wish = [{ host: 'a.x', address: '100.64.1.1' }];
    settle(fake, wanting(wish));
    fake.crash();
    settle(fake, wanting(wish));
    expect(fake.running?.clusters).toEqual(wish);
  });

  test('are given to a process that was started before there were any by its reload', () => {
    const fake = new FakeGateway(OWN);
    settle(fake, stateOf([], 'older'));
    if (fake.running !== undefined) fake.running.clusters = undefined;
    fake.clusters = undefined;
    const wish = [{ host: 'a.x', address: '100.64.1.1' }];
    settle(fake, { ...stateOf([], 'newer'), clusters: wish });
    expect([fake.running?.clusters, fake.reloads]).toEqual([wish, 1]);
  });
});
