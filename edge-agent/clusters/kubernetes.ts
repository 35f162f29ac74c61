/** The driver of Kubernetes: server-side apply with a field manager of our own. What belongs to an app is decided in `kubernetes-objects.ts` and `kubernetes-plan.ts`. */
import { createHash } from 'node:crypto';
import type { AppInstance } from '../../protocol/app.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import type { KubeClient } from '../kube/client.ts';
import { KubeError, type KubeFault, undefinedOn } from '../kube/errors.ts';
import { listAll } from '../kube/list.ts';
import { KubeObject, objectList, pathOf } from '../kube/objects.ts';
import { type AppRef, type Done, type Driver, DriverError, type DriverFault } from './driver.ts';
import { addressFaultsOf, EventObject } from './kubernetes-address.ts';
import { checkHeld, isHeld } from './kubernetes-held.ts';
import { lastLines } from './kubernetes-log.ts';
import {
  APP_LABEL,
  type AppKind,
  EVENT,
  FIELD_MANAGER,
  type KubeType,
  MANAGED_BY,
  NAMESPACE,
  TENANT_LABEL,
  TYPES,
} from './kubernetes-marks.ts';
import { type AppObject, objectsOf } from './kubernetes-objects.ts';
import {
  describeKubeStep,
  hasChanged,
  isSame,
  type KubeStep,
  planApply,
  planRemove,
  type ThereObject,
} from './kubernetes-plan.ts';
import { heldPodTemplate } from './kubernetes-pod.ts';
import { controllerOf, podsOf } from './kubernetes-reads.ts';
import { heldFacts, rebuild } from './kubernetes-rebuilder.ts';
import { instanceOf, talkative } from './kubernetes-status.ts';
import { beforeNext, beforeStable } from './kubernetes-tracks.ts';
import { usageOfPods } from './kubernetes-usage.ts';
import { named } from './track.ts';

const OBJECTS_MAX = 10_000;
const EVENTS_MAX = '500';
const LOGS_MAX = 5;

/** `wallNow`: milliseconds since 1970. */
export function createKubernetesDriver(client: KubeClient, wallNow: () => number): Driver {
  return {
    tracks: true,
    apply: (workload) => translated(() => applyTrack(client, named(workload), wallNow)),
    remove: (ref) => translated(() => remove(client, ref)),
    list: () => translated(() => list(client)),
    status: (workload) => translated(() => status(client, named(workload), wallNow())),
    usage: (workload) => translated(() => usageOfPods(client, named(workload))),
  };
}

async function applyTrack(client: KubeClient, workload: WorkloadLeaf, wallNow: () => number): Promise<Done> {
  if (workload.track === 'next') {
    await beforeNext(client, workload);
    return apply(client, workload, wallNow);
  }
  const before = await beforeStable(client, workload);
  return [...before.done, ...(await apply(client, before.workload, wallNow))];
}

async function apply(client: KubeClient, workload: WorkloadLeaf, wallNow: () => number): Promise<Done> {
  const { template, namespace, tenant } = workload;
  const held = isHeld(template) ? heldPodTemplate(workload, sha256).wanted : undefined;
  checkHeld(template, held);
  const wanted = objectsOf(workload, sha256);
  const observed = await observe(client, { ref: workload, wanted });
  const steps = planApply(wanted, observed, { namespace, tenant });
  const done: string[] = [];
  for (const step of steps) if (await execute(client, step, observed)) done.push(describeKubeStep(step));
  if (held === undefined) return done;
  return [...done, ...(await rebuild({ client, workload, wanted: held, nowMs: wallNow() }))];
}

async function remove(client: KubeClient, ref: AppRef): Promise<Done> {
  const observed = await observe(client, { ref, wanted: [] });
  const steps = planRemove(observed);
  for (const step of steps) await execute(client, step, observed);
  return steps.map(describeKubeStep);
}

async function list(client: KubeClient): Promise<readonly AppRef[]> {
  const found = await Promise.all(
    [TYPES.Deployment, TYPES.StatefulSet].map((type) =>
      labelledObjects(client, type, { labelSelector: `${MANAGED_BY}=${FIELD_MANAGER}` }),
    ),
  );
  return found.flat().flatMap(({ metadata }) => {
    const app = metadata.labels?.[APP_LABEL];
    return app === undefined ? [] : [{ app, namespace: metadata.namespace ?? '' }];
  });
}

async function status(client: KubeClient, workload: WorkloadLeaf, nowMs: number): Promise<AppInstance> {
  const { namespace, template } = workload;
  const controller = await controllerOf(client, workload);
  const pods = await podsOf(client, workload);
  const talkers = talkative(pods).slice(0, LOGS_MAX);
  const lines = await Promise.all(
    talkers.map(async (pod) => [pod, await lastLines(client, { namespace, pod })] as const),
  );
  const addressFaults = template.pool === undefined ? new Map() : await readAddressFaults(client, namespace);
  const held = isHeld(template) ? heldFacts(pods) : undefined;
  return instanceOf({
    workload,
    controller,
    pods,
    lastLines: new Map(lines),
    held,
    addressFaults,
    nowMs,
  });
}

/** Why pods of the namespace have no address yet, by their UID: only the kubelet says it, in events. Without the right to read them nothing is known. */
async function readAddressFaults(
  client: KubeClient,
  namespace: string,
): Promise<ReadonlyMap<string, string>> {
  const events = await undefinedOn(
    client.json(objectList(EventObject), {
      method: 'GET',
      path: pathOf({ ...EVENT, namespace }),
      query: { fieldSelector: 'involvedObject.kind=Pod,reason=FailedCreatePodSandBox', limit: EVENTS_MAX },
    }),
    ['kube.forbidden'],
  );
  return addressFaultsOf(events?.items ?? []);
}

interface Observed extends ThereObject {
  readonly object: KubeObject;
}

interface Looking {
  readonly ref: AppRef;
  readonly wanted: readonly AppObject[];
}

/** What has the app's labels, and what stands under the names that it needs. */
async function observe(client: KubeClient, { ref, wanted }: Looking): Promise<Observed[]> {
  const { app, namespace } = ref;
  const labelSelector = `${MANAGED_BY}=${FIELD_MANAGER},${APP_LABEL}=${app}`;
  const kinds = Object.keys(TYPES).filter(isKind);
  const labelled = await Promise.all(
    kinds.map(async (kind) =>
      (await labelledObjects(client, TYPES[kind], { labelSelector, namespace })).map((object) =>
        there(kind, object),
      ),
    ),
  );
  const known = new Set(labelled.flat().map(({ kind, name }) => `${kind} ${name}`));
  const others = wanted.filter(({ kind, name }) => !known.has(`${kind} ${name}`));
  const named = await Promise.all(
    others.map(async ({ kind, name }) => {
      const found = await absent(
        client.json(KubeObject, { method: 'GET', path: placeOf({ kind, name, namespace }) }),
      );
      return found === undefined ? [] : [there(kind, found)];
    }),
  );
  return [...labelled.flat(), ...named.flat()];
}

function isKind(name: string): name is AppKind {
  return Object.hasOwn(TYPES, name);
}

function there(kind: AppKind, object: KubeObject): Observed {
  const { name, namespace = '', labels = {} } = object.metadata;
  return { kind, name, namespace, labels, object };
}

async function labelledObjects(
  client: KubeClient,
  type: KubeType,
  { labelSelector, namespace }: { readonly labelSelector: string; readonly namespace?: string },
): Promise<KubeObject[]> {
  return listAll(client, KubeObject, {
    path: pathOf({ ...type, namespace }),
    labelSelector,
    max: OBJECTS_MAX,
  });
}

/** True if something changed. */
async function execute(client: KubeClient, step: KubeStep, observed: readonly Observed[]): Promise<boolean> {
  switch (step.kind) {
    case 'label_namespace':
      return labelNamespace(client, step);
    case 'apply':
      return applyAt(client, {
        path: placeOf(step.object),
        body: step.object.body,
        before: observed.find((there) => isSame(there, step.object))?.object,
      });
    case 'delete':
      return deleteObject(client, step.object);
  }
}

/** Made if it is missing. Of one that others made only the tenant's label is ours: policies know the tenant's apps by it. */
async function labelNamespace(
  client: KubeClient,
  { namespace, tenant }: { namespace: string; tenant: string },
): Promise<boolean> {
  const metadata = { name: namespace, labels: { [TENANT_LABEL]: tenant } };
  const path = pathOf({ ...NAMESPACE, name: namespace });
  const before = await absent(client.json(KubeObject, { method: 'GET', path }));
  return applyAt(client, { path, body: { apiVersion: 'v1', kind: 'Namespace', metadata }, before });
}

interface Applying {
  readonly path: string;
  readonly body: object;
  readonly before: KubeObject | undefined;
}

/** Forced: a field that we have an opinion on is ours, whoever set it; fields that we say nothing about are not touched. */
async function applyAt(client: KubeClient, { path, body, before }: Applying): Promise<boolean> {
  const after = await client.json(KubeObject, {
    method: 'PATCH',
    path,
    query: { fieldManager: FIELD_MANAGER, force: 'true' },
    headers: { 'content-type': 'application/apply-patch+yaml' },
    body: JSON.stringify(body),
  });
  return hasChanged(before, after);
}

type Place = Pick<AppObject, 'kind' | 'name' | 'namespace'>;

function placeOf({ kind, name, namespace }: Place): string {
  return pathOf({ ...TYPES[kind], namespace, name });
}

async function deleteObject(client: KubeClient, object: Place): Promise<boolean> {
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' });
  const gone = await absent(client.text({ method: 'DELETE', path: placeOf(object), body }));
  return gone !== undefined;
}

function absent<T>(reading: Promise<T>): Promise<T | undefined> {
  return undefinedOn(reading, ['kube.not_found']);
}

const FAULTS: Readonly<Record<KubeFault, DriverFault>> = {
  'kube.unreachable': 'driver.unreachable',
  'kube.failed': 'driver.unreachable',
  'kube.malformed': 'driver.unreachable',
  'kube.gone': 'driver.busy',
  'kube.busy': 'driver.busy',
  'kube.conflict': 'driver.busy',
  'kube.unauthenticated': 'driver.forbidden',
  'kube.forbidden': 'driver.forbidden',
  'kube.invalid': 'driver.refused',
  'kube.not_found': 'driver.refused',
};

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof KubeError) throw new DriverError(FAULTS[cause.code], cause.message, { cause });
    throw cause;
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
