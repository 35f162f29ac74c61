/** Whom an edge asks whether the isolation of its tenant holds: a few of other sites, in a ring, and nobody whom a policy lets it reach. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isLive } from '../../../functions/domain/estate.ts';
import { PROOF_PEERS_MAX, proofLeaf } from '../../../functions/domain/proof.ts';
import { edge, estates, hub, site, tenant } from './estates.ts';

const NAMES = ['bonn', 'cork', 'lyon', 'oslo', 'pisa'];
const hubs = [hub('a')];
const policy = (ports: { protocol: 'tcp' | 'udp'; port: number }[]) => ({
  tenant: 'red',
  name: 'p',
  from: { site: 'oslo' },
  to: { site: 'pisa' },
  ports,
});

function red(more: Partial<ReturnType<typeof tenant>> = {}) {
  return tenant('red', {
    sites: NAMES.map((name, index) => {
      const prefixes = [{ real: '10.0.0.0/24', virtual: `100.65.${index}.0/24` }];
      return site('red', name, { prefixes });
    }),
    edges: NAMES.map((name) => edge('red', name)),
    isolation: 'isolated',
    ...more,
  });
}

function askedBy(name: string, of = red()): string[] {
  const own = of.edges.find((one) => one.name === name);
  return own === undefined ? [] : proofLeaf(own, { tenant: of, hubs }).peers.map((peer) => peer.site);
}

describe('an edge', () => {
  test('asks the next three in the ring', () => {
    expect([askedBy('bonn'), askedBy('oslo')]).toEqual([
      ['cork', 'lyon', 'oslo'],
      ['pisa', 'bonn', 'cork'],
    ]);
  });

  test('asks no site that a policy lets it send anything to, and one to which it may send something else', () => {
    expect(askedBy('oslo', red({ policies: [policy([])] }))).toEqual(['bonn', 'cork', 'lyon']);
    expect(askedBy('oslo', red({ policies: [policy([{ protocol: 'udp', port: 7863 }])] }))).not.toContain(
      'pisa',
    );
    expect(askedBy('oslo', red({ policies: [policy([{ protocol: 'tcp', port: 443 }])] }))).toContain('pisa');
    expect(askedBy('lyon', red({ policies: [policy([])] }))).toContain('pisa');
  });

  test('asks the same in an open tenant whatever its policies say, so that a flow runs that is cut', () => {
    const open = red({ isolation: 'open', policies: [policy([])] });
    expect(askedBy('oslo', open)).toEqual(['pisa', 'bonn', 'cork']);
  });

  test('asks nobody of its own site, and nobody who is not live', () => {
    const away = { ...edge('red', 'pisa'), quarantined: true };
    const second = edge('red', 'oslo-2', { site: 'oslo' });
    const edges = [...NAMES.filter((name) => name !== 'pisa').map((name) => edge('red', name)), away, second];
    expect(askedBy('oslo', red({ edges }))).toEqual(['bonn', 'cork', 'lyon']);
  });
});

test('every site is asked, however many edges the others have, and edges of one site begin at different ones', () => {
  const many = ['b-1', 'b-2', 'b-3'].map((name) => edge('red', name, { site: 'cork' }));
  const edges = [edge('red', 'bonn'), ...many, edge('red', 'lyon')];
  const of = red({ edges });
  const asked = (name: string) => {
    const own = edges.find((one) => one.name === name);
    return own === undefined ? [] : proofLeaf(own, { tenant: of, hubs }).peers.map((peer) => peer.edge);
  };
  expect([asked('bonn'), asked('lyon'), asked('b-2')]).toEqual([
    ['b-1', 'lyon', 'b-2'],
    ['bonn', 'b-1', 'b-2'],
    ['lyon', 'bonn'],
  ]);
});

test('everybody of an isolated tenant without policies asks and is asked, and no edge asks more than a few', () => {
  fc.assert(
    fc.property(estates, (estate) => {
      for (const one of estate.tenants) {
        const isolated = { ...one, isolation: 'isolated' as const, policies: [] };
        const live = isolated.edges.filter(isLive);
        const asked = live.flatMap((own) => {
          const { peers } = proofLeaf(own, { tenant: isolated, hubs: estate.hubs });
          expect(peers.length).toBeLessThanOrEqual(PROOF_PEERS_MAX);
          expect(peers.map((peer) => peer.site)).not.toContain(own.site);
          return peers.map((peer) => peer.edge);
        });
        const sites = new Set(live.map((own) => own.site));
        if (sites.size === live.length && sites.size > 1)
          expect(new Set(asked)).toEqual(new Set(live.map(({ name }) => name)));
      }
    }),
  );
});
