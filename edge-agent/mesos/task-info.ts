/** The TaskInfo of one launch, and the calls of the scheduler API that we make. Pure. */
import { labelsOf, type MesosApp } from './app.ts';
import type { Launch } from './offers.ts';
import type { TaskRecord } from './tasks.ts';
import type { Offer } from './wire.ts';

/** So long the master keeps our tasks while we are away. */
const FAILOVER_SECONDS = 7 * 24 * 3_600;

/** `id` tells it from all others that ever were. */
export function taskInfoOf({ offer, app, ports }: Launch, id: string): object {
  const { container, ...rest } = app.task;
  return {
    name: `${app.app}.${app.namespace}`,
    task_id: { value: id },
    agent_id: offer.agent_id,
    resources: resourcesOf(app, ports),
    labels: { labels: Object.entries(labelsOf(app)).map(([key, value]) => ({ key, value })) },
    ...rest,
    ...(container === undefined ? {} : { container: withPorts(container, ports) }),
  };
}

function resourcesOf({ cpus, memoryMib }: MesosApp, ports: readonly number[]): object[] {
  return [
    { name: 'cpus', type: 'SCALAR', scalar: { value: cpus } },
    { name: 'mem', type: 'SCALAR', scalar: { value: memoryMib } },
    ...(ports.length === 0
      ? []
      : [
          {
            name: 'ports',
            type: 'RANGES',
            ranges: { range: ports.map((port) => ({ begin: port, end: port })) },
          },
        ]),
  ];
}

type Json = MesosApp['task'][string];

/** Port mappings get the ports of the agent, in their order. */
function withPorts(container: Json, ports: readonly number[]): Json {
  if (!isObject(container) || !isObject(container['docker'])) return container;
  const { port_mappings: mappings } = container['docker'];
  if (!Array.isArray(mappings)) return container;
  const filled = mappings.map((mapping, index) => {
    const port = ports[index];
    return isObject(mapping) && port !== undefined ? { ...mapping, host_port: port } : mapping;
  });
  return { ...container, docker: { ...container['docker'], port_mappings: filled } };
}

function isObject(value: Json | undefined): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export interface Call {
  readonly type: string;
  readonly [part: string]: unknown;
}

/** Of an offer that tasks go to. What the tasks leave of it comes back at once. */
export function acceptOf(offer: Offer, tasks: readonly object[]): Call {
  const operations = [{ type: 'LAUNCH', launch: { task_infos: tasks } }];
  return { type: 'ACCEPT', accept: { offer_ids: [offer.id], operations, filters: { refuse_seconds: 0 } } };
}

export function declineOf(offers: readonly Offer[], refuseSeconds: number): Call {
  const decline = { offer_ids: offers.map(({ id }) => id), filters: { refuse_seconds: refuseSeconds } };
  return { type: 'DECLINE', decline };
}

/** With no tasks named: all. */
export function reconcileOf(tasks: readonly TaskRecord[]): Call {
  return { type: 'RECONCILE', reconcile: { tasks: tasks.map(idsOf) } };
}

export function killOf(task: TaskRecord): Call {
  return { type: 'KILL', kill: idsOf(task) };
}

function idsOf({ id, agent }: TaskRecord) {
  return { task_id: { value: id }, agent_id: { value: agent } };
}

/** Checkpointed: containers outlive a restart of their agent. Partition aware: a task of an agent that is not heard of is unreachable, not lost. */
export function frameworkInfoOf(
  { name, user }: { readonly name: string; readonly user: string },
  id: string | undefined,
): object {
  return {
    user,
    name,
    roles: ['*'],
    failover_timeout: FAILOVER_SECONDS,
    checkpoint: true,
    capabilities: [{ type: 'MULTI_ROLE' }, { type: 'PARTITION_AWARE' }],
    ...(id === undefined ? {} : { id: { value: id } }),
  };
}
