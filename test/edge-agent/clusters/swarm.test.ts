/** The pure parts of the Swarm driver: what an app becomes, what is refused, which step comes next, and how an app is. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sha256 } from '../../../edge-agent/clusters/docker-faults.ts';
import { DriverError } from '../../../edge-agent/clusters/driver.ts';
import { covers, overlay } from '../../../edge-agent/clusters/spec-merge.ts';
import { Service, Task } from '../../../edge-agent/clusters/swarm-objects.ts';
import { attemptOf, planService } from '../../../edge-agent/clusters/swarm-plan.ts';
import { checkSwarm, serviceOf } from '../../../edge-agent/clusters/swarm-service.ts';
import { endedWith, swarmInstanceOf } from '../../../edge-agent/clusters/swarm-status.ts';
import type { AppTemplate } from '../../../protocol/app.ts';
import type { WorkloadLeaf } from '../../../protocol/cluster-leaf.ts';
import { nodeRulesOf, Placement } from '../../../protocol/placement.ts';
import { workloadOf } from './driver-contract.ts';

const parts = { network: 'net', configs: new Map<string, string>(), secrets: new Map<string, string>() };

function wantedOf(workload: WorkloadLeaf) {
  return serviceOf({ workload, parts, replicas: 2 }, sha256);
}

function release(number: number, change: Partial<AppTemplate> = {}): WorkloadLeaf {
  return { ...workloadOf('web', `local/tool:${number}`, change), release: number };
}

/** A manager's memory of one service, which goes back from images that end with a nine. */
class ModelManager {
  service: Service | undefined;

  pass(workload: WorkloadLeaf): string | undefined {
    const step = planService({ wanted: wantedOf(workload), service: this.service, fault: 'no such image' });
    if (step === undefined) return undefined;
    const before = this.service;
    this.service = Service.parse({
      ID: 'service',
      Version: { Index: (before?.Version.Index ?? 0) + 1 },
      Spec: JSON.parse(JSON.stringify(step.spec)),
      ...(before === undefined ? {} : { PreviousSpec: before.Spec }),
    });
    const isBad = (service: Service) => JSON.stringify(service.Spec).includes('tool:9');
    if (before !== undefined && isBad(this.service) && !isBad(before))
      this.service = {
        ...before,
        UpdateStatus: { State: 'rollback_completed', Message: 'rolled back' },
        Version: { Index: this.service.Version.Index + 1 },
      };
    return step.kind === 'create' ? 'create' : step.words;
  }
}

describe('a service', () => {
  test('is whole in what we have an opinion on', () => {
    const { TaskTemplate, UpdateConfig, EndpointSpec } = wantedOf({
      ...release(1, {
        resources: { cpuMillis: 100, memoryMibMax: 64 },
        ports: [{ name: 'http', port: 8080, protocol: 'tcp', hostPort: 80 }],
      }),
      nodes: nodeRulesOf(
        Placement.parse({
          constraints: ['node.zone == a', 'node.role not in (manager, other)'],
          groupBy: 'engine.labels.rack',
        }),
      ),
    });
    expect(TaskTemplate).toMatchObject({
      ContainerSpec: { Image: 'local/tool:1', Command: ['serve', ':8080'], StopGracePeriod: 1_000_000_000 },
      Resources: { Limits: { MemoryBytes: 67_108_864 }, Reservations: { NanoCPUs: 100_000_000 } },
      Placement: {
        Constraints: ['node.labels.zone == a', 'node.role != manager', 'node.role != other'],
        Preferences: [{ Spread: { SpreadDescriptor: 'engine.labels.rack' } }],
      },
      Networks: [{ Target: 'net', Aliases: ['web'] }],
    });
    expect(UpdateConfig).toMatchObject({ FailureAction: 'rollback', Order: 'stop-first' });
    expect(EndpointSpec).toEqual({
      Mode: 'dnsrr',
      Ports: [{ Protocol: 'tcp', TargetPort: 8080, PublishedPort: 80, PublishMode: 'host' }],
    });
  });

  test.each([
    ['a pool', { pool: 'front' }],
    ['a rebuild in place', { onChange: 'rebuildInPlace' }],
    ['a volume that stays on a node', { volumes: [{ name: 'data', path: '/data', sizeMib: 1 }] }],
    ['a secret as a variable', { secrets: [{ secret: 'a', key: 'b', as: { kind: 'variable', name: 'A' } }] }],
  ] as const)('can not be had with %s', (_what, change) => {
    const workload = release(1, JSON.parse(JSON.stringify(change)));
    expect(() => checkSwarm(workload)).toThrow(DriverError);
    expect(() => checkSwarm(release(1))).not.toThrow();
  });
});

describe('the steps of a service', () => {
  test('come to an end, and a release that went back is tried once and no more', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(1, 2, 3, 9), { minLength: 1, maxLength: 8 }), (images) => {
        const manager = new ModelManager();
        images.forEach((image, index) => {
          const workload = { ...release(image), release: index + 1 };
          const steps: string[] = [];
          for (let step = manager.pass(workload); step !== undefined; step = manager.pass(workload)) {
            steps.push(step);
            expect(steps.length).toBeLessThan(6);
          }
          const isBad = image === 9 && index > 0 && !JSON.stringify(manager.service?.Spec).includes('tool:9');
          expect(steps.some((step) => step.includes('rolled back'))).toBe(isBad);
        });
      }),
    );
  });

  test('leave what others added, and put back what they changed of ours', () => {
    const manager = new ModelManager();
    manager.pass(release(1));
    const spec = manager.service?.Spec;
    if (manager.service === undefined || spec === undefined) throw new Error('there is no service');
    manager.service = { ...manager.service, Spec: { ...spec, Labels: { ...spec.Labels, theirs: 'x' } } };
    expect(manager.pass(release(1))).toBeUndefined();
    manager.service = {
      ...manager.service,
      Spec: { ...manager.service.Spec, Mode: { Replicated: { Replicas: 9 } } },
    };
    expect(manager.pass(release(1))).toContain('update');
    expect(manager.service.Spec.Labels).toMatchObject({ theirs: 'x' });
    expect(manager.service.Spec.Mode.Replicated?.Replicas).toBe(2);
  });

  test('do not touch the service of somebody else', () => {
    const service = Service.parse({
      ID: 'x',
      Version: { Index: 1 },
      Spec: { Name: 'acme_web', TaskTemplate: {} },
    });
    expect(() => planService({ wanted: wantedOf(release(1)), service, fault: undefined })).toThrow(
      DriverError,
    );
  });
});

describe('a spec laid over another', () => {
  const json = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constant(null),
      fc.boolean(),
      fc.nat(),
      fc.string(),
      fc.array(tie('value'), { maxLength: 3 }),
      tie('members'),
    ),
    members: fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value')),
  })).members;

  test('is as it is wanted then, keeps the rest, and changes nothing where all is so', () => {
    fc.assert(
      fc.property(json, json, (there, wanted) => {
        const merged = overlay(there, wanted);
        expect(covers(merged, wanted)).toBe(true);
        expect(covers(overlay({ ...there, theirs: 1 }, wanted), { theirs: 1 })).toBe(true);
        expect(covers(wanted, wanted)).toBe(true);
      }),
    );
  });

  test.each([
    [{ a: 1 }, { a: 2 }],
    [{ a: [1] }, { a: [1, 2] }],
    [{ a: { b: 1 } }, { a: { b: null } }],
    [{}, { a: 'x' }],
  ])('%j is not as %j is wanted', (there, wanted) => {
    expect(covers(there, wanted)).toBe(false);
  });
});

describe('how an app is in a swarm', () => {
  const labels = wantedOf(release(1)).Labels;
  const taskOf = (slot: number, state: string, more: object = {}) =>
    Task.parse({
      ID: `${slot}${state}`,
      CreatedAt: `2026-01-01T00:00:0${slot}Z`,
      Slot: slot,
      DesiredState: 'running',
      Spec: { ContainerSpec: { Labels: labels } },
      Status: { State: state, ...more },
    });

  test.each([
    ['No such image: local/none:1', 1, 'image_pull'],
    ['task: non-zero exit (7)', 7, 'crash_loop'],
    ['task: non-zero exit (137): dockerexec: unhealthy container', 137, 'probe_failing'],
    ['', 0, 'probe_failing'],
  ])('an end with "%s" and code %i is %s', (Err, ExitCode, reason) => {
    const task = taskOf(1, 'failed', { Err, ContainerStatus: { ExitCode } });
    expect(endedWith(task, release(1).template).reason).toBe(reason);
  });

  test('is said of each place, with what ended there last', () => {
    const workload = release(1, { health: {} });
    const own = wantedOf(workload).Labels;
    const of = (task: Task): Task => ({ ...task, Spec: { ContainerSpec: { Labels: own } } });
    const service = Service.parse({ ID: 'x', Version: { Index: 1 }, Spec: wantedOf(workload) });
    const failed = {
      ...of(taskOf(2, 'failed', { Err: 'exit', ContainerStatus: { ExitCode: 7 } })),
      DesiredState: 'shutdown',
    };
    const { statements, containers, ready } = swarmInstanceOf({
      workload,
      labels: own,
      service,
      tasks: [of(taskOf(1, 'running')), of(taskOf(2, 'ready')), failed],
      nodes: [],
      lastLines: new Map([['2failed', ['last words']]]),
    });
    expect([ready, statements.map(({ reason }) => reason)]).toEqual([1, ['crash_loop', 'Rolling']]);
    expect(containers.map(({ reason, lastLines, restarts }) => [reason, lastLines, restarts])).toEqual([
      ['none', [], 0],
      ['crash_loop', ['last words'], 1],
    ]);
    expect(attemptOf({ Labels: own })).toMatch(/^1-[0-9a-f]{10}$/);
  });
});
