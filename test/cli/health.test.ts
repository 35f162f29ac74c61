/** Which of several faults is told first, and how apps are shown whose cluster is not seen. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { appsText, appText } from '../../cli/apps.ts';
import { healthOf, unseenClusters } from '../../cli/health.ts';
import { removedText } from '../../cli/manifest.ts';
import { readKindRow } from '../../cli/resources.ts';
import { App, AppSpec } from '../../protocol/app.ts';
import { Cluster } from '../../protocol/cluster.ts';
import type { Condition } from '../../protocol/metadata.ts';

const AT = '2026-01-31T12:00:00.000Z';
const NOW_MS = Date.parse(AT) + 5_000;
const METADATA = { name: 'prod', createdAt: AT, updatedAt: AT, generation: 1, version: 1 };

function said(type: string, status: Condition['status'], reason = type): Condition {
  return { type, status, reason, message: `${reason}.`, lastTransitionTime: AT };
}

test.each<[string, Condition[]]>([
  ['good', [said('Attached', 'True'), said('Fresh', 'True')]],
  ['Silent', [said('Published', 'False', 'NotAll'), said('Reachable', 'False', 'Silent')]],
  ['Silent', [said('NodesReady', 'Unknown', 'NotKnown'), said('Reachable', 'False', 'Silent')]],
  ['EdgeSilent', [said('Reachable', 'Unknown', 'Silent'), said('Fresh', 'False', 'EdgeSilent')]],
  ['SomeDown', [said('Published', 'False', 'NotAll'), said('NodesReady', 'False', 'SomeDown')]],
  ['NotAll', [said('ServicesFound', 'Unknown', 'NotKnown'), said('Published', 'False', 'NotAll')]],
])('the worst is told: %s', (worst, conditions) => {
  expect(healthOf(conditions)).toBe(worst);
});

test('the order in which conditions stand does not matter', () => {
  const all = [
    said('Published', 'False', 'NotAll'),
    said('NodesReady', 'Unknown', 'NotKnown'),
    said('Reachable', 'False', 'Silent'),
    said('Attached', 'True'),
  ];
  fc.assert(
    fc.property(fc.shuffledSubarray(all, { minLength: all.length }), (shuffled) => {
      expect(healthOf(shuffled)).toBe('Silent');
    }),
  );
});

const CONTAINER = {
  name: 'web-1',
  node: 'n1',
  address: '10.0.0.1',
  state: 'ready',
  message: '',
  lastLines: [],
  release: 1,
  restarts: 0,
};
const APP = App.parse({
  metadata: { ...METADATA, name: 'web' },
  spec: AppSpec.parse({ image: 'i', placement: { clusters: ['prod', 'test'] } }),
  status: {
    release: 1,
    running: 1,
    hostname: 'web.acme.isthmus.internal',
    endpoints: [],
    placed: {
      ...{ at: AT, wanted: 2, unplaced: 0, why: [] },
      assignments: ['prod', 'test'].map((cluster) => ({
        ...{ cluster, replicas: 1, state: 'present', standIns: 0 },
      })),
    },
    instances: ['prod', 'test'].map((cluster) => ({
      ...{ cluster, release: 1, wanted: 1, ready: 1, updated: 1, statements: [], observedAt: AT },
      containers: [{ ...CONTAINER, name: `${cluster}-1` }],
    })),
    conditions: [said('Running', 'True', 'Running')],
  },
});

function clusterWith(conditions: Condition[]): Cluster {
  return Cluster.parse({
    metadata: METADATA,
    spec: { site: 'berlin' },
    status: {
      kind: 'kubernetes',
      edge: 'e',
      host: 'h',
      servers: [],
      authority: 'a',
      browser: { state: 'no_domain', detail: '' },
      conditions,
    },
  });
}

test('containers of a cluster whose API server is silent are shown as what they were, with the reason', () => {
  const unseen = unseenClusters([clusterWith([said('Reachable', 'False', 'NoAnswer')])]);
  expect(appsText([APP], unseen)).toMatch(/Running; prod: NoAnswer$/);
  const text = appText(APP, { unseen, nowMs: NOW_MS });
  expect(text).toContain('prod: NoAnswer: NoAnswer.');
  expect(text).toMatch(/prod-1 .* was ready /);
  expect(text).not.toMatch(/test-1 .* was ready /);
});

test('a cluster that is seen, whatever else is wrong with it, says what its containers are now', () => {
  const unseen = unseenClusters([clusterWith([said('NodesReady', 'False'), said('Reachable', 'True')])]);
  expect([unseen.size, appsText([APP], unseen).includes('prod:')]).toEqual([0, false]);
});

test('every condition of an app is shown, not the first alone', () => {
  const conditions = [
    said('Running', 'True', 'Running'),
    said('RolledBack', 'True', 'ReleaseFailed'),
    said('Enforced', 'False', 'PoliciesIgnored'),
  ];
  const app = { ...APP, status: { ...APP.status, conditions } };
  const text = appText(app, { unseen: new Map(), nowMs: NOW_MS });
  for (const { type, status, reason } of conditions)
    expect(text).toMatch(new RegExp(`^${type} +${status} +${reason} +5 s ago +${reason}\\.$`, 'm'));
  expect(appsText([app], new Map())).toContain('Running; Enforced: PoliciesIgnored');
});

test('of an app that scales its number is shown, with its bounds and the reason', () => {
  const why = 'CPU is at 140 % of 70 millis in each of 2: there are 4.';
  const scaled = { wanted: 4, at: AT, state: 'steady' as const, why };
  const spec = { ...APP.spec, replicas: { min: 2, max: 20 } };
  const text = appText(
    { ...APP, spec, status: { ...APP.status, scaled } },
    { unseen: new Map(), nowMs: NOW_MS },
  );
  expect(text).toContain(`scaled  to 4, of 2 to 20, for 5 s. ${why}`);
});

test('deleting an app tells which clusters have it still, and that one which is not seen keeps it', () => {
  const unseen = unseenClusters([clusterWith([said('Fresh', 'False', 'EdgeSilent')])]);
  const lines = removedText(readKindRow('app'), readKindRow('app').row.parse(APP), unseen).split('\n');
  expect(lines[0]).toBe('app web is being deleted');
  expect(lines[1]).toMatch(/prod: it stays until the cluster is seen again \(EdgeSilent\)/);
  expect(lines[2]).toMatch(/test: it goes within seconds/);
});
