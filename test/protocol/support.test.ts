/** What the planner takes for not to be had in a kind of cluster is refused by its driver too: neither knows better than the other. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkDocker } from '../../edge-agent/clusters/docker-container.ts';
import { checkSupported } from '../../edge-agent/clusters/marathon-supported.ts';
import { mesosAppOf } from '../../edge-agent/clusters/mesos-objects.ts';
import { checkSwarm } from '../../edge-agent/clusters/swarm-service.ts';
import { AppTemplate } from '../../protocol/app.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import { lacksOf } from '../../protocol/support.ts';
import { workloadOf } from '../edge-agent/clusters/driver-contract.ts';

const templates = fc
  .record({
    pool: fc.constantFrom(undefined, 'front'),
    onChange: fc.constantFrom('rolling', 'rebuildInPlace'),
    onFileChange: fc.constantFrom({ kind: 'restart' }, { kind: 'signal', signal: 'HUP' }),
    files: fc.constantFrom([], [{ path: '/etc/app.conf', content: 'a' }]),
    command: fc.constantFrom(undefined, ['serve']),
    volumes: fc.constantFrom([], [{ name: 'data', path: '/data', sizeMib: 1, class: 'nfs' }]),
    secrets: fc.constantFrom(
      [],
      [{ secret: 'a', key: 'b', as: { kind: 'variable', name: 'A' } }],
      [{ secret: 'a', key: 'b', as: { kind: 'file', path: '/run/a' } }],
    ),
  })
  .map((parts) => AppTemplate.parse(JSON.parse(JSON.stringify({ image: 'web:1', ...parts }))));

const CHECKS: Readonly<Record<string, (workload: WorkloadLeaf) => unknown>> = {
  docker: checkDocker,
  swarm: checkSwarm,
  mesos: (workload) => mesosAppOf(workload, (text) => text),
  marathon: ({ template }) => checkSupported(template, ['secrets']),
};

test.each(Object.keys(CHECKS))('%s refuses what it is said to lack, and takes what it is not', (kind) => {
  const check = CHECKS[kind];
  fc.assert(
    fc.property(templates, (template) => {
      const workload = { ...workloadOf('web', 'web:1'), template };
      const isLacking = Object.keys(lacksOf(template)).includes(kind);
      if (isLacking) expect(() => check?.(workload)).toThrow();
      else expect(() => check?.(workload)).not.toThrow();
    }),
    { numRuns: 200 },
  );
});

test('Kubernetes lacks nothing of it', () => {
  fc.assert(fc.property(templates, (template) => lacksOf(template).kubernetes === undefined));
});
