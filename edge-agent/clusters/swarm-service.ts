/** From an app to a service of Docker Swarm. Each field is one that we have an opinion on; what others add beside them stays theirs. Values in, values out. */

import type { AppTemplate } from '../../protocol/app.ts';
import type { Json } from '../../protocol/canonical.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import type { LabelSubject, LabelTest } from '../../protocol/constraint.ts';
import type { NodeRules } from '../../protocol/placement.ts';
import { appOfTrack } from '../../protocol/track.ts';
import {
  appName,
  CONTENT_LABEL,
  checkResources,
  contentOf,
  type Hash,
  healthcheckOf,
  MANAGED_BY,
  MANAGER,
  marksOf,
  nanoseconds,
  networkName,
  probeOf,
  RELEASE_LABEL,
  refuseIf,
  shortHash,
  TENANT_LABEL,
  variablesOf,
} from './docker-marks.ts';
import type { AppRef } from './driver.ts';
import { isServing } from './track.ts';

const MIB = 1024 * 1024;
const NANO_CPUS_A_MILLI = 1_000_000;
/** Between an end and the next try; Swarm knows no growing pause. */
const RESTART_SECONDS = 5;
/** A container that ends this soon after an update counts against it. */
const MONITOR_SECONDS_MIN = 5;

/** A config that must be there before the service; its name follows from its content. */
export interface SwarmConfig {
  readonly name: string;
  readonly content: string;
}

/** Ids of what the service refers to. */
export interface SwarmParts {
  readonly network: string;
  /** By name. */
  readonly configs: ReadonlyMap<string, string>;
  readonly secrets: ReadonlyMap<string, string>;
}

/** A service that is bound to one node. */
const PINS: ReadonlySet<string> = new Set(['node.hostname', 'node.id']);

/** Throws `driver.unsupported` or `driver.refused` for what a swarm can't do, or takes and then fails at. */
export function checkSwarm({ template, nodes }: WorkloadLeaf): void {
  refuseIf([
    [
      template.pool !== undefined,
      'Swarm gives addresses on its overlay networks itself and can not fix one per container: take the pool away, or place the app in a docker or Kubernetes cluster.',
    ],
    [
      template.onChange === 'rebuildInPlace',
      'Swarm replaces containers and can not rebuild them in place: use onChange rolling, or a docker or Kubernetes cluster.',
    ],
    [
      template.files.length > 0 && template.onFileChange.kind !== 'restart',
      'Configs of a swarm never change under a running container: use onFileChange restart.',
    ],
    [
      template.secrets.some(({ as }) => as.kind === 'variable'),
      "Swarm gives secrets as files only: use kind file, and let the app read it (many take a variable's name with _FILE).",
    ],
    [
      template.volumes.some((volume) => volume.class === undefined) && !isPinned(nodes),
      'A volume of a swarm stays on its node, and Swarm may start the container on another: name a volume driver as its class, or pin the app to one node by node.hostname or node.id.',
    ],
    [
      nodes?.constraints.some((test) => constraintsOf(test) === undefined) ?? false,
      'A constraint of Swarm compares a label with one value by == or !=: give the nodes a label of their own for anything else.',
    ],
  ]);
  checkResources(template);
}

function isPinned(nodes: NodeRules | undefined): boolean {
  return (
    nodes?.constraints.some(
      ({ subject, operator, values }) =>
        operator === 'in' && values.length === 1 && PINS.has(swarmName(subject)),
    ) ?? false
  );
}

export function configsOf({ app, namespace, template }: WorkloadLeaf, hash: Hash): SwarmConfig[] {
  return template.files.map(({ path, content }) => ({
    name: `isthmus_${app}_${shortHash(hash, { app, namespace, path, content })}`,
    content,
  }));
}

/** As an administrator makes it: `docker secret create NAME.KEY -`. */
export function secretName({ secret, key }: AppTemplate['secrets'][number]): string {
  return `${secret}.${key}`;
}

export interface ServiceWanted {
  readonly workload: WorkloadLeaf;
  readonly parts: SwarmParts;
  readonly replicas: number;
}

export function serviceOf({ workload, parts, replicas }: ServiceWanted, hash: Hash): ServiceSpec {
  const { template, release } = workload;
  const isOneByOne =
    template.volumes.length > 0 || template.ports.some((port) => port.hostPort !== undefined);
  return {
    Name: serviceName(workload, hash),
    Labels: {
      ...marksOf(workload),
      [TENANT_LABEL]: workload.tenant,
      [RELEASE_LABEL]: String(release),
      [CONTENT_LABEL]: contentOf(template, hash),
    },
    TaskTemplate: taskOf(workload, parts, hash),
    Mode: { Replicated: { Replicas: replicas } },
    UpdateConfig: {
      ...pace(template),
      FailureAction: 'rollback',
      // Two can have neither one volume nor one port of a node.
      Order: isOneByOne ? 'stop-first' : 'start-first',
    },
    RollbackConfig: {
      ...pace(template),
      FailureAction: 'pause',
      Order: isOneByOne ? 'stop-first' : 'start-first',
    },
    EndpointSpec: { Mode: 'dnsrr', Ports: portsOf(template) },
  };
}

export type ServiceSpec = {
  readonly Name: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly TaskTemplate: Json;
} & { readonly [key: string]: Json };

function pace(template: AppTemplate) {
  const probe = probeOf(template);
  const judged = probe === undefined ? 0 : probe.periodSeconds * probe.failures;
  return {
    Parallelism: template.maxUnavailable,
    Monitor: nanoseconds(Math.max(MONITOR_SECONDS_MIN, judged)),
  };
}

function taskOf(workload: WorkloadLeaf, parts: SwarmParts, hash: Hash): Json {
  const { template, nodes } = workload;
  return {
    ContainerSpec: containerOf(workload, parts, hash),
    Resources: {
      Limits: resources(template.resources.cpuMillisMax, template.resources.memoryMibMax),
      Reservations: resources(template.resources.cpuMillis, template.resources.memoryMib),
    },
    RestartPolicy: { Condition: 'any', Delay: nanoseconds(RESTART_SECONDS), MaxAttempts: null },
    Placement: placementOf(template, nodes),
    Networks: [{ Target: parts.network, Aliases: aliasesOf(workload) }],
  };
}

/**
 * By its own name, whatever its namespace: only apps of the tenant are in this network. A container has its names for life, so one that is to be asked, or no
 * more, is another one; Swarm gives a name out once the container's check passes.
 */
export function aliasesOf(workload: WorkloadLeaf): string[] {
  return isServing(workload) ? [appOfTrack(workload.app)] : [];
}

/** `NAMESPACE_APP`, and `NAMESPACE_APP_next` of the second track: a service's name has no dots, and an app's no underscores. */
export function serviceName(ref: AppRef, hash: Hash): string {
  return appName(ref, hash).replace(/\.next$/, '_next');
}

function containerOf(workload: WorkloadLeaf, parts: SwarmParts, hash: Hash): Json {
  const { template } = workload;
  return {
    Image: template.image,
    Labels: { ...marksOf(workload), [CONTENT_LABEL]: contentOf(template, hash) },
    Command: template.command ?? null,
    Args: template.arguments ?? null,
    Env: variablesOf(template),
    Mounts: template.volumes.map((volume) => mountOf(workload, volume)),
    StopGracePeriod: nanoseconds(template.stopSeconds),
    Healthcheck: healthcheckOf(template),
    Configs: configsOf(workload, hash).map(({ name }, index) => ({
      ConfigID: parts.configs.get(name) ?? '',
      ConfigName: name,
      File: fileAt(template.files[index]?.path ?? '', template.files[index]?.mode ?? 0),
    })),
    Secrets: template.secrets.flatMap((secret) =>
      secret.as.kind === 'file'
        ? [
            {
              SecretID: parts.secrets.get(secretName(secret)) ?? '',
              SecretName: secretName(secret),
              File: fileAt(secret.as.path, SECRET_MODE),
            },
          ]
        : [],
    ),
  };
}

const SECRET_MODE = 0o400;

function fileAt(path: string, mode: number): Json {
  return { Name: path, UID: '0', GID: '0', Mode: mode };
}

/** One a replica: Swarm puts the number in. */
function mountOf(
  workload: WorkloadLeaf,
  { name, path, class: driver }: AppTemplate['volumes'][number],
): Json {
  const { app, namespace } = workload;
  return {
    Type: 'volume',
    Source: `${namespace}_${app}_${name}_{{.Task.Slot}}`,
    Target: path,
    VolumeOptions: {
      Labels: { ...marksOf(workload) },
      DriverConfig: driver === undefined ? null : { Name: driver },
    },
  };
}

function resources(cpuMillis: number | undefined, memoryMib: number | undefined): Json {
  return {
    NanoCPUs: cpuMillis === undefined ? null : cpuMillis * NANO_CPUS_A_MILLI,
    MemoryBytes: memoryMib === undefined ? null : memoryMib * MIB,
  };
}

function placementOf(template: AppTemplate, nodes: NodeRules | undefined): Json {
  const perNode = template.ports.some(({ hostPort }) => hostPort !== undefined) ? null : nodes?.maxPerNode;
  return {
    Constraints: (nodes?.constraints ?? []).flatMap((test) => constraintsOf(test) ?? []),
    Preferences:
      nodes?.groupBy === undefined ? null : [{ Spread: { SpreadDescriptor: swarmName(nodes.groupBy) } }],
    MaxReplicas: perNode ?? null,
  };
}

/** Undefined: Swarm can't say it. */
function constraintsOf({ subject, operator, values }: LabelTest): string[] | undefined {
  const name = swarmName(subject);
  if (operator === 'in' && values.length === 1) return values.map((value) => `${name} == ${value}`);
  return operator === 'not_in' ? values.map((value) => `${name} != ${value}`) : undefined;
}

/** Swarm's own words stay; any other label is one of the node's. */
function swarmName({ kind, key }: LabelSubject): string {
  if (kind === 'attribute') return key === 'name' ? 'node.hostname' : `node.${key}`;
  if (key === 'id' || key.startsWith('platform.')) return `node.${key}`;
  return key.startsWith('engine.labels.') ? key : `node.labels.${key}`;
}

function portsOf({ ports }: AppTemplate): Json {
  return ports.flatMap(({ port, protocol, hostPort }) =>
    hostPort === undefined
      ? []
      : [{ Protocol: protocol, TargetPort: port, PublishedPort: hostPort, PublishMode: 'host' }],
  );
}

/** Of the app's tenant. */
export function networkOf(tenant: string): Json & { readonly Name: string } {
  return {
    Name: networkName(tenant),
    Driver: 'overlay',
    Attachable: true,
    CheckDuplicate: true,
    Labels: { [MANAGED_BY]: MANAGER, [TENANT_LABEL]: tenant },
  };
}
