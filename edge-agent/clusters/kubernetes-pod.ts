/** The pod of an app: containers, probes, files, secrets, volumes. Values in, values out. */
import type { AppTemplate, Probe } from '../../protocol/app.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import { POOL_ANNOTATION } from '../../protocol/pool.ts';
import {
  type Hash,
  type HeldWanted,
  heldAnnotations,
  heldFiles,
  heldOf,
  heldResources,
  heldVariables,
  variablesName,
} from './kubernetes-held.ts';
import { CONTENT_ANNOTATION, selectorOf } from './kubernetes-marks.ts';
import { nodePlacement } from './kubernetes-nodes.ts';

type Json = Readonly<Record<string, unknown>>;

/** From the moment a pod is to end until the last node sends nothing there any more; a node's proxy may gather changes for a second, and be busy. */
const DRAIN_SECONDS = 5;

/** What pods have on them beside what the app says. */
export interface PodParts {
  /** ConfigMap of the app's files, if it has some. */
  readonly files: string | undefined;
  /** Changes when a container must be another one. */
  readonly content: string;
}

export function podTemplate(workload: WorkloadLeaf, { files, content }: PodParts): Json {
  const { template } = workload;
  const spec = podSpec(template, {
    environment: { env: environmentOf(template) },
    resources: { resources: resourcesOf(template) },
    mounts: fileMounts(template),
    volumes: fileVolumes(template, files),
  });
  const annotations = { [CONTENT_ANNOTATION]: content, ...poolOf(template) };
  const metadata = { labels: selectorOf(workload), annotations };
  return { metadata, spec: { ...spec, ...nodePlacement(workload) } };
}

/** The pod of an app that is rebuilt in place, and what of it can be changed while it runs. */
export function heldPodTemplate(
  workload: WorkloadLeaf,
  hash: Hash,
): { readonly wanted: HeldWanted; readonly pod: Json } {
  const { template, app } = workload;
  const variables = [...heldVariables(template, hash), ...hiddenVariables(template)].sort(byName);
  const spec = podSpec(template, {
    environment: {
      env: variables,
      envFrom: [{ configMapRef: { name: variablesName(app), optional: true } }],
    },
    resources: heldResources(template, resourcesOf(template)),
    ...heldFiles(template),
  });
  const wanted = heldOf(workload, spec, hash);
  const annotations = { ...heldAnnotations(wanted), ...poolOf(template) };
  const metadata = { labels: selectorOf(workload), annotations };
  // Where pods go is asked when they are made; those that run stay as they are.
  return { wanted, pod: { metadata, spec: { ...spec, ...nodePlacement(workload) } } };
}

/** Where its address comes from, which is asked once, when its sandbox is made. */
function poolOf({ pool }: AppTemplate): Readonly<Record<string, string>> {
  return pool === undefined ? {} : { [POOL_ANNOTATION]: pool };
}

interface SpecParts {
  readonly environment: Json;
  readonly resources: Json;
  /** Of files. */
  readonly mounts: readonly Json[];
  readonly volumes: readonly Json[];
}

function podSpec(template: AppTemplate, { environment, resources, mounts: files, volumes }: SpecParts) {
  const mounts = [...files, ...secretMounts(template), ...volumeMounts(template)];
  return {
    // The app has its own time whole, after the wait.
    terminationGracePeriodSeconds: template.stopSeconds + drainSeconds(template),
    // An app has no business with the cluster's API unless somebody gives it some.
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    tolerations: tolerationsOf(template),
    containers: [
      {
        name: 'app',
        image: template.image,
        imagePullPolicy: PULL[template.pullPolicy],
        ...(template.command === undefined ? {} : { command: [...template.command] }),
        ...(template.arguments === undefined ? {} : { args: [...template.arguments] }),
        ...environment,
        ports: template.ports.map(({ name, port, protocol, hostPort }) => ({
          name: portName(name),
          containerPort: port,
          protocol: protocol.toUpperCase(),
          ...(hostPort === undefined ? {} : { hostPort }),
        })),
        ...resources,
        ...probes(template),
        ...drain(template),
        ...(mounts.length === 0 ? {} : { volumeMounts: mounts }),
      },
    ],
    volumes: [...volumes, ...secretVolumes(template)],
  };
}

/**
 * The cluster tells a pod to end and the nodes to send nobody there at the same moment, and nodes are slower: who ends at once refuses those who still come.
 * An app that is rebuilt in place, or is to end without a moment's time, is not kept waiting.
 */
function drainSeconds({ ports, onChange, stopSeconds }: AppTemplate): number {
  const isAsked = ports.length > 0 && stopSeconds > 0 && onChange === 'rolling';
  return isAsked ? DRAIN_SECONDS : 0;
}

function drain(template: AppTemplate): Json {
  const seconds = drainSeconds(template);
  return seconds === 0 ? {} : { lifecycle: { preStop: { sleep: { seconds } } } };
}

const PULL: Readonly<Record<AppTemplate['pullPolicy'], string>> = {
  always: 'Always',
  if_absent: 'IfNotPresent',
  never: 'Never',
};
const PORT_NAME_MAX = 15;

/** Kubernetes takes 15 characters of a port's name. */
export function portName(name: string): string {
  return name.slice(0, PORT_NAME_MAX).replace(/-+$/, '');
}

/**
 * The cluster must not move what the app's contract leaves where it is. Off a node that is not ready, and says so, it moves pods after the contract's
 * time; off one that it does not hear it never does: it can't tell a dead node from one that is cut off, where the pod still runs. The node controller can.
 */
function tolerationsOf({ disconnect }: AppTemplate): Json[] {
  const seconds = disconnect.replace ? { tolerationSeconds: disconnect.lostAfterSeconds } : {};
  return [
    { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
    { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', ...seconds },
  ];
}

/** Sorted, because a list in another order is another pod. */
function environmentOf(template: AppTemplate): Json[] {
  const plain = Object.entries(template.environment).map(([name, value]) => ({ name, value }));
  return [...plain, ...hiddenVariables(template)].sort(byName);
}

function hiddenVariables({ secrets }: AppTemplate): Json[] {
  return secrets.flatMap(({ secret, key, as }) =>
    as.kind === 'variable' ? [{ name: as.name, valueFrom: { secretKeyRef: { name: secret, key } } }] : [],
  );
}

function byName(a: Json, b: Json): number {
  return String(a['name']) < String(b['name']) ? -1 : 1;
}

function resourcesOf({ resources }: AppTemplate): Json {
  const { cpuMillis, memoryMib, cpuMillisMax, memoryMibMax } = resources;
  return { requests: quantities(cpuMillis, memoryMib), limits: quantities(cpuMillisMax, memoryMibMax) };
}

function quantities(cpuMillis: number | undefined, memoryMib: number | undefined): Json {
  return {
    ...(cpuMillis === undefined ? {} : { cpu: `${cpuMillis}m` }),
    ...(memoryMib === undefined ? {} : { memory: `${memoryMib}Mi` }),
  };
}

function probes({ health }: AppTemplate): Json {
  return {
    ...(health.start === undefined ? {} : { startupProbe: probeOf(health.start) }),
    ...(health.live === undefined ? {} : { livenessProbe: probeOf(health.live) }),
    ...(health.ready === undefined ? {} : { readinessProbe: probeOf(health.ready) }),
  };
}

function probeOf({ http, tcp, command, periodSeconds, timeoutSeconds, failures }: Probe): Json {
  return {
    ...(http === undefined ? {} : { httpGet: { path: http.path, port: http.port } }),
    ...(tcp === undefined ? {} : { tcpSocket: { port: tcp.port } }),
    ...(command === undefined ? {} : { exec: { command: [...command] } }),
    periodSeconds,
    timeoutSeconds,
    failureThreshold: failures,
  };
}

/** Key of a file in its ConfigMap: a path is none. */
export function fileKey(index: number): string {
  return `file-${index}`;
}

/** One by one where a change makes new containers; a file so mounted keeps its place beside what the image has there. */
function fileMounts({ files }: AppTemplate): Json[] {
  return files.map(({ path }, index) => ({
    name: 'files',
    mountPath: path,
    subPath: fileKey(index),
    readOnly: true,
  }));
}

function secretMounts({ secrets }: AppTemplate): Json[] {
  return secrets.flatMap(({ as, key }, index) =>
    as.kind === 'file' ? [{ name: `secret-${index}`, mountPath: as.path, subPath: key, readOnly: true }] : [],
  );
}

function volumeMounts({ volumes }: AppTemplate): Json[] {
  return volumes.map(({ name, path }) => ({ name: `data-${name}`, mountPath: path }));
}

function fileVolumes({ files }: AppTemplate, configMap: string | undefined): Json[] {
  const items = files.map(({ mode }, index) => ({ key: fileKey(index), path: fileKey(index), mode }));
  return configMap === undefined ? [] : [{ name: 'files', configMap: { name: configMap, items } }];
}

function secretVolumes({ secrets }: AppTemplate): Json[] {
  return secrets.flatMap(({ secret, as }, index) =>
    as.kind === 'file' ? [{ name: `secret-${index}`, secret: { secretName: secret } }] : [],
  );
}
