/**
 * From an app to the objects of a Kubernetes cluster. An app with volumes is a StatefulSet, because its replicas are not alike; any other is a
 * Deployment. Each object holds what we have an opinion on and nothing else, so that what others add stays theirs. Values in, values out.
 */
import type { AppCaller, AppTemplate } from '../../protocol/app.ts';
import { type Json as CanonicalJson, canonicalJson } from '../../protocol/canonical.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import type { PolicyPort } from '../../protocol/policy.ts';
import { isHeld, variablesName } from './kubernetes-held.ts';
import {
  type AppKind,
  labelsOf,
  RELEASE_ANNOTATION,
  selectorOf,
  TENANT_LABEL,
  TRACK_LABEL,
  TYPES,
} from './kubernetes-marks.ts';
import { fileKey, heldPodTemplate, podTemplate, portName } from './kubernetes-pod.ts';

export interface AppObject {
  readonly kind: AppKind;
  readonly name: string;
  readonly namespace: string;
  /** As it is applied. */
  readonly body: Readonly<Record<string, unknown>>;
}

const HASH_DIGITS = 10;

/** In the order of making. `hash`: SHA-256 of a text in lower-case hex. */
export function objectsOf(workload: WorkloadLeaf, hash: (text: string) => string): AppObject[] {
  const { app, template } = workload;
  if (isHeld(template)) {
    const { pod } = heldPodTemplate(workload, hash);
    return [variablesMap(workload), ...aroundPods(workload, pod)];
  }
  const short = (value: CanonicalJson) => hash(canonicalJson(value)).slice(0, HASH_DIGITS);
  const files = template.files.length === 0 ? undefined : `${app}-files-${short(template.files)}`;
  const pod = podTemplate(workload, { files, content: short(contentOf(template)) });
  return [...(files === undefined ? [] : [filesMap(workload, files)]), ...aroundPods(workload, pod)];
}

function aroundPods(workload: WorkloadLeaf, pod: object): AppObject[] {
  const { template, track } = workload;
  // Everything else of the app finds its pods by the app.
  if (track === 'next') return [deployment(workload, pod)];
  return [
    ...services(workload),
    networkPolicy(workload),
    isStateful(template) ? statefulSet(workload, pod) : deployment(workload, pod),
    ...disruptionBudget(workload),
  ];
}

/** Its replicas are not alike, or are rebuilt in place: a Deployment would replace them. */
export function isStateful(template: AppTemplate): boolean {
  return template.volumes.length > 0 || isHeld(template);
}

/** The control plane scales, and says a number. */
export function replicasOf({ replicas }: AppTemplate): number {
  return typeof replicas === 'number' ? replicas : replicas.min;
}

/** What makes a container another one when it changes; numbers of replicas and rules about callers don't. */
function contentOf(template: AppTemplate): CanonicalJson {
  const {
    replicas: _replicas,
    access: _access,
    maxUnavailable: _max,
    disconnect: _disconnect,
    upgrade: _upgrade,
    ...content
  } = template;
  return JSON.parse(JSON.stringify(content));
}

function objectFor(
  workload: WorkloadLeaf,
  kind: AppKind,
  { name, spec }: { name: string; spec: object },
): AppObject {
  const { group, version } = TYPES[kind];
  const { namespace, release } = workload;
  const annotations = { [RELEASE_ANNOTATION]: String(release) };
  return {
    kind,
    name,
    namespace,
    body: {
      apiVersion: group === '' ? version : `${group}/${version}`,
      kind,
      metadata: { name, namespace, labels: labelsOf(workload), annotations },
      ...spec,
    },
  };
}

/** Its name follows from its content, so that a change is a new one, and an older release keeps what it was made with. */
function filesMap(workload: WorkloadLeaf, name: string): AppObject {
  const data = Object.fromEntries(
    workload.template.files.map(({ content }, index) => [fileKey(index), content]),
  );
  return objectFor(workload, 'ConfigMap', { name, spec: { data, immutable: true } });
}

/** All variables, for pods that were made before some of them; the others have theirs. One map, whose name pods keep. */
function variablesMap(workload: WorkloadLeaf): AppObject {
  const { app, template } = workload;
  return objectFor(workload, 'ConfigMap', {
    name: variablesName(app),
    spec: { data: { ...template.environment } },
  });
}

function services(workload: WorkloadLeaf): AppObject[] {
  const { app, template } = workload;
  const ports = template.ports.map(({ name, port, protocol }) => ({
    name: portName(name),
    port,
    targetPort: port,
    protocol: protocol.toUpperCase(),
  }));
  const selector = selectorOf(workload);
  const public_ =
    ports.length === 0
      ? []
      : [objectFor(workload, 'Service', { name: app, spec: { spec: { selector: asked(workload), ports } } })];
  const perPod = {
    clusterIP: 'None',
    publishNotReadyAddresses: true,
    selector,
    ...(ports.length === 0 ? {} : { ports }),
  };
  const headless = objectFor(workload, 'Service', { name: headlessName(app), spec: { spec: perPod } });
  return [...public_, ...(isStateful(template) ? [headless] : [])];
}

/** Pods that are asked under the app's name: of both tracks, or of one. */
function asked(workload: WorkloadLeaf): Record<string, string> {
  const [first, second] = workload.stage?.serving ?? [];
  const isOne = first !== undefined && second === undefined;
  return { ...selectorOf(workload), ...(isOne ? { [TRACK_LABEL]: first } : {}) };
}

function headlessName(app: string): string {
  return `${app}-each`;
}

/** Who may begin a connection to the app; nothing else comes in. Answers and what the app itself begins are not its matter. */
function networkPolicy(workload: WorkloadLeaf): AppObject {
  const { app, tenant, template } = workload;
  const { kind, callers } = template.access;
  const own = { namespaceSelector: { matchLabels: { [TENANT_LABEL]: tenant } } };
  const peerOf = (caller: AppCaller) =>
    caller.kind === 'prefix'
      ? { ipBlock: { cidr: caller.prefix } }
      : { ...own, podSelector: { matchLabels: selectorOf({ tenant, app: caller.app }) } };
  const free = callers.filter(({ ports }) => ports === undefined).map(peerOf);
  const from = kind === 'tenant' ? [own, ...free] : free;
  const spec = {
    podSelector: { matchLabels: selectorOf(workload) },
    policyTypes: ['Ingress'],
    // Without a rule nobody comes in; a rule without a peer would let everybody in.
    ingress: [
      ...(from.length === 0 ? [] : [{ from }]),
      ...callers.flatMap((caller) =>
        caller.ports === undefined ? [] : [{ from: [peerOf(caller)], ports: caller.ports.map(policyPort) }],
      ),
    ],
  };
  return objectFor(workload, 'NetworkPolicy', { name: app, spec: { spec } });
}

function policyPort({ protocol, port }: PolicyPort): { protocol: string; port: number } {
  return { protocol: protocol.toUpperCase(), port };
}

function deployment(workload: WorkloadLeaf, template: object): AppObject {
  const spec = {
    replicas: replicasOf(workload.template),
    selector: { matchLabels: selectorOf(workload) },
    // One more while one is replaced: at no moment are there fewer than wanted.
    strategy: {
      type: 'RollingUpdate',
      rollingUpdate: { maxUnavailable: 0, maxSurge: workload.template.upgrade.maxSurge },
    },
    template,
  };
  return objectFor(workload, 'Deployment', { name: workload.app, spec: { spec } });
}

function statefulSet(workload: WorkloadLeaf, template: object): AppObject {
  const { app, template: wanted } = workload;
  const spec = {
    replicas: replicasOf(wanted),
    serviceName: headlessName(app),
    selector: { matchLabels: selectorOf(workload) },
    // With OnDelete its controller leaves pods alone that run, and makes new ones of the newest template.
    updateStrategy: { type: isHeld(wanted) ? 'OnDelete' : 'RollingUpdate' },
    podManagementPolicy: 'Parallel',
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
    template,
    volumeClaimTemplates: wanted.volumes.map((volume) => ({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: `data-${volume.name}`, labels: selectorOf(workload) },
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: `${volume.sizeMib}Mi` } },
        ...(volume.class === undefined ? {} : { storageClassName: volume.class }),
      },
    })),
  };
  return objectFor(workload, 'StatefulSet', { name: app, spec: { spec } });
}

/** A single replica has none: it would forbid every drain of its node. */
function disruptionBudget(workload: WorkloadLeaf): AppObject[] {
  const { app, template } = workload;
  if (replicasOf(template) < 2) return [];
  const spec = { maxUnavailable: template.maxUnavailable, selector: { matchLabels: selectorOf(workload) } };
  return [objectFor(workload, 'PodDisruptionBudget', { name: app, spec: { spec } })];
}
