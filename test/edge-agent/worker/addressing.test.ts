/** Containers that don't have an address of their app's pool are named, with what is missing on their node. */
import { describe, expect, test } from 'vitest';
import { type Addressing, withAddressing } from '../../../edge-agent/worker/addressing.ts';
import type { ContainerStatus } from '../../../protocol/app.ts';
import { workloadOf } from '../clusters/driver-contract.ts';

const POOLS = [{ name: 'tiny', prefixes: ['10.0.5.0/28', '10.0.6.0/31'] }];

function container(address: string, state: ContainerStatus['state'] = 'ready'): ContainerStatus {
  return {
    lastLines: [],
    restarts: 0,
    release: 1,
    reason: 'none',
    message: '',
    name: 'pa-1',
    node: 'n1',
    address,
    state,
  };
}

function said(containers: readonly ContainerStatus[], more: Partial<Addressing> = {}) {
  const workload = workloadOf('pa', 'i', { pool: 'tiny' });
  const counts = { wanted: 1, ready: 1, updated: 1, release: 1 };
  const instance = { cluster: 'prod', ...counts, statements: [], containers: [...containers] };
  const around = { workloads: [workload], pools: POOLS, agents: new Set<string>(), ...more };
  return withAddressing({ app: 'pa', instance }, around).instance.statements;
}

describe('an app with a pool', () => {
  test('whose containers all have its addresses is addressed', () => {
    expect(said([container('10.0.5.3'), container('10.0.6.1')])).toMatchObject([
      { type: 'Addressed', status: 'True' },
    ]);
  });

  test.each([
    ['no agent runs there. Start edge-agent node run on n1', new Set<string>()],
    ['it was made before the agent there', new Set(['n1'])],
    ['no agent runs there, or it came later', undefined],
  ])('with another address is not: %s', (why, agents) => {
    const [statement] = said([container('10.0.5.3'), container('10.244.0.11')], { agents });
    expect(statement).toMatchObject({ type: 'Addressed', status: 'False', reason: 'NotOfPool' });
    expect(statement?.message).toContain(`pa-1 on n1 has 10.244.0.11, which is not of pool tiny: ${why}`);
  });

  test('is not judged by containers without an address, or on their way out, or while the pool is not known', () => {
    expect(said([container('')])).toEqual([]);
    expect(said([container('10.244.0.11', 'stopping')])).toEqual([]);
    expect(said([container('10.244.0.11')], { pools: [] })).toEqual([]);
  });
});

test('of an app without a pool nothing is said', () => {
  expect(said([container('10.244.0.11')], { workloads: [workloadOf('pa', 'i', {})] })).toEqual([]);
});
