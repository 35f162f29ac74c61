/** Laws of the documents, over random estates: whose packets are whose, who is told what, and what a join changes. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileHub, type Leaves } from '../../../functions/domain/compile.ts';
import { type Estate, isLive } from '../../../functions/domain/estate.ts';
import { checkNative } from '../../../functions/domain/native.ts';
import { overlaps, parsePrefix } from '../../../protocol/address.ts';
import { Leaf, type PeerLeaf } from '../../../protocol/document.ts';
import { DEPLOYMENT, documents, edge, estates, reversed, site, tenant } from './estates.ts';

fc.configureGlobal({ seed: 73 });

function peersOf(leaves: Leaves | undefined): PeerLeaf[] {
  return Object.values(leaves ?? {}).filter((leaf) => leaf.kind === 'peer');
}

function sourcesOf(peer: PeerLeaf): string[] {
  return [`${peer.tunnelAddress}/32`, ...peer.virtual, ...peer.native];
}

describe('laws', () => {
  test('no source belongs to two peers of a hub', () => {
    fc.assert(
      fc.property(estates, (estate) => {
        const peers = peersOf(compileHub({ ...estate, hub: 'a' }));
        const owned = peers.flatMap((peer) => sourcesOf(peer).map(parsePrefix));
        for (const [index, one] of owned.entries())
          expect(owned.slice(index + 1).some((other) => overlaps(one, other))).toBe(false);
        expect(new Set(peers.map((peer) => peer.publicKey)).size).toBe(peers.length);
      }),
      { numRuns: 300 },
    );
  });

  test('what a peer may send from lies in the allotment of its site, and in the pools', () => {
    fc.assert(
      fc.property(estates, (estate) => {
        const inside = (text: string, ranges: readonly string[]) =>
          ranges.some(
            (range) =>
              overlaps(parsePrefix(range), parsePrefix(text)) &&
              parsePrefix(range).length <= parsePrefix(text).length,
          );
        for (const peer of peersOf(compileHub({ ...estate, hub: 'b' }))) {
          const home = estate.tenants
            .flatMap((one) => one.sites)
            .find((one) => one.tenant === peer.tenant && one.name === peer.site);
          expect(peer.virtual.every((prefix) => inside(prefix, DEPLOYMENT.pools))).toBe(true);
          expect(peer.native.every((prefix) => inside(prefix, home?.allotment ?? []))).toBe(true);
        }
      }),
    );
  });

  test('the order of reading never matters, and every leaf is as the protocol has it', () => {
    fc.assert(
      fc.property(estates, (estate) => {
        const compiled = documents(estate);
        expect(documents(reversed(estate))).toEqual(compiled);
        for (const leaves of Object.values(compiled))
          for (const leaf of Object.values(leaves)) Leaf.parse(leaf);
      }),
    );
  });

  test('an edge that is unapproved or quarantined is in no document, and has none', () => {
    fc.assert(
      fc.property(estates, (estate) => {
        const compiled = documents(estate);
        const text = JSON.stringify(compiled);
        for (const one of estate.tenants.flatMap((each) => each.edges).filter((each) => !isLive(each))) {
          expect(text.includes(`"${one.id}"`)).toBe(false);
          expect(text.includes(`"${one.tunnelAddress}"`)).toBe(false);
        }
      }),
    );
  });

  test('an edge is told nothing of another tenant', () => {
    fc.assert(
      fc.property(estates, (estate) => {
        for (const one of estate.tenants) {
          const others = estate.tenants
            .filter((other) => other.name !== one.name)
            .map((other) => tenant(other.name));
          const alone = { ...estate, tenants: [one, ...others] };
          const compiled = documents(alone);
          for (const { id } of one.edges) expect(documents(estate)[id]).toEqual(compiled[id]);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('the members of two tenants never share an address', () => {
    fc.assert(
      fc.property(estates, (estate) => {
        const peers = peersOf(compileHub({ ...estate, hub: 'a' }));
        const membersOf = (name: string) =>
          peers.filter((peer) => peer.tenant === name).flatMap((peer) => sourcesOf(peer).map(parsePrefix));
        const red = membersOf('red');
        expect(membersOf('blue').some((one) => red.some((other) => overlaps(one, other)))).toBe(false);
      }),
    );
  });

  test('the join of another site, be its ranges the same as others have, changes at no edge that is there anything but whom it asks for proofs', () => {
    fc.assert(
      fc.property(estates, fc.boolean(), fc.subarray(['amber', 'birch']), (estate, isVpc, native) => {
        const joined = withSite(estate, isVpc ? 'vpc' : 'datacenter', native);
        fc.pre(joined !== undefined);
        const after = documents(joined ?? estate);
        const proofOf = (id: string) => ({ proof: after[id]?.['proof'] });
        for (const [id, leaves] of Object.entries(documents(estate)))
          if (id.startsWith('edge.')) expect(after[id]).toEqual({ ...leaves, ...proofOf(id) });
      }),
      { numRuns: 200 },
    );
  });

  test('the join adds to a hub the leaves of the new site, and changes none of an open tenant', () => {
    fc.assert(
      fc.property(estates, (estate) => {
        const before = compileHub({ ...estate, hub: 'a' }) ?? {};
        const joined = withSite(estate, 'datacenter', []);
        fc.pre(joined !== undefined);
        const after = compileHub({ ...(joined ?? estate), hub: 'a' }) ?? {};
        const added = Object.keys(after).filter((name) => !(name in before));
        expect(added).toEqual(['peer/red/zurich/zurich']);
        expect(
          Object.keys(before).filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name])),
        ).toEqual([]);
      }),
    );
  });
});

/** With one more site and its edge in the tenant red, if the API would admit it. */
function withSite(estate: Estate, kind: 'datacenter' | 'vpc', native: string[]): Estate | undefined {
  const others = estate.tenants.flatMap((one) =>
    one.sites.map((each) => ({ ...each, prefixes: each.prefixes.map(({ real }) => real) })),
  );
  const wish = { tenant: 'red', name: 'zurich', kind, prefixes: ['10.0.0.0/24'], native };
  if (checkNative(wish, others)) return undefined;
  const prefixes = [{ real: '10.0.0.0/24', virtual: '100.127.0.0/24' }];
  const added = site('red', 'zurich', { kind, prefixes, native });
  return {
    ...estate,
    tenants: estate.tenants.map((one) =>
      one.name === 'red'
        ? {
            ...one,
            sites: [...one.sites, added],
            edges: [
              ...one.edges,
              edge('red', 'zurich', { tunnelAddress: '100.64.9.9', since: '2027-01-01T00:00:00.000Z' }),
            ],
          }
        : one,
    ),
  };
}
