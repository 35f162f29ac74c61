/** What becomes of an app in Kubernetes: its objects, the steps to them, and what is said of its containers. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { objectsOf } from '../../../edge-agent/clusters/kubernetes-objects.ts';
import {
  describeKubeStep,
  planApply,
  planRemove,
  type ThereObject,
} from '../../../edge-agent/clusters/kubernetes-plan.ts';
import { instanceOf, PodObject } from '../../../edge-agent/clusters/kubernetes-status.ts';
import { AppTemplate } from '../../../protocol/app.ts';
import type { WorkloadLeaf } from '../../../protocol/cluster-leaf.ts';

fc.configureGlobal({ seed: 34 });

const hash = (text: string) => createHash('sha256').update(text).digest('hex');
const OURS = {
  'app.kubernetes.io/managed-by': 'isthmus',
  'isthmus.dev/tenant': 'acme',
  'isthmus.dev/app': 'web',
};

function workload(change: object = {}): WorkloadLeaf {
  const template = AppTemplate.parse({ image: 'web:1', ...change });
  return {
    kind: 'workload',
    tenant: 'acme',
    cluster: 'prod',
    app: 'web',
    namespace: 'acme',
    release: 4,
    template,
  };
}

const objects = (change: object = {}) => objectsOf(workload(change), hash);
const named = (change: object = {}) => objects(change).map(({ kind, name }) => `${kind} ${name}`);
const bodyOf = (kind: string, change: object = {}) =>
  JSON.parse(JSON.stringify(objects(change).find((one) => one.kind === kind)?.body ?? null));

describe('the end of a pod', () => {
  const ports = [{ name: 'http', port: 80 }];
  test.each<[string, object, number, object | undefined]>([
    [
      'is put off until no node sends anybody there',
      { ports, stopSeconds: 7 },
      12,
      { preStop: { sleep: { seconds: 5 } } },
    ],
    ['is not put off where nobody comes', { stopSeconds: 7 }, 7, undefined],
    ['is not put off for an app that wants no time', { ports, stopSeconds: 0 }, 0, undefined],
  ])('%s', (_name, change, grace, lifecycle) => {
    const { spec } = bodyOf('Deployment', change).spec.template;
    expect([spec.terminationGracePeriodSeconds, spec.containers[0].lifecycle]).toEqual([grace, lifecycle]);
  });

  test('is not put off where the container comes back in its place', () => {
    const { spec } = bodyOf('StatefulSet', { ports, stopSeconds: 7, onChange: 'rebuildInPlace' }).spec
      .template;
    expect([spec.terminationGracePeriodSeconds, spec.containers[0].lifecycle]).toEqual([7, undefined]);
  });
});

describe('objects', () => {
  test.each<[string, object, string[]]>([
    ['a plain app', {}, ['NetworkPolicy web', 'Deployment web']],
    [
      'ports',
      { ports: [{ name: 'http', port: 80 }] },
      ['Service web', 'NetworkPolicy web', 'Deployment web'],
    ],
    ['several replicas', { replicas: 3 }, ['NetworkPolicy web', 'Deployment web', 'PodDisruptionBudget web']],
    ['bounds', { replicas: { min: 1, max: 3 } }, ['NetworkPolicy web', 'Deployment web']],
    [
      'volumes',
      { volumes: [{ name: 'data', path: '/data', sizeMib: 10 }] },
      ['Service web-each', 'NetworkPolicy web', 'StatefulSet web'],
    ],
  ])('of %s', (_, change, expected) => {
    expect(named(change)).toEqual(expected);
  });

  test('have the number of replicas that the control plane chose', () => {
    expect([0, 2, 7].map((replicas) => bodyOf('Deployment', { replicas }).spec.replicas)).toEqual([0, 2, 7]);
  });

  test('a file that changes is a new map and a new pod; a number of replicas is neither', () => {
    const file = (content: string) => ({ files: [{ path: '/etc/a', content }] });
    const pod = (change: object) => JSON.stringify(bodyOf('Deployment', change).spec.template);
    expect(named(file('a'))[0]).not.toBe(named(file('b'))[0]);
    expect(pod(file('a'))).not.toBe(pod(file('b')));
    expect(pod({ replicas: 1 })).toBe(pod({ replicas: 9 }));
    expect(pod({ access: { kind: 'listed' } })).toBe(pod({}));
  });

  test('the order of variables makes no other pod', () => {
    const pod = (environment: object) => JSON.stringify(bodyOf('Deployment', { environment }).spec.template);
    expect(pod({ A: '1', B: '2' })).toBe(pod({ B: '2', A: '1' }));
  });

  test.each<[string, object, unknown]>([
    [
      'the tenant',
      {},
      [{ from: [{ namespaceSelector: { matchLabels: { 'isthmus.dev/tenant': 'acme' } } }] }],
    ],
    ['nobody', { access: { kind: 'listed' } }, []],
    [
      'an app',
      { access: { kind: 'listed', callers: [{ kind: 'app', app: 'front' }] } },
      [
        {
          from: [
            {
              namespaceSelector: { matchLabels: { 'isthmus.dev/tenant': 'acme' } },
              podSelector: { matchLabels: { 'isthmus.dev/tenant': 'acme', 'isthmus.dev/app': 'front' } },
            },
          ],
        },
      ],
    ],
    [
      'a prefix',
      { access: { kind: 'listed', callers: [{ kind: 'prefix', prefix: '10.9.0.0/24' }] } },
      [{ from: [{ ipBlock: { cidr: '10.9.0.0/24' } }] }],
    ],
    [
      'a prefix at a port',
      {
        access: {
          kind: 'listed',
          callers: [{ kind: 'prefix', prefix: '10.9.0.0/24', ports: [{ protocol: 'tcp', port: 80 }] }],
        },
      },
      [{ from: [{ ipBlock: { cidr: '10.9.0.0/24' } }], ports: [{ protocol: 'TCP', port: 80 }] }],
    ],
  ])('let %s in, and nobody else', (_, change, ingress) => {
    expect(bodyOf('NetworkPolicy', change).spec).toMatchObject({ policyTypes: ['Ingress'], ingress });
  });

  test('wait as long as the contract says before the cluster moves a pod off a node that is not ready, and for ever off one that is silent', () => {
    const seconds = (disconnect: object) =>
      bodyOf('Deployment', { disconnect }).spec.template.spec.tolerations.map(
        (one: { tolerationSeconds?: number }) => one.tolerationSeconds,
      );
    expect([seconds({ replace: true, lostAfterSeconds: 60 }), seconds({})]).toEqual([
      [undefined, 60],
      [undefined, undefined],
    ]);
  });
});

describe('steps', () => {
  const there = (
    kind: ThereObject['kind'],
    name: string,
    labels: ThereObject['labels'] = OURS,
  ): ThereObject => ({ kind, name, namespace: 'acme', labels });
  const plan = (observed: readonly ThereObject[]) =>
    planApply(objects({ replicas: 2 }), observed, { namespace: 'acme', tenant: 'acme' }).map(
      describeKubeStep,
    );

  test('apply everything, and take away last what is no longer wanted', () => {
    expect(
      plan([there('ConfigMap', 'web-files-old'), there('Deployment', 'web'), there('StatefulSet', 'web')]),
    ).toEqual([
      'mark the namespace acme as of acme',
      'apply NetworkPolicy acme/web',
      'apply Deployment acme/web',
      'apply PodDisruptionBudget acme/web',
      'delete StatefulSet acme/web',
      'delete ConfigMap acme/web-files-old',
    ]);
  });

  test('are none where a name is somebody else’s', () => {
    expect(() => plan([there('Deployment', 'web', {})])).toThrow('it was not touched');
  });

  test('never delete what is not ours', () => {
    const kind = fc.constantFrom<ThereObject['kind'][]>('ConfigMap', 'Service', 'Deployment', 'StatefulSet');
    const object = fc.record({ kind, name: fc.constantFrom('web', 'other', 'x'), isOurs: fc.boolean() });
    fc.assert(
      fc.property(fc.array(object, { maxLength: 10 }), (list) => {
        const all = list.map(({ kind: of, name, isOurs }) => there(of, name, isOurs ? OURS : {}));
        const deleted = planRemove(all).map((step) =>
          step.kind === 'delete' ? `${step.object.kind} ${step.object.name}` : step.kind,
        );
        const ours = all.filter(({ labels }) => labels === OURS).map(({ kind: of, name }) => `${of} ${name}`);
        expect(deleted.sort()).toEqual(ours.sort());
      }),
    );
  });
});

describe('a container', () => {
  const pod = (status: object, spec: object = { nodeName: 'n1' }) =>
    PodObject.parse({ metadata: { name: 'web-1' }, spec, status: { phase: 'Running', ...status } });
  const waiting = (reason: string, message = '', lastState: object = {}) => ({
    containerStatuses: [{ state: { waiting: { reason, message } }, lastState }],
  });

  test.each<[string, PodObject, [string, string]]>([
    ['ready', pod({ containerStatuses: [{ ready: true, state: { running: {} } }] }), ['ready', 'none']],
    [
      'not ready',
      pod({ containerStatuses: [{ ready: false, started: true, state: { running: {} } }] }),
      ['running', 'probe_failing'],
    ],
    [
      'starting',
      pod({ containerStatuses: [{ ready: false, started: false, state: { running: {} } }] }),
      ['starting', 'none'],
    ],
    ['without its image', pod(waiting('ErrImageNeverPull')), ['waiting', 'image_pull']],
    [
      'crashing',
      pod(waiting('CrashLoopBackOff', '', { terminated: { exitCode: 3 } })),
      ['waiting', 'crash_loop'],
    ],
    [
      'out of memory',
      pod(waiting('CrashLoopBackOff', '', { terminated: { reason: 'OOMKilled' } })),
      ['waiting', 'out_of_memory'],
    ],
    [
      'without its secret',
      pod(waiting('CreateContainerConfigError', 'secret "word" not found')),
      ['waiting', 'config_missing'],
    ],
    ['being made', pod(waiting('ContainerCreating')), ['starting', 'none']],
    [
      'too large',
      pod(
        {
          phase: 'Pending',
          conditions: [
            {
              type: 'PodScheduled',
              status: 'False',
              reason: 'Unschedulable',
              message: '0/2 nodes: Insufficient cpu',
            },
          ],
        },
        {},
      ),
      ['waiting', 'unschedulable'],
    ],
    [
      'without its volume',
      pod(
        {
          phase: 'Pending',
          conditions: [
            {
              type: 'PodScheduled',
              status: 'False',
              reason: 'Unschedulable',
              message: 'unbound immediate PersistentVolumeClaims',
            },
          ],
        },
        {},
      ),
      ['waiting', 'volume_pending'],
    ],
    ['of a lost node', pod({ reason: 'NodeLost' }), ['waiting', 'node_lost']],
  ])('%s is said to be so', (_, seen, expected) => {
    const { containers } = instanceOf({
      workload: workload(),
      controller: undefined,
      pods: [seen],
      lastLines: new Map(),
    });
    expect(containers.map(({ state, reason }) => [state, reason])).toEqual([expected]);
  });
});
