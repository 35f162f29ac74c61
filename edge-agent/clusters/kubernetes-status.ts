/** How an app is in a Kubernetes cluster, from its controller, its pods and what was said about them. Values in, values out. */
import { z } from 'zod';
import type { AppInstance, ContainerStatus } from '../../protocol/app.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import { ObjectConditions, ObjectMeta } from '../kube/objects.ts';
import { judged, rebuilding, withAddress } from './kubernetes-judgement.ts';
import { CONTENT_ANNOTATION } from './kubernetes-marks.ts';
import { replicasOf } from './kubernetes-objects.ts';
import { available, upToDate } from './statements.ts';

const LINES_MAX = 20;
const LINE_MAX = 500;
const CONTAINERS_MAX = 1_000;

export const StateWaiting = z.looseObject({
  reason: z.string().default(''),
  message: z.string().default(''),
});
export const StateTerminated = z.looseObject({
  reason: z.string().default(''),
  message: z.string().default(''),
  exitCode: z.number().default(0),
});
const ContainerState = z.looseObject({
  waiting: StateWaiting.optional(),
  running: z.looseObject({ startedAt: z.string().nullish() }).optional(),
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
          image: z.string().default(''),
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
  /** Milliseconds since 1970; without it nothing is said to be too young to be judged. */
  readonly nowMs?: number | undefined;
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
  { workload, lastLines, held, addressFaults, nowMs }: AppEvidence,
  content: string | undefined,
): ContainerStatus {
  const { name } = pod.metadata;
  const isSettled = held?.get(name)?.isSettled ?? true;
  const youth = { nowMs, ready: workload.template.health.ready };
  return {
    name,
    node: pod.spec.nodeName,
    address: pod.status.podIP,
    ...(isSettled
      ? withAddress(judged(pod, youth), pod, addressFaults?.get(pod.metadata.uid ?? ''))
      : rebuilding(pod)),
    // Of one that we ended ourselves the last lines explain nothing.
    lastLines: (isSettled ? (lastLines.get(name) ?? []) : [])
      .slice(-LINES_MAX)
      .map((line) => line.slice(0, LINE_MAX)),
    restarts: pod.status.containerStatuses[0]?.restartCount ?? 0,
    release: isSettled && isOf(pod, content) ? workload.release : 0,
  };
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
