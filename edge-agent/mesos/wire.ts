/** What Mesos says over its v1 APIs, as far as we read it. Whatever else is in it is left alone. Pure. */
import { z } from 'zod';

const Value = z.looseObject({ value: z.string() });
const Range = z.looseObject({ begin: z.number(), end: z.number() });

export const Resource = z.looseObject({
  name: z.string(),
  type: z.string(),
  scalar: z.looseObject({ value: z.number() }).optional(),
  ranges: z.looseObject({ range: z.array(Range).default([]) }).optional(),
});
export type Resource = z.infer<typeof Resource>;

export const Attribute = z.looseObject({
  name: z.string(),
  text: z.looseObject({ value: z.string() }).optional(),
  scalar: z.looseObject({ value: z.number() }).optional(),
});
export type Attribute = z.infer<typeof Attribute>;

export const Offer = z.looseObject({
  id: Value,
  agent_id: Value,
  hostname: z.string(),
  resources: z.array(Resource).default([]),
  attributes: z.array(Attribute).default([]),
});
export type Offer = z.infer<typeof Offer>;

const NetworkInfo = z.looseObject({
  ip_addresses: z.array(z.looseObject({ ip_address: z.string().optional() })).default([]),
});

export const TaskStatus = z.looseObject({
  task_id: Value,
  state: z.string(),
  agent_id: Value.optional(),
  uuid: z.string().optional(),
  message: z.string().default(''),
  reason: z.string().default(''),
  source: z.string().default(''),
  timestamp: z.number().optional(),
  healthy: z.boolean().optional(),
  unreachable_time: z.looseObject({ nanoseconds: z.number() }).optional(),
  container_status: z.looseObject({ network_infos: z.array(NetworkInfo).default([]) }).optional(),
});
export type TaskStatus = z.infer<typeof TaskStatus>;

export const SchedulerEvent = z.looseObject({
  type: z.string(),
  subscribed: z
    .looseObject({ framework_id: Value, heartbeat_interval_seconds: z.number().default(15) })
    .optional(),
  offers: z.looseObject({ offers: z.array(Offer).default([]) }).optional(),
  rescind: z.looseObject({ offer_id: Value }).optional(),
  update: z.looseObject({ status: TaskStatus }).optional(),
  failure: z.looseObject({ agent_id: Value.optional() }).optional(),
  error: z.looseObject({ message: z.string() }).optional(),
});
export type SchedulerEvent = z.infer<typeof SchedulerEvent>;

const Label = z.looseObject({ key: z.string(), value: z.string().default('') });

export const Task = z.looseObject({
  name: z.string(),
  task_id: Value,
  framework_id: Value,
  agent_id: Value,
  state: z.string(),
  resources: z.array(Resource).default([]),
  container: z
    .looseObject({
      docker: z
        .looseObject({ port_mappings: z.array(z.looseObject({ host_port: z.number() })).default([]) })
        .optional(),
    })
    .optional(),
  labels: z.looseObject({ labels: z.array(Label).default([]) }).default({ labels: [] }),
  statuses: z.array(TaskStatus).default([]),
});
export type Task = z.infer<typeof Task>;

const tasks = z.array(Task).default([]);

/** `GET_TASKS`: those that are over are left out by us. */
export const Tasks = z.looseObject({
  get_tasks: z
    .looseObject({ pending_tasks: tasks, tasks, unreachable_tasks: tasks })
    .default({ pending_tasks: [], tasks: [], unreachable_tasks: [] }),
});

const AgentInfo = z.looseObject({
  id: Value,
  hostname: z.string(),
  attributes: z.array(Attribute).default([]),
  resources: z.array(Resource).default([]),
});

/** `GET_AGENTS`: after an election those that the registry names are `recovered_agents` until each has registered again. */
export const Agents = z.looseObject({
  get_agents: z
    .looseObject({
      agents: z
        .array(
          z.looseObject({
            agent_info: AgentInfo,
            active: z.boolean().default(false),
            deactivated: z.boolean().default(false),
            version: z.string().default(''),
            pid: z.string().default(''),
            total_resources: z.array(Resource).default([]),
          }),
        )
        .default([]),
      recovered_agents: z.array(AgentInfo).default([]),
    })
    .default({ agents: [], recovered_agents: [] }),
});

/** All agents that the master knows, heard or not. */
export function agentInfos({ agents, recovered_agents: recovered }: z.infer<typeof Agents>['get_agents']) {
  return [...agents.map(({ agent_info: info }) => info), ...recovered];
}

/** `GET_FRAMEWORKS`: those that are connected or may come back; what they hold counts either way. */
export const Frameworks = z.looseObject({
  get_frameworks: z
    .looseObject({
      frameworks: z
        .array(
          z.looseObject({
            framework_info: z.looseObject({ id: Value }),
            allocated_resources: z.array(Resource).default([]),
          }),
        )
        .default([]),
    })
    .default({ frameworks: [] }),
});

export const Version = z.looseObject({
  get_version: z.looseObject({ version_info: z.looseObject({ version: z.string() }) }),
});

export function scalarOf(resources: readonly Resource[], name: string): number {
  return resources
    .filter((resource) => resource.name === name)
    .reduce((sum, { scalar }) => sum + (scalar?.value ?? 0), 0);
}

/** Of an agent's process, `slave(1)@10.0.0.1:5051`; undefined if it is no IPv4 address. */
export function addressOf(pid: string): string | undefined {
  return /@(\d+\.\d+\.\d+\.\d+):/.exec(pid)?.[1];
}

export function portsIn(resources: readonly Resource[]): number[] {
  return resources
    .filter(({ name }) => name === 'ports')
    .flatMap(({ ranges }) => ranges?.range ?? [])
    .flatMap(({ begin, end }) => Array.from({ length: end - begin + 1 }, (_, index) => begin + index));
}

const TERMINAL = new Set([
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_ERROR',
  'TASK_LOST',
  'TASK_DROPPED',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
  // Answered to a reconciliation only: the master knows neither the task nor an agent that could have it.
  'TASK_UNKNOWN',
]);

/** Over for good. `TASK_UNREACHABLE` is not: its agent may come back with it. */
export function isTerminal(state: string): boolean {
  return TERMINAL.has(state);
}
