/** When which part of a cluster's report is told: changes soon, figures seldom, everything now and then. */
import { describe, expect, test } from 'vitest';
import { dueParts, type Parts, REPEAT_MS, type TellState } from '../../../edge-agent/worker/report-parts.ts';
import type { ClusterFacts } from '../../../protocol/cluster.ts';

const MEMBER = {
  endpoint: 'https://10.0.0.1:2379',
  id: '1',
  version: '3.6.4',
  isLeader: true,
  healthy: true,
  detail: '',
  databaseBytes: 1,
  databaseInUseBytes: 1,
  quotaBytes: 2,
  raftTerm: 2,
  raftIndex: 10,
  leaderChanges: 1,
  fsyncP99Ms: 1.5,
  commitP99Ms: 2.5,
  alarms: [],
};
const NOTHING = { cpuMillis: 0, memoryMib: 0, pods: 0 };

function facts(change: Partial<typeof MEMBER> = {}, version = 'v1.34.4'): ClusterFacts {
  return {
    version,
    capacity: NOTHING,
    allocatable: NOTHING,
    nodes: [],
    statements: [],
    etcd: { members: [{ ...MEMBER, ...change }], advice: [], backups: [], drills: [] },
  };
}

test('the way to the hub is no reason to tell anything, and goes with what is told', () => {
  const at = (rttMs: number, version = 'v1') => ({ facts: { ...facts({}, version), rttMs } });
  const state = told(at(5), 0);
  expect(dueParts(at(90), state, 200_000)).toBeUndefined();
  expect(dueParts(at(90, 'v2'), state, 200_000)?.report.facts?.rttMs).toBe(90);
});

function told(parts: Parts, atMs: number): TellState {
  const due = dueParts(parts, {}, atMs);
  if (due === undefined) throw new Error('nothing was due at first');
  return due.told;
}

describe('parts of a report', () => {
  test('everything is told at first, and nothing again while nothing changes', () => {
    const parts: Parts = { facts: facts(), services: [] };
    const due = dueParts(parts, {}, 0);
    expect(due?.report).toEqual(parts);
    expect(dueParts(parts, told(parts, 0), REPEAT_MS - 1)).toBeUndefined();
  });

  test('after a while a part is told again, so that silence means something', () => {
    const parts: Parts = { facts: facts(), services: [] };
    expect(dueParts(parts, told(parts, 0), REPEAT_MS)?.report).toEqual(parts);
  });

  test.each([
    ['a change', facts({ isLeader: false }), 4_999, false],
    ['a change', facts({ isLeader: false }), 5_000, true],
    ['another version', facts({}, 'v1.34.5'), 5_000, true],
    ['a counter alone', facts({ raftIndex: 11, databaseBytes: 5, fsyncP99Ms: 9 }), 59_999, false],
    ['a counter alone', facts({ raftIndex: 11 }), 60_000, true],
  ])('%s of the facts after some time', (_, next, afterMs, isTold) => {
    const due = dueParts({ facts: next }, told({ facts: facts() }, 0), afterMs);
    expect(due?.report).toEqual(isTold ? { facts: next } : undefined);
  });

  test('only the part that changed is told', () => {
    const before: Parts = { facts: facts(), services: [], apps: [] };
    const service = {
      name: 'web',
      source: 'demo/web',
      address: '10.96.0.9',
      port: 80,
      protocol: 'tcp',
    } as const;
    const due = dueParts({ ...before, services: [service] }, told(before, 0), 2_000);
    expect(due?.report).toEqual({ services: [service] });
  });
});
