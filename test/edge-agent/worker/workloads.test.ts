/** The apps of a cluster, as its driver brings them: what is said of one that does not come up in time. */
import { expect, test } from 'vitest';
import type { Driver } from '../../../edge-agent/clusters/driver.ts';
import { Workloads } from '../../../edge-agent/worker/workloads.ts';
import { AppInstance, AppTemplate } from '../../../protocol/app.ts';
import type { WorkloadLeaf } from '../../../protocol/cluster-leaf.ts';

const TEMPLATE = AppTemplate.parse({ image: 'web:1', upgrade: { kind: 'rolling', deadlineSeconds: 60 } });

function workload(release: number): WorkloadLeaf {
  const place = { tenant: 'acme', cluster: 'prod', app: 'web', namespace: 'acme' };
  return { kind: 'workload', ...place, release, template: TEMPLATE };
}

function stand(hasTracks = false) {
  const now = { ms: 0, isUp: false };
  const driver: Driver = {
    ...(hasTracks ? { tracks: true } : {}),
    apply: () => Promise.resolve([]),
    remove: () => Promise.resolve([]),
    list: () => Promise.resolve([]),
    status: ({ cluster, release }) => {
      const status = now.isUp ? 'True' : 'False';
      const statements = [{ type: 'Available', status, reason: 'x', message: '' }];
      const counts = { release, wanted: 1, ready: 0, updated: 0 };
      return Promise.resolve(AppInstance.parse({ cluster, ...counts, statements, containers: [] }));
    },
  };
  const workloads = new Workloads({ driver, now: () => now.ms, log: () => undefined });
  const reasonsAt = async (ms: number) => {
    now.ms = ms;
    await workloads.pass();
    return workloads.told?.flatMap(({ instance }) => instance.statements.map(({ reason }) => reason));
  };
  return { now, workloads, reasonsAt };
}

test('a release that is not up in time is said to be late, until it is up or there is another', async () => {
  const { now, workloads, reasonsAt } = stand();
  workloads.set([workload(1)]);
  expect(await reasonsAt(1_000)).toEqual(['Applied', 'x']);
  expect(await reasonsAt(60_999)).toEqual(['Applied', 'x']);
  expect(await reasonsAt(61_000)).toEqual(['Applied', 'x', 'DeadlineExceeded']);
  workloads.set([workload(2)]);
  expect(await reasonsAt(62_000)).toEqual(['Applied', 'x']);
  expect(await reasonsAt(122_000)).toEqual(['Applied', 'x', 'DeadlineExceeded']);
  now.isUp = true;
  expect(await reasonsAt(123_000)).toEqual(['Applied', 'x']);
});

const STAGE = { name: '2.canary.1', holdSeconds: 10, serving: ['stable' as const, 'next' as const] };

function beside(name = STAGE.name): WorkloadLeaf {
  return { ...workload(2), track: 'next', stage: { ...STAGE, name } };
}

test('a track is held once it was up in one go for its time, and a new stage begins to count anew', async () => {
  const { now, workloads } = stand(true);
  const stateAt = async (ms: number) => {
    now.ms = ms;
    await workloads.pass();
    return workloads.told?.map(({ instance: { track, stage } }) => [track, stage?.state]);
  };
  workloads.set([beside()]);
  expect(await stateAt(0)).toEqual([['next', 'coming']]);
  now.isUp = true;
  expect(await stateAt(1_000)).toEqual([['next', 'up']]);
  expect(await stateAt(10_999)).toEqual([['next', 'up']]);
  now.isUp = false;
  expect(await stateAt(11_000)).toEqual([['next', 'coming']]);
  now.isUp = true;
  expect(await stateAt(12_000)).toEqual([['next', 'up']]);
  expect(await stateAt(22_000)).toEqual([['next', 'held']]);
  workloads.set([beside('2.canary.2')]);
  expect(await stateAt(23_000)).toEqual([['next', 'up']]);
});

test('a stage that waits for somebody is never held by time', async () => {
  const { now, workloads } = stand(true);
  const { holdSeconds: _hold, ...stage } = STAGE;
  now.isUp = true;
  workloads.set([{ ...beside(), stage }]);
  await workloads.pass();
  now.ms = 1e9;
  await workloads.pass();
  expect(workloads.told?.[0]?.instance.stage).toEqual({ name: STAGE.name, state: 'up' });
});

test('where there is no second track its release is refused in words, and stable is left alone', async () => {
  const { now, workloads, reasonsAt } = stand();
  now.isUp = true;
  workloads.set([beside(), { ...workload(1), stage: STAGE }]);
  expect(await reasonsAt(0)).toEqual(['Applied', 'x', 'Unsupported', 'x']);
});
