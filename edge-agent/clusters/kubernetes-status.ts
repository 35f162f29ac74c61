/** How an app is in a Kubernetes cluster, from its controller, its pods and what was said about them. Values in, values out. */
import { z } from 'zod';
import type { AppInstance, ContainerStatus } from '../../protocol/app.ts';
import type { WorkloadLeaf } from '../../protocol/document.ts';
import { ObjectConditions, ObjectMeta } from '../kube/objects.ts';
import { CONTENT_ANNOTATION } from './kubernetes-marks.ts';
import { replicasOf } from './kubernetes-objects.ts';
import { available, type Judgement, say, upToDate } from './statements.ts';

const LINES_MAX = 20;
const LINE_MAX = 500;
const CONTAINERS_MAX = 1_000;

const StateWaiting = z.looseObject({ reason: z.string().default(''), message: z.string().default('') });
const StateTerminated = z.looseObject({
  reason: z.string().default(''),
  message: z.string().default(''),
  exitCode: z.number().default(0),
});
const ContainerState = z.looseObject({
  waiting: StateWaiting.optional(),
  running: z.looseObject({}).optional(),
  terminated: StateTerminated.optional(),
});

const Quantities = z.record(z.string(), z.string()).default({});
const ValueSource = z.looseObject({ fieldRef: z.looseObject({}).optional() });

export const PodObject = z.looseObject({
  metadata: ObjectMeta,
  spec: z.looseObject({
    nodeName: z.string().default(''),
    containers: z
      .array(
        z.looseObject({
          image: z.string().default(''),
          env: z.array(z.looseObject({ name: z.string(), valueFrom: ValueSource.optional() })).default([]),
          resources: z.looseObject({ requests: Quantities, limits: Quantities }).optional(),
        }),
      )
      .default([]),
  }),
  status: z.looseObject({
    phase: z.string().default('Pending'),
    reason: z.string().default(''),
    message: z.string().default(''),
    podIP: z.string().default(''),
    /** Absent before Kubernetes 1.34. */
    observedGeneration: z.number().optional(),
    conditions: ObjectConditions,
    containerStatuses: z
      .array(
        z.looseObject({
          ready: z.boolean().default(false),
          containerID: z.string().default(''),
          started: z.boolean().nullish(),
          restartCount: z.number().default(0),
          state: ContainerState.default({}),
          lastState: ContainerState.default({}),
        }),
      )
      .default([]),
  }),
});
export type PodObject = z.infer<typeof PodObject>;

export const ControllerObject = z.looseObject({
  metadata: ObjectMeta,
  spec: z.looseObject({
    replicas: z.number().optional(),
    template: z.looseObject({
      metadata: z.looseObject({ annotations: z.record(z.string(), z.string()).default({}) }),
    }),
  }),
  status: z
    .looseObject({
      observedGeneration: z.number().default(0),
      readyReplicas: z.number().default(0),
      conditions: ObjectConditions,
    })
    .default({ observedGeneration: 0, readyReplicas: 0, conditions: [] }),
});
export type ControllerObject = z.infer<typeof ControllerObject>;

export interface AppEvidence {
  readonly workload: WorkloadLeaf;
  readonly controller: ControllerObject | undefined;
  readonly pods: readonly PodObject[];
  /** Last lines of a container that ended, by pod. */
  readonly lastLines: ReadonlyMap<string, readonly string[]>;
  /** Why a pod has no address of its pool, by its UID. */
  readonly addressFaults?: ReadonlyMap<string, string>;
  /** Of an app that is rebuilt in place, by pod: its controller's numbers know nothing of that. */
  readonly held?: ReadonlyMap<string, HeldFacts> | undefined;
}

export interface HeldFacts {
  /** The container that was to be replaced runs no more. */
  readonly isSettled: boolean;
  readonly isAvailable: boolean;
}

export function instanceOf(evidence: AppEvidence): AppInstance {
  const { workload, controller, pods } = evidence;
  const content = controller?.spec.template.metadata.annotations[CONTENT_ANNOTATION];
  const containers = pods.map((pod) => containerOf(pod, evidence, content));
  const wanted = controller?.spec.replicas ?? replicasOf(workload.template);
  const isSeen =
    controller !== undefined && controller.status.observedGeneration >= (controller.metadata.generation ?? 0);
  const ready = evidence.held === undefined ? (controller?.status.readyReplicas ?? 0) : heldReady(evidence);
  const isUpdated = ({ release, state }: ContainerStatus) =>
    release === workload.release && state === 'ready';
  const updated = isSeen ? containers.filter(isUpdated).length : 0;
  return {
    cluster: workload.cluster,
    release: workload.release,
    wanted,
    ready,
    updated,
    statements: [available({ wanted, ready }, containers), upToDate({ wanted, ready, updated })],
    containers: containers.slice(0, CONTAINERS_MAX),
  };
}

function heldReady({ pods, held }: AppEvidence): number {
  const staying = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  return staying.filter((pod) => held?.get(pod.metadata.name)?.isAvailable).length;
}

function isOf({ metadata }: PodObject, content: string | undefined): boolean {
  return content !== undefined && metadata.annotations?.[CONTENT_ANNOTATION] === content;
}

function containerOf(
  pod: PodObject,
  { workload, lastLines, held, addressFaults }: AppEvidence,
  content: string | undefined,
): ContainerStatus {
  const { name } = pod.metadata;
  const isSettled = held?.get(name)?.isSettled ?? true;
  return {
    name,
    node: pod.spec.nodeName,
    address: pod.status.podIP,
    ...(isSettled
      ? withAddress(judged(pod), pod, addressFaults?.get(pod.metadata.uid ?? ''))
      : rebuilding(pod)),
    lastLines: (lastLines.get(name) ?? []).slice(-LINES_MAX).map((line) => line.slice(0, LINE_MAX)),
    restarts: pod.status.containerStatuses[0]?.restartCount ?? 0,
    release: isSettled && isOf(pod, content) ? workload.release : 0,
  };
}

/** A container that is being made may wait for its address. Once it has one, what was said before is history. */
function withAddress(judgement: Judgement, { status }: PodObject, fault: string | undefined): Judgement {
  const isWaiting =
    judgement.reason === 'none' && (judgement.state === 'starting' || judgement.state === 'waiting');
  if (fault === undefined || status.podIP !== '' || !isWaiting) return judgement;
  return say('waiting', 'address_pending', `It waits for its address: ${fault}`);
}

function judged(pod: PodObject): Judgement {
  const [container] = pod.status.containerStatuses;
  if (pod.status.reason === 'NodeLost') return say('waiting', 'node_lost', 'Its node has not been heard of.');
  if (pod.metadata.deletionTimestamp !== undefined) return say('stopping', 'none', 'It is being stopped.');
  if (pod.spec.nodeName === '') return unscheduled(pod);
  if (container === undefined) return say('waiting', 'none', 'Its node has it and has not begun.');
  const { waiting, running, terminated } = container.state;
  if (waiting !== undefined) return waitingFor(waiting, container.lastState.terminated);
  if (terminated !== undefined) return ended(terminated);
  if (running === undefined) return say('waiting', 'none', 'Its node has it and has not begun.');
  if (container.ready) return say('ready', 'none', 'It answers.');
  if (container.started === false) return say('starting', 'none', 'It has not answered its start probe yet.');
  return say(
    'running',
    'probe_failing',
    'It runs, and its ready probe fails: nothing is sent to it. See what the probe asks for.',
  );
}

/** The old container may still answer. */
function rebuilding(pod: PodObject): Judgement {
  const judgement = judged(pod);
  const pending = pod.status.conditions.find(({ type }) => type === 'PodResizePending');
  if (pending !== undefined)
    return say('starting', 'other', `Its node does not start it again in its place: ${pending.message}`);
  return judgement.state === 'ready'
    ? say('starting', 'none', 'It is being rebuilt in its place.')
    : judgement;
}

function unscheduled(pod: PodObject): Judgement {
  const scheduled = pod.status.conditions.find(({ type }) => type === 'PodScheduled');
  const message = scheduled?.message ?? '';
  if (scheduled?.reason !== 'Unschedulable') return say('waiting', 'none', 'No node has been chosen yet.');
  if (/unbound|persistentvolumeclaim|volume/i.test(message))
    return say('waiting', 'volume_pending', `Its volume is not there: ${message}`);
  return say('waiting', 'unschedulable', `No node takes it: ${message}`);
}

type Waiting = z.infer<typeof StateWaiting>;
type Terminated = z.infer<typeof StateTerminated>;

function waitingFor({ reason, message }: Waiting, last: Terminated | undefined): Judgement {
  switch (reason) {
    case 'ErrImagePull':
    case 'ImagePullBackOff':
    case 'InvalidImageName':
    case 'ErrImageNeverPull':
      return say('waiting', 'image_pull', `The image can't be had: ${message}`);
    case 'CrashLoopBackOff':
      return last?.reason === 'OOMKilled'
        ? say('waiting', 'out_of_memory', OUT_OF_MEMORY)
        : say(
            'waiting',
            'crash_loop',
            `It ends again and again, last with exit code ${last?.exitCode ?? '?'}; the next try waits. See its last lines.`,
          );
    case 'CreateContainerConfigError':
      return say('waiting', 'config_missing', `Something that it needs is not in the namespace: ${message}`);
    case 'ContainerCreating':
    case 'PodInitializing':
      return say('starting', 'none', 'It is being made.');
    default:
      return say('waiting', 'other', `${reason}: ${message}`);
  }
}

const OUT_OF_MEMORY =
  'It was ended for using more memory than its limit. Raise memoryMibMax or see what it keeps.';

function ended({ reason, exitCode, message }: Terminated): Judgement {
  if (reason === 'OOMKilled') return say('exited', 'out_of_memory', OUT_OF_MEMORY);
  return say(
    'exited',
    exitCode === 0 ? 'none' : 'crash_loop',
    `It ended with exit code ${exitCode}. ${message}`.trim(),
  );
}

/** Pods whose last words are worth fetching. */
export function talkative(pods: readonly PodObject[]): readonly string[] {
  return pods
    .filter(({ status }) =>
      status.containerStatuses.some(
        ({ state, lastState }) =>
          state.waiting?.reason === 'CrashLoopBackOff' ||
          state.terminated !== undefined ||
          (state.waiting !== undefined && lastState.terminated !== undefined),
      ),
    )
    .map(({ metadata }) => metadata.name);
}
