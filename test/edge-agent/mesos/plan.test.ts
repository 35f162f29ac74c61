/** What is done about the tasks of an app: single cases, and what holds on every way from one content to the next. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planApp } from '../../../edge-agent/mesos/plan.ts';
import { isReady, type TaskRecord } from '../../../edge-agent/mesos/tasks.ts';
import { appOf, taskOf } from './arbitraries.ts';

const plan = (tasks: readonly TaskRecord[], change: Parameters<typeof appOf>[0] = {}, nowMs = 100_000) =>
  planApp({ app: appOf(change), tasks, failures: undefined, nowMs });

test('an app that is as it should be is left alone', () => {
  expect(plan([taskOf({ id: 'a' }), taskOf({ id: 'b' })])).toEqual({
    kill: [],
    launch: 0,
    againMs: undefined,
  });
});

test('a change begins with a new task, and ends an old one only for a ready one', () => {
  const old = ['a', 'b'].map((id) => taskOf({ id, content: 'aaaaaaaa' }));
  expect(plan(old)).toMatchObject({ kill: [], launch: 1 });
  const starting = taskOf({ id: 'c', healthy: undefined });
  expect(plan([...old, starting])).toMatchObject({ kill: [], launch: 0 });
  expect(plan([...old, { ...starting, healthy: true }])).toMatchObject({ kill: ['a'], launch: 1 });
});

test('a bad release ends nothing that serves', () => {
  const old = ['a', 'b'].map((id) => taskOf({ id, content: 'aaaaaaaa' }));
  const failures = { content: 'bbbbbbbb', count: 3, lastMs: 99_500 };
  expect(planApp({ app: appOf(), tasks: old, failures, nowMs: 100_000 })).toEqual({
    kill: [],
    launch: 0,
    againMs: 103_500,
  });
});

test('a task on an agent that is not heard of keeps its place until the contract gives it away', () => {
  const tasks = [
    taskOf({ id: 'a' }),
    taskOf({ id: 'b', state: 'TASK_UNREACHABLE', unreachableSinceMs: 95_000 }),
  ];
  expect(plan(tasks)).toMatchObject({ kill: [], launch: 0 });
  const disconnect = { lostAfterMs: 10_000, replace: true, reconcile: 'keep_oldest' as const };
  expect(plan(tasks, { disconnect })).toEqual({ kill: [], launch: 0, againMs: 105_000 });
  expect(plan(tasks, { disconnect }, 105_000)).toMatchObject({ kill: [], launch: 1 });
});

test('when it is back, the contract says which one stays', () => {
  const tasks = [1, 2, 3].map((age) => taskOf({ id: `t${age}`, sinceMs: age }));
  const disconnect = (reconcile: 'keep_oldest' | 'keep_newest') => ({
    disconnect: { lostAfterMs: 10_000, replace: true, reconcile },
  });
  expect(plan(tasks, disconnect('keep_oldest')).kill).toEqual(['t3']);
  expect(plan(tasks, disconnect('keep_newest')).kill).toEqual(['t1']);
});

const situations = fc.record({
  instances: fc.integer({ min: 0, max: 5 }),
  surge: fc.integer({ min: 0, max: 3 }),
  old: fc.integer({ min: 0, max: 6 }),
  seeds: fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
});

test('on every way to a new content: never more than instances and surge, never fewer ready than the floor, and it arrives', () => {
  fc.assert(
    fc.property(situations, ({ instances, surge, old, seeds }) => {
      const app = appOf({ instances, floor: instances, surge });
      const before = Array.from({ length: old }, (_, index) =>
        taskOf({ id: `o${index}`, content: 'aaaaaaaa', sinceMs: index }),
      );
      const most = Math.max(old, instances + Math.max(1, surge));
      const world = { tasks: before, made: 0 };
      for (const isSlow of [...seeds, ...Array.from({ length: 40 }, () => false)]) {
        const { kill, launch } = planApp({ app, tasks: world.tasks, failures: undefined, nowMs: 0 });
        const ready = (tasks: readonly TaskRecord[]) => tasks.filter((task) => isReady(task, true)).length;
        const staying = world.tasks.filter(({ id }) => !kill.includes(id));
        expect(ready(staying)).toBeGreaterThanOrEqual(Math.min(instances, ready(world.tasks)));
        const born = Array.from({ length: launch }, (_, index) =>
          taskOf({ id: `n${world.made + index}`, healthy: undefined, sinceMs: 100 + world.made + index }),
        );
        world.made += launch;
        world.tasks = [...(isSlow ? staying : staying.map((task) => ({ ...task, healthy: true }))), ...born];
        expect(world.tasks.length).toBeLessThanOrEqual(most);
      }
      expect(world.tasks.map(({ content }) => content)).toEqual(Array(instances).fill('bbbbbbbb'));
    }),
  );
});
