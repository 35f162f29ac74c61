/** What is done about an app in Marathon, for what stands there; and that it comes to rest. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { marathonAppOf } from '../../../edge-agent/clusters/marathon-objects.ts';
import { carries, stepOf } from '../../../edge-agent/clusters/marathon-plan.ts';
import { App } from '../../../edge-agent/marathon/wire.ts';
import type { AppTemplate } from '../../../protocol/app.ts';
import { MarathonAppJson } from '../../fakes/marathon-app.ts';
import { workloadOf } from './driver-contract.ts';

const CHANGED = '2026-01-02T00:00:00.000Z';

const wantedOf = (change: Partial<AppTemplate> = {}, image = 'local/tool:1') =>
  marathonAppOf(workloadOf('web', image, change), {
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
    groups: () => undefined,
    features: [],
  });

/** As Marathon says it again: its defaults filled in, more around it. */
function told(body: object, more: object = {}): App {
  const json = MarathonAppJson.parse(body);
  return App.parse({ ...json, versionInfo: { lastConfigChangeAt: CHANGED }, ...more });
}

function standing(wanted = wantedOf(), more: object = {}): App {
  return told({ id: wanted.id, instances: wanted.instances, ...wanted.spec }, more);
}

test('what is there as it is wanted is left alone, whatever Marathon and others have added', () => {
  const live = standing();
  const labels = { ...live.labels, HAPROXY_GROUP: 'external' };
  expect(stepOf(wantedOf(), live)).toBeUndefined();
  expect(stepOf(wantedOf(), { ...live, labels, dependencies: ['/acme/db'] })).toBeUndefined();
});

test('only the number changes where only the number is another: everything else would restart every task', () => {
  expect(stepOf(wantedOf({ replicas: 7 }), standing())).toEqual({
    kind: 'change',
    body: { instances: 7 },
    fields: ['instances'],
  });
});

test('a change says the labels of others again, and the strategy with each new content', () => {
  const live = standing();
  const labels = { ...live.labels, HAPROXY_GROUP: 'external' };
  const wanted = wantedOf({ environment: { A: 'b' } });
  expect(stepOf(wanted, { ...live, labels })).toEqual({
    kind: 'change',
    body: {
      env: { A: 'b' },
      labels: { ...labels, 'isthmus.dev/content': wanted.content },
      upgradeStrategy: wanted.spec['upgradeStrategy'],
    },
    fields: ['env', 'labels', 'upgradeStrategy'],
  });
});

test('a variable that somebody added is ours to take away; what somebody removed is put back', () => {
  const live = standing();
  expect(stepOf(wantedOf(), { ...live, env: { EXTRA: 'x' } })).toMatchObject({ body: { env: {} } });
  expect(stepOf(wantedOf(), { ...live, healthChecks: [] })).toMatchObject({ fields: ['healthChecks'] });
});

test('an app without our labels is somebody else, and so is one whose labels name another', () => {
  const live = standing();
  for (const labels of [{}, { ...live.labels, 'isthmus.dev/app': 'other' }])
    expect(() => stepOf(wantedOf(), { ...live, labels })).toThrow('not ours');
});

test('old tasks without a deployment are taken up again; with one they are on their way', () => {
  const tasks = [{ id: 't', state: 'TASK_RUNNING', version: '2026-01-01T00:00:00.000Z' }];
  expect(stepOf(wantedOf(), standing(wantedOf(), { tasks }))).toEqual({ kind: 'restart' });
  expect(stepOf(wantedOf(), standing(wantedOf(), { tasks, deployments: [{ id: 'd' }] }))).toBeUndefined();
  const scaled = [{ id: 't', state: 'TASK_RUNNING', version: CHANGED }];
  expect(stepOf(wantedOf(), standing(wantedOf(), { tasks: scaled }))).toBeUndefined();
});

const Change = fc.record({
  replicas: fc.integer({ min: 0, max: 5 }),
  environment: fc.dictionary(fc.constantFrom('A', 'B'), fc.string({ maxLength: 3 })),
  stopSeconds: fc.integer({ min: 0, max: 9 }),
  command: fc.array(fc.constantFrom('serve', ':8080', 'x'), { minLength: 1, maxLength: 3 }),
});

test('from any app of ours one change leads to any other, and none follows it', () => {
  fc.assert(
    fc.property(Change, Change, (before, after) => {
      const live = standing(wantedOf(before));
      const wanted = wantedOf(after);
      const step = stepOf(wanted, live);
      if (step === undefined) return;
      if (step.kind !== 'change') throw new Error(`it is ${step.kind}`);
      const { versionInfo: _, version, tasks, deployments, lastTaskFailure, ...json } = live;
      expect([version, tasks, deployments, lastTaskFailure]).toEqual(['', [], [], undefined]);
      expect(stepOf(wanted, told({ ...json, ...step.body }))).toBeUndefined();
    }),
  );
});

test('everything carries itself, and nothing but emptiness carries what it lacks', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => carries(value, value)));
  expect(carries({ a: 1, b: 2 }, { a: 1 })).toBe(true);
  expect(carries({ b: 2 }, { a: 1 })).toBe(false);
  expect(carries([1, 2], [1])).toBe(false);
  expect(carries(undefined, [])).toBe(true);
  expect(carries(undefined, 0)).toBe(false);
});
