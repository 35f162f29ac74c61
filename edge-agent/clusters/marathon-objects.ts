/** What Marathon is asked to run for a workload. Pure, but for the hash that it is handed. What Marathon does not have is refused here, with a sentence that says so. */
import type { AppTemplate, Probe } from '../../protocol/app.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import type { AppRef } from './driver.ts';
import { fileVariables, quote, scriptOf } from './file-script.ts';
import { constraintsOf } from './marathon-constraints.ts';
import { CPU_MILLIS, checkSupported, MEMORY_MIB } from './marathon-supported.ts';

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export const APP_LABEL = 'isthmus.dev/app';
export const NAMESPACE_LABEL = 'isthmus.dev/namespace';
export const TENANT_LABEL = 'isthmus.dev/tenant';
export const CONTENT_LABEL = 'isthmus.dev/content';
/** On an app that is wanted no more, and whose volumes stay. */
export const REMOVED_LABEL = 'isthmus.dev/removed';

/** Marathon ends a task whose check fails so often; of one that is asked only whether it is ready, it never comes to that. */
const NEVER = 1_000_000_000;
const BACK_OFF_FIRST_S = 1;
const BACK_OFF_FACTOR = 2;
const BACK_OFF_S_MAX = 60;
/** A task that is back before this is one too many, and not unknown. */
const EXPUNGE_S = 30 * 24 * 3_600;
const RELAUNCH_ESCALATION_S = 3_600;

export interface MarathonApp {
  readonly id: string;
  readonly instances: number;
  /** Of everything that makes a task another one. */
  readonly content: string;
  /** All but the id and the instances. */
  readonly spec: JsonObject;
}

export interface Surroundings {
  readonly sha256: (text: string) => string;
  /** How many values the agents have for an attribute; undefined if nobody knows. */
  readonly groups: (field: string) => number | undefined;
  /** As Marathon was started with. */
  readonly features: readonly string[];
}

export function idOf({ app, namespace }: AppRef): string {
  return `/${namespace}/${app}`;
}

export function marathonAppOf(workload: WorkloadLeaf, around: Surroundings): MarathonApp {
  const { app, namespace, tenant, template } = workload;
  const instances = checkSupported(template, around.features);
  const constraints = constraintsOf(workload.nodes, around.groups);
  const task = { ...taskOf(template), constraints };
  const content = around.sha256(JSON.stringify(task)).slice(0, 32);
  const labels = {
    [APP_LABEL]: app,
    [NAMESPACE_LABEL]: namespace,
    [TENANT_LABEL]: tenant,
    [CONTENT_LABEL]: content,
    [REMOVED_LABEL]: 'false',
  };
  const upgradeStrategy = upgradeStrategyOf(template, instances);
  return { id: idOf(workload), instances, content, spec: { ...task, labels, upgradeStrategy } };
}

/**
 * Marathon speaks in fractions of the instances: of `n * (1 + fraction)` it takes the whole part, so half a task more than meant keeps rounding from taking one away.
 * Apps with volumes or ports of their agents have no room for a second task of theirs: one goes, then one comes.
 */
function upgradeStrategyOf({ upgrade, volumes, ports }: AppTemplate, instances: number): JsonObject {
  if (volumes.length > 0 || ports.some(({ hostPort }) => hostPort !== undefined))
    return {
      minimumHealthCapacity: Math.max(0, instances - 1) / Math.max(1, instances),
      maximumOverCapacity: 0,
    };
  const over = (upgrade.maxSurge + 0.5) / Math.max(1, instances);
  return { minimumHealthCapacity: 1, maximumOverCapacity: Math.min(1, over) };
}

function taskOf(template: AppTemplate): JsonObject {
  const { resources, stopSeconds, disconnect, volumes } = template;
  const limits = {
    ...(resources.cpuMillisMax === undefined ? {} : { cpus: resources.cpuMillisMax / 1_000 }),
    ...(resources.memoryMibMax === undefined ? {} : { mem: resources.memoryMibMax }),
  };
  const unreachable = disconnect.replace && volumes.length === 0;
  return {
    cpus: (resources.cpuMillis ?? CPU_MILLIS) / 1_000,
    mem: resources.memoryMib ?? MEMORY_MIB,
    ...(Object.keys(limits).length === 0 ? {} : { resourceLimits: limits }),
    ...commandOf(template),
    ...secretsOf(template),
    healthChecks: healthChecksOf(template),
    taskKillGracePeriodSeconds: stopSeconds,
    backoffSeconds: BACK_OFF_FIRST_S,
    backoffFactor: BACK_OFF_FACTOR,
    maxLaunchDelaySeconds: BACK_OFF_S_MAX,
    // Of two that are back, this one goes.
    killSelection: disconnect.reconcile === 'keep_newest' ? 'OLDEST_FIRST' : 'YOUNGEST_FIRST',
    unreachableStrategy: unreachable
      ? { inactiveAfterSeconds: disconnect.lostAfterSeconds, expungeAfterSeconds: EXPUNGE_S }
      : 'disabled',
    ...(volumes.length === 0
      ? {}
      : {
          residency: {
            relaunchEscalationTimeoutSeconds: RELAUNCH_ESCALATION_S,
            taskLostBehavior: 'WAIT_FOREVER',
          },
        }),
  };
}

/** The words of a container: what the app says for the image's entrypoint takes its place. */
function commandOf(template: AppTemplate): JsonObject {
  const { image, pullPolicy, command, arguments: words = [], files, ports } = template;
  const [entrypoint, ...rest] =
    files.length > 0
      ? ['sh', '-c', scriptOf(template), 'sh', ...(command ?? []), ...words]
      : [command?.[0], ...(command ?? []).slice(1), ...words];
  const docker: JsonObject = {
    image,
    forcePullImage: pullPolicy === 'always',
    privileged: false,
    parameters: entrypoint === undefined ? [] : [{ key: 'entrypoint', value: entrypoint }],
  };
  const portMappings = ports.map(({ name, port, protocol, hostPort = 0 }) => ({
    name,
    containerPort: port,
    hostPort,
    protocol,
  }));
  return {
    args: rest.flatMap((word) => word ?? []),
    container: { type: 'DOCKER', docker, portMappings, volumes: volumesOf(template) },
    networks: [{ mode: 'container/bridge' }],
  };
}

/** A volume lies in the sandbox, whose directories have no slashes; a second entry binds it to where the app wants it. */
function volumesOf({ volumes }: AppTemplate): Json[] {
  return volumes.flatMap(({ name, path, sizeMib, class: profileName }) => [
    {
      containerPath: name,
      mode: 'RW',
      persistent:
        profileName === undefined
          ? { type: 'root', size: sizeMib }
          : { type: 'mount', size: sizeMib, profileName },
    },
    { containerPath: path, hostPath: name, mode: 'RW' },
  ]);
}

function secretsOf(template: AppTemplate): JsonObject {
  const { environment, secrets } = template;
  const named = secrets.flatMap(({ secret, key, as }, index) =>
    as.kind === 'variable' ? [{ variable: as.name, name: `secret${index}`, source: `${secret}/${key}` }] : [],
  );
  const env: JsonObject = { ...environment, ...fileVariables(template) };
  for (const { variable, name } of named) env[variable] = { secret: name };
  const sources = Object.fromEntries(named.map(({ name, source }) => [name, { source }]));
  // A Marathon without that feature takes no such field, be it empty.
  return named.length === 0 ? { env } : { env, secrets: sources };
}

/** Mesos has one check for a task. With `live` it ends a task that fails; with `ready` alone it says so and no more. */
function healthChecksOf({ health: { start, live, ready }, ports }: AppTemplate): Json[] {
  const probe = ready ?? live ?? start;
  if (probe === undefined) return [];
  const patience = start === undefined ? 0 : start.periodSeconds * start.failures;
  return [
    {
      ...questionOf(probe, ports),
      delaySeconds: 0,
      gracePeriodSeconds: live === undefined ? 0 : patience,
      intervalSeconds: probe.periodSeconds,
      timeoutSeconds: probe.timeoutSeconds,
      maxConsecutiveFailures: live === undefined ? NEVER : live.failures,
    },
  ];
}

function questionOf({ http, tcp, command }: Probe, ports: AppTemplate['ports']): JsonObject {
  if (command !== undefined) return { protocol: 'COMMAND', command: { value: command.map(quote).join(' ') } };
  const port = http?.port ?? tcp?.port ?? 0;
  const portIndex = ports.findIndex((one) => one.port === port);
  const place = portIndex < 0 ? { port } : { portIndex };
  return http === undefined
    ? { protocol: 'MESOS_TCP', ...place }
    : { protocol: 'MESOS_HTTP', path: http.path, ...place };
}
