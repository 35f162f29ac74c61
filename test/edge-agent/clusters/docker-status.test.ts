/** What is said of containers at plain engines, by what the engine says of them and by what they are to be. */
import { expect, test } from 'vitest';
import { CONTENT_LABEL } from '../../../edge-agent/clusters/docker-marks.ts';
import { planDocker } from '../../../edge-agent/clusters/docker-plan.ts';
import { type SeenContainer, SLOT_LABEL } from '../../../edge-agent/clusters/docker-seen.ts';
import { dockerInstanceOf } from '../../../edge-agent/clusters/docker-status.ts';
import { LIMITS, ModelEngines, nodeNamed, wantedOf } from './docker-engines.ts';
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

/** What is said of one container whose engine says this of its start. */
function saidOf(fault: string) {
  const wanted = wantedOf({ replicas: 1 });
  const engines = new ModelEngines([nodeNamed('a')]);
  engines.pass(wanted);
  engines.containers = engines.containers.map((one) => ({ ...one, phase: 'created', error: fault }));
  const seen = engines.seen();
  const none = new Map<string, never>();
  const { containers } = dockerInstanceOf({
    workload: workloadOf('web', 'local/tool:1'),
    wanted,
    seen,
    plan: planDocker(wanted, seen),
    lastLines: none,
    faults: none,
    imageFaults: none,
  });
  return containers.map(({ reason, message }) => `${reason}: ${message}`);
}

test('a host port that is taken is told from an address that is, the same at each try', () => {
  const tried = (id: string) =>
    `driver failed programming external connectivity on endpoint acme_web.1 (${id.repeat(64)}): Error starting userland proxy: listen tcp4 0.0.0.0:8080: bind: address already in use`;
  expect(saidOf(tried('a'))).toEqual([
    'address_pending: Something else at its node has its host port: driver failed programming external connectivity on endpoint acme_web.1: Error starting userland proxy: listen tcp4 0.0.0.0:8080: bind: address already in use',
  ]);
  expect(saidOf(tried('b'))).toEqual(saidOf(tried('a')));
  expect(saidOf('Bind for 0.0.0.0:8080 failed: port is already allocated')[0]).toContain('has its host port');
  expect(saidOf('Address already in use')).toEqual([
    'address_pending: Something else has its address: Address already in use',
  ]);
});
