/** Rebuilds an app's pods in place: reads them, lets `kubernetes-rebuild.ts` decide, and does its steps. It waits for nothing: the next pass goes on. */
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import { parseJson } from '../../protocol/json.ts';
import type { KubeClient } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import { pathOf } from '../kube/objects.ts';
import { DriverError } from './driver.ts';
import { type HeldWanted, memoryBytes, SHAPE_ANNOTATION } from './kubernetes-held.ts';
import { CONTAINER, FIELD_MANAGER, POD } from './kubernetes-marks.ts';
import { controllerOf, podsOf } from './kubernetes-reads.ts';
import {
  describeRebuildStep,
  type HeldPod,
  IMAGE_ANNOTATION,
  isAvailable,
  isSettled,
  planRebuild,
  REPLACES_ANNOTATION,
  type RebuildStep,
} from './kubernetes-rebuild.ts';
import { reload } from './kubernetes-reload.ts';
import { type HeldFacts, PodObject } from './kubernetes-status.ts';

export interface Rebuilding {
  readonly client: KubeClient;
  readonly workload: WorkloadLeaf;
  readonly wanted: HeldWanted;
  readonly nowMs: number;
}

/** The next steps of the app's pods, done; in words. */
export async function rebuild({ client, workload, wanted, nowMs }: Rebuilding): Promise<string[]> {
  const { namespace, template } = workload;
  const controller = await controllerOf(client, workload);
  if (controller === undefined) return [];
  const pods = await podsOf(client, workload);
  const { metadata, spec, status } = controller;
  const steps = planRebuild({
    wanted,
    pods: pods.filter((pod) => isOwnedBy(pod, metadata.uid)).map(heldPod),
    replicas: spec.replicas ?? 1,
    template,
    isTold: status.observedGeneration >= (metadata.generation ?? 0),
    nowMs,
  });
  for (const step of steps) await execute(client, namespace, step);
  return steps.map((step) => `${namespace}: ${describeRebuildStep(step)}`);
}

function isOwnedBy({ metadata }: PodObject, uid: string | undefined): boolean {
  return (metadata.ownerReferences ?? []).some((owner) => owner.uid === uid);
}

export function heldPod({ metadata, spec, status }: PodObject): HeldPod {
  const { annotations = {} } = metadata;
  const [container] = spec.containers;
  const { requests, limits } = container?.resources ?? { requests: {}, limits: {} };
  const asked = memoryBytes(requests['memory'] ?? '');
  return {
    name: metadata.name,
    uid: metadata.uid ?? '',
    annotations,
    shape: annotations[SHAPE_ANNOTATION],
    image: container?.image ?? '',
    variables: (container?.env ?? [])
      .filter((one) => one.valueFrom?.fieldRef !== undefined)
      .map(({ name }) => name),
    memoryBytes: asked,
    isLimited: memoryBytes(limits['memory'] ?? '') === asked,
    containerId: status.containerStatuses[0]?.containerID ?? '',
    isSeen: (status.observedGeneration ?? Number.POSITIVE_INFINITY) >= (metadata.generation ?? 0),
    isReady: status.conditions.some((one) => one.type === 'Ready' && one.status === 'True'),
    isGoing: metadata.deletionTimestamp !== undefined,
  };
}

/** What is said of a pod that is rebuilt in place, by its name. */
export function heldFacts(pods: readonly PodObject[]): ReadonlyMap<string, HeldFacts> {
  return new Map(
    pods
      .map(heldPod)
      .map((pod) => [pod.name, { isSettled: isSettled(pod), isAvailable: isAvailable(pod) }] as const),
  );
}

async function execute(client: KubeClient, namespace: string, step: RebuildStep): Promise<void> {
  const place = { ...POD, namespace, name: step.pod };
  const { uid } = step;
  switch (step.kind) {
    case 'annotate':
      await patch(client, pathOf(place), { metadata: { uid, annotations: step.annotations } });
      return;
    case 'switch_image':
      return switchImage(client, pathOf(place), step);
    case 'resize':
      return resize(client, pathOf({ ...place, subresource: 'resize' }), step);
    case 'reload':
      return reload(client, place, step.by);
    case 'replace_pod': {
      const body = JSON.stringify({ apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid } });
      await client.text({ method: 'DELETE', path: pathOf(place), body });
    }
  }
}

/** The number that identifies the pod goes along: a newer one under its name is not touched. */
async function patch(client: KubeClient, path: string, body: object): Promise<string> {
  return client.text({
    method: 'PATCH',
    path,
    query: { fieldManager: FIELD_MANAGER },
    headers: { 'content-type': 'application/strategic-merge-patch+json' },
    body: JSON.stringify(body),
  });
}

async function switchImage(
  client: KubeClient,
  path: string,
  { uid, image, annotations, unless }: Extract<RebuildStep, { kind: 'switch_image' }>,
): Promise<void> {
  const containers = [{ name: CONTAINER, image }];
  const text = await patch(client, path, { metadata: { uid, annotations }, spec: { containers } });
  const got = PodObject.safeParse(parseJson(text)).data?.spec.containers[0]?.image ?? image;
  if (got === image) return;
  // Nothing was started again; null takes the note away that something would be.
  const nothing = got === unless ? { [REPLACES_ANNOTATION]: null } : {};
  await patch(client, path, {
    metadata: { uid, annotations: { [IMAGE_ANNOTATION]: `${image} ${got}`, ...nothing } },
  });
}

async function resize(
  client: KubeClient,
  path: string,
  { uid, memoryBytes: bytes, isLimited }: Extract<RebuildStep, { kind: 'resize' }>,
): Promise<void> {
  const memory = String(bytes);
  const resources = { requests: { memory }, ...(isLimited ? { limits: { memory } } : {}) };
  try {
    await patch(client, path, {
      metadata: { uid },
      spec: { containers: [{ name: CONTAINER, resources }] },
    });
  } catch (cause) {
    if (!(cause instanceof KubeError) || cause.code !== 'kube.not_found') throw cause;
    throw new DriverError(
      'driver.unsupported',
      'Starting a container again in its place takes Kubernetes 1.33 or newer; a change of the image works in any. Use onChange: rolling.',
      { cause },
    );
  }
}
