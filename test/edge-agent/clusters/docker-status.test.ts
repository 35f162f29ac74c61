/** How an app at plain engines is said to be, from what its engines say. */
import { expect, test } from 'vitest';
import { planDocker } from '../../../edge-agent/clusters/docker-plan.ts';
import { dockerInstanceOf } from '../../../edge-agent/clusters/docker-status.ts';
import { ModelEngines, nodeNamed, wantedOf } from './docker-engines.ts';
import { workloadOf } from './driver-contract.ts';

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
