/** What is said of containers at plain engines, by what the engine says of them and by what they are to be. */
import { expect, test } from 'vitest';
import { CONTENT_LABEL } from '../../../edge-agent/clusters/docker-marks.ts';
import { type SeenContainer, SLOT_LABEL } from '../../../edge-agent/clusters/docker-seen.ts';
import { dockerInstanceOf } from '../../../edge-agent/clusters/docker-status.ts';
import { LIMITS, nodeNamed, wantedOf } from './docker-engines.ts';
import { workloadOf } from './driver-contract.ts';

/** Stopped in order, after its check had passed: engines call it unhealthy from then on. */
function stopped(name: string, slot: number): SeenContainer {
  return {
    id: name,
    name,
    node: 'n1',
    labels: { [SLOT_LABEL]: `${slot}`, [CONTENT_LABEL]: 'one' },
    phase: 'exited',
    health: 'unhealthy',
    exitCode: 143,
    isOutOfMemory: false,
    error: '',
    restarts: 0,
    createdMs: 1,
    startedMs: 2,
    networks: {},
    aliases: [],
    limits: LIMITS,
  };
}

function said(container: SeenContainer, replicas: number) {
  const { containers } = dockerInstanceOf({
    workload: workloadOf('web', 'local/tool:1', { replicas }),
    wanted: wantedOf({ replicas }),
    seen: {
      nodes: [nodeNamed('n1')],
      lost: [],
      containers: [container],
      nowMs: 10,
      addresses: new Set(),
    },
    plan: { steps: [], waiting: [] },
    lastLines: new Map(),
    faults: new Map(),
    imageFaults: new Map(),
  });
  return containers.map(({ state, reason }) => [state, reason]);
}

test('a container that was stopped because another took its place, or because fewer are wanted, is no failure', () => {
  expect(said(stopped('acme_web.1.old', 1), 1)).toEqual([['stopping', 'none']]);
  expect(said(stopped('acme_web.2', 2), 1)).toEqual([['stopping', 'none']]);
  expect(said(stopped('acme_web.next.1', 1), 0)).toEqual([['stopping', 'none']]);
});

test('one that is wanted and was stopped failed its check', () => {
  expect(said(stopped('acme_web.1', 1), 1)).toEqual([['exited', 'probe_failing']]);
  expect(said(stopped('acme_web.1.next', 1), 1)).toEqual([['exited', 'probe_failing']]);
});
