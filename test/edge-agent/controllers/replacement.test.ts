/** What is let go of a dead node: by contract, and nothing else. */
import { expect, test } from 'vitest';
import type { Judgement } from '../../../edge-agent/controllers/node-verdict.ts';
import {
  type AppContract,
  lostNodes,
  podsToRelease,
  RELEASES_MAX,
} from '../../../edge-agent/controllers/replacement.ts';

const contract = (app: string, replace: boolean, lostAfterSeconds = 300): AppContract => ({
  namespace: 'acme',
  labels: { tenant: 'acme', app },
  disconnect: { replace, lostAfterSeconds, reconcile: 'keep_newest' },
});
const CONTRACTS = [contract('moves', true), contract('stays', false), contract('waits', true, 600)];
const pod = (name: string, app: string, { node = 'dead', namespace = 'acme' } = {}) => ({
  namespace,
  name,
  uid: `uid-${name}`,
  node,
  labels: { tenant: 'acme', app, more: 'x' },
});
const judgementOf = (node: string): Judgement => ({
  verdict: node === 'dead' ? 'dead' : node === 'cut' ? 'cut_off' : 'unknown',
  evidence: '',
  silentMs: node === 'cut' ? 3_600_000 : 300_000,
});
const CONTEXT = { contracts: CONTRACTS, judgementOf };

test('pods of apps that want it are let go from dead nodes after their time, and no others', () => {
  const due = pod('a', 'moves');
  const others = [
    pod('b', 'stays'),
    pod('c', 'waits'),
    pod('d', 'moves', { node: 'cut' }),
    pod('e', 'moves', { node: 'other' }),
    pod('f', 'moves', { namespace: 'elsewhere' }),
    pod('g', 'unheard-of'),
  ];
  expect(podsToRelease([due, ...others], CONTEXT)).toEqual([due]);
});

test('a pod that lacks one of the labels is somebody else’s', () => {
  expect(podsToRelease([{ ...pod('a', 'moves'), labels: { app: 'moves' } }], CONTEXT)).toEqual([]);
});

test('only nodes of which an app wants something are looked into', () => {
  expect(lostNodes(['dead', 'cut', 'other'], CONTEXT)).toEqual(['dead']);
  expect(lostNodes(['dead'], { ...CONTEXT, contracts: [contract('stays', false)] })).toEqual([]);
});

test('a pass lets go of so many at most', () => {
  const pods = Array.from({ length: RELEASES_MAX + 5 }, (_, index) => pod(`p${index}`, 'moves'));
  expect(podsToRelease(pods, CONTEXT)).toEqual(pods.slice(0, RELEASES_MAX));
});
