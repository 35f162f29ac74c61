/** What Mesos is asked to run for a workload. Pure, but for the hash that it is handed. What Mesos does not have is refused here, with a sentence that says so. */
import type { AppTemplate, Probe } from '../../protocol/app.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import type { LabelTest } from '../../protocol/constraint.ts';
import type { NodeRules } from '../../protocol/placement.ts';
import type { MesosApp } from '../mesos/app.ts';
import { DriverError } from './driver.ts';
import { bytesOf, FILES_BYTES_MAX, fileVariables, scriptOf } from './file-script.ts';

const CPU_MILLIS = 100;
const MEMORY_MIB = 64;
/** Mesos ends a task whose check fails so often; of one that is asked only whether it is ready, it never comes to that. */
const NEVER = 1_000_000_000;
const SECOND_NS = 1_000_000_000;

type Json = MesosApp['task'][string];
type JsonObject = { [key: string]: Json };

export function mesosAppOf(workload: WorkloadLeaf, sha256: (text: string) => string): MesosApp {
  const { app, namespace, tenant, release, template } = workload;
  checkSupported(template);
  const { resources } = template;
  const cpus = (resources.cpuMillis ?? CPU_MILLIS) / 1_000;
  const memoryMib = resources.memoryMib ?? MEMORY_MIB;
  const task = taskOf(template);
  const instances = typeof template.replicas === 'number' ? template.replicas : template.replicas.min;
  return {
    app,
    namespace,
    tenant,
    release,
    content: sha256(JSON.stringify([cpus, memoryMib, task, ...hostPortsOf(template)])).slice(0, 32),
    instances,
    // A port of the agent's own is there once: one goes, then one comes.
    surge: takesHostPorts(template) ? 0 : template.upgrade.maxSurge,
    floor: takesHostPorts(template) ? Math.max(0, instances - 1) : instances,
    cpus,
    memoryMib,
    ports: template.ports.map(({ hostPort = 0 }) => hostPort),
    constraints: workload.nodes === undefined ? [] : constraintsOf(workload.nodes),
    isChecked: checkOf(template) !== undefined,
    disconnect: {
      lostAfterMs: template.disconnect.lostAfterSeconds * 1_000,
      replace: template.disconnect.replace,
      reconcile: template.disconnect.reconcile,
    },
    task,
  };
}

/** Nothing while there are none, so that what runs stays what it was. */
function hostPortsOf(template: AppTemplate): (number | null)[] {
  return takesHostPorts(template) ? template.ports.map(({ hostPort = null }) => hostPort) : [];
}

function takesHostPorts({ ports }: AppTemplate): boolean {
  return ports.some(({ hostPort }) => hostPort !== undefined);
}

/** In Mesos' own words. What is preferred is left out: nothing there takes it. */
function constraintsOf({ constraints, maxPerNode, groupBy }: NodeRules): MesosApp['constraints'] {
  if (groupBy !== undefined)
    throw unsupported(
      'Mesos spreads evenly only over a number of groups that it is told, which a placement does not say: use uniquePerNode or maxPerNode.',
    );
  return [
    ...constraints.map(constraintOf),
    ...(maxPerNode === undefined
      ? []
      : [{ field: 'hostname', operator: 'max_per' as const, count: maxPerNode }]),
  ];
}

function constraintOf({ subject, operator, values }: LabelTest): MesosApp['constraints'][number] {
  const { kind, key } = subject;
  if (kind === 'attribute' && key === 'role')
    throw unsupported('Agents of Mesos have no role of manager or worker: name one of their attributes.');
  const field = kind === 'attribute' ? 'hostname' : key;
  switch (operator) {
    case 'in':
      return { field, operator: 'like', value: values.map(escaped).join('|') };
    case 'not_in':
      return { field, operator: 'unlike', value: values.map(escaped).join('|') };
    case 'like':
      return { field, operator: 'like', value: values.map(globbed).join('|') };
    case 'not_like':
      return { field, operator: 'unlike', value: values.map(globbed).join('|') };
    case 'exists':
      return { field, operator: 'like', value: '.*' };
    case 'absent':
      return { field, operator: 'unlike', value: '.*' };
  }
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function globbed(text: string): string {
  return escaped(text).replaceAll('\\*', '.*').replaceAll('\\?', '.');
}

function unsupported(what: string): DriverError {
  return new DriverError('driver.unsupported', what);
}

function checkSupported(template: AppTemplate): void {
  const { pool, volumes, secrets, replicas, onChange, files, command, onFileChange, resources, health } =
    template;
  if (pool !== undefined)
    throw unsupported('Mesos has no addresses of a pool: its agents give containers theirs.');
  if (volumes.length > 0)
    throw unsupported(
      'Volumes that outlive containers take reserved disks of a role, which this driver does not make.',
    );
  if (secrets.length > 0)
    throw unsupported('Mesos has no secrets by name: a module of its masters would have them.');
  if (typeof replicas !== 'number')
    throw unsupported('Mesos does not scale by itself: give a number of replicas.');
  if (onChange !== 'rolling')
    throw unsupported('A container in Mesos is never changed in its place: use onChange rolling.');
  if (onFileChange.kind !== 'restart')
    throw unsupported('Mesos does not reach into containers: files change by new ones.');
  if (files.length > 0 && command === undefined)
    throw unsupported(
      'Files are written by a shell before the command: give the command, and an image with sh and base64.',
    );
  if (bytesOf(template) > FILES_BYTES_MAX)
    throw unsupported(`Files travel in the environment of a task: at most ${FILES_BYTES_MAX} bytes in all.`);
  if (health.live !== undefined && health.ready !== undefined && !isSameQuestion(health.live, health.ready))
    throw unsupported(
      'A task in Mesos has one health check: live and ready must ask the same, or one of them be left out.',
    );
  checkOrder('cpuMillis', resources.cpuMillis ?? CPU_MILLIS, resources.cpuMillisMax);
  checkOrder('memoryMib', resources.memoryMib ?? MEMORY_MIB, resources.memoryMibMax);
}

function checkOrder(name: string, least: number, most: number | undefined): void {
  if (most !== undefined && most < least)
    throw new DriverError('driver.refused', `${name}Max is ${most}, which is less than ${name}, ${least}.`);
}

function isSameQuestion(a: Probe, b: Probe): boolean {
  const asked = ({ http, tcp, command }: Probe) => JSON.stringify([http, tcp, command]);
  return asked(a) === asked(b);
}

function taskOf(template: AppTemplate): JsonObject {
  const { resources } = template;
  const check = checkOf(template);
  const limits = {
    ...(resources.cpuMillisMax === undefined ? {} : { cpus: { value: resources.cpuMillisMax / 1_000 } }),
    ...(resources.memoryMibMax === undefined ? {} : { mem: { value: resources.memoryMibMax } }),
  };
  return {
    ...commandOf(template),
    ...(check === undefined ? {} : { health_check: check }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    kill_policy: { grace_period: { nanoseconds: template.stopSeconds * SECOND_NS } },
  };
}

/** The words of a container: what the app says for the image's entrypoint takes its place. */
function commandOf(template: AppTemplate): JsonObject {
  const { image, pullPolicy, command, arguments: words = [], environment, files, ports } = template;
  const isWrapped = files.length > 0;
  const [entrypoint, ...rest] = isWrapped
    ? ['sh', '-c', scriptOf(template), 'sh', ...(command ?? []), ...words]
    : [command?.[0], ...(command ?? []).slice(1), ...words];
  const variables: Json[] = Object.entries({ ...environment, ...fileVariables(template) }).map(
    ([name, value]) => ({
      name,
      value,
    }),
  );
  const docker: JsonObject = {
    image,
    network: 'BRIDGE',
    force_pull_image: pullPolicy === 'always',
    port_mappings: ports.map(({ port, protocol }) => ({ host_port: 0, container_port: port, protocol })),
    parameters: entrypoint === undefined ? [] : [{ key: 'entrypoint', value: entrypoint }],
  };
  return {
    command: { shell: false, arguments: rest.flatMap((word) => word ?? []), environment: { variables } },
    container: { type: 'DOCKER', docker },
  };
}

/** The one check of a task. With `live` it ends a task that fails; with `ready` alone it says so and no more. */
function checkOf({ health: { start, live, ready } }: AppTemplate): JsonObject | undefined {
  const probe = ready ?? live ?? start;
  if (probe === undefined) return undefined;
  const patience = start === undefined ? 0 : start.periodSeconds * start.failures;
  return {
    ...questionOf(probe),
    delay_seconds: 0,
    interval_seconds: probe.periodSeconds,
    timeout_seconds: probe.timeoutSeconds,
    grace_period_seconds: live === undefined ? 0 : patience,
    consecutive_failures: live === undefined ? NEVER : live.failures,
  };
}

function questionOf({ http, tcp, command }: Probe): JsonObject {
  if (http !== undefined) return { type: 'HTTP', http: { scheme: 'http', port: http.port, path: http.path } };
  if (tcp !== undefined) return { type: 'TCP', tcp: { port: tcp.port } };
  const [value = '', ...rest] = command ?? [];
  return { type: 'COMMAND', command: { shell: false, value, arguments: [value, ...rest] } };
}
