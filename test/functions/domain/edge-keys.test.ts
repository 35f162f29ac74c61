/** What documents say of an edge's keys: both in those of hubs that understand it, none to agents that would refuse it. */
import { expect, test } from 'vitest';
import { compileEdge, compileHub } from '../../../functions/domain/compile.ts';
import type { EdgeFacts } from '../../../functions/domain/estate.ts';
import { DEPLOYMENT, edge, hub, site, tenant } from './estates.ts';

const SINCE = '2026-01-01T00:00:00.000Z';
const FEATURES = ['two_keys'];
const NEXT = { publicKey: 'next', number: 2, since: SINCE };

function estateOf(...edges: EdgeFacts[]) {
  const red = tenant('red', { sites: [site('red', 'oslo'), site('red', 'rome')], edges });
  const hubs = [hub('new', { features: FEATURES }), hub('old')];
  return { deployment: DEPLOYMENT, hubs, tenants: [red], tenant: red };
}

const oslo = (more: Partial<EdgeFacts> = {}) =>
  edge('red', 'oslo', { publicKey: 'own', features: FEATURES, keyNumber: 2, nextKey: NEXT, ...more });

function nextKeyAt(name: string, estate: ReturnType<typeof estateOf>, site = 'oslo') {
  const leaf = compileHub({ ...estate, hub: name })?.[`peer/red/${site}/${site}`];
  return leaf?.kind === 'peer' ? leaf.nextKey : undefined;
}

function keysOf(estate: ReturnType<typeof estateOf>) {
  const self = compileEdge({ ...estate, edge: 'edge.red.oslo' })?.['self'];
  return self?.kind === 'self' ? self.keys : undefined;
}

test('a hub that knows of two keys is told the next one, an older one is not', () => {
  const estate = estateOf(oslo());
  expect([nextKeyAt('new', estate), nextKeyAt('old', estate)]).toEqual(['next', undefined]);
});

test('an edge is told whether a key is wanted, and of the next one once it was taken', () => {
  expect(keysOf(estateOf(oslo({ nextKey: undefined })))).toEqual({ present: 'own', rotate: true });
  expect(keysOf(estateOf(oslo()))).toEqual({ present: 'own', next: 'next', rotate: true });
  const done = oslo({ key: { number: 2, since: SINCE }, nextKey: undefined });
  expect(keysOf(estateOf(done))).toEqual({ present: 'own', rotate: false });
});

test('an older edge is told nothing of keys, nor one that nobody asked for another', () => {
  expect(keysOf(estateOf(oslo({ features: undefined })))).toBeUndefined();
  expect(keysOf(estateOf(oslo({ keyNumber: undefined, nextKey: undefined })))).toBeUndefined();
});

test('a next key that is the present one of another edge, or the next one of an older edge, is no hub’s', () => {
  const other = edge('red', 'rome', { publicKey: 'next' });
  expect(nextKeyAt('new', estateOf(oslo(), other))).toBeUndefined();
  const older = oslo({ since: '2025-01-01T00:00:00.000Z' });
  const younger = edge('red', 'rome', { publicKey: 'rome', nextKey: NEXT, since: SINCE });
  const estate = estateOf(older, younger);
  expect([nextKeyAt('new', estate), nextKeyAt('new', estate, 'rome')]).toEqual(['next', undefined]);
});
