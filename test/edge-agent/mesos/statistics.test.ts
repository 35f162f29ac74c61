/** CPU of tasks, from what an agent of Mesos 1.11 answers. */
import { expect, test } from 'vitest';
import { cpusIn } from '../../../edge-agent/mesos/statistics.ts';

const of = (task: string, statistics?: object) => ({
  executor_id: task,
  executor_name: `Command Executor (Task: ${task}) (Command: NO EXECUTABLE)`,
  framework_id: 'f1',
  source: task,
  ...(statistics === undefined ? {} : { statistics }),
});

test('counts what the tasks that are asked for have used, and nothing of one that has just begun', () => {
  const text = JSON.stringify([
    of('t1', { cpus_system_time_secs: 0.02, cpus_user_time_secs: 1.5, timestamp: 1_795_894_282.5 }),
    of('t2', { cpus_system_time_secs: 9, cpus_user_time_secs: 9, timestamp: 1_795_894_282.5 }),
    of('t3'),
  ]);
  expect(cpusIn(text, new Set(['t1', 't3']))).toEqual([
    { task: 't1', usedMs: 1_520, atMs: 1_795_894_282_500 },
  ]);
});
