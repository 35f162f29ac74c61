/** The TaskInfo of one launch, and the calls that carry it. Pure. */
import { labelsOf, type MesosApp } from './app.ts';
import type { Launch } from './offers.ts';
import type { Offer } from './wire.ts';

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

/** Of an offer that tasks go to. What the tasks leave of it comes back at once. */
export function acceptOf(offer: Offer, tasks: readonly object[]): { type: string } {
  const accept = {
    offer_ids: [offer.id],
    operations: [{ type: 'LAUNCH', launch: { task_infos: tasks } }],
    filters: { refuse_seconds: 0 },
  };
  return { type: 'ACCEPT', ...{ accept } };
}
