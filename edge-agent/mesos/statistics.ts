/** CPU that tasks have used, as their agents count it (`/monitor/statistics`). It changes nothing. */
import { z } from 'zod';
import { parseJson } from '../../protocol/json.ts';
import type { MesosClient } from './client.ts';
import { Agents } from './wire.ts';

/** Of a task without an executor of its own the executor has the task's id. Containers that just begin have no statistics. */
const Statistics = z.array(
  z.looseObject({
    executor_id: z.string(),
    statistics: z
      .looseObject({
        timestamp: z.number(),
        cpus_user_time_secs: z.number().default(0),
        cpus_system_time_secs: z.number().default(0),
      })
      .optional(),
  }),
);

export interface TaskCpu {
  readonly task: string;
  /** Since it began. */
  readonly usedMs: number;
  /** Milliseconds since 1970, by the agent's clock. */
  readonly atMs: number;
}

/** Of these tasks; `agent` is the id of the one that it is on, whose place the masters tell. */
export async function taskCpus(
  client: MesosClient,
  tasks: readonly { readonly id: string; readonly agent: string }[],
): Promise<TaskCpu[]> {
  const { get_agents: told } = await client.operator(Agents, 'GET_AGENTS');
  const agents = new Set(tasks.map(({ agent }) => agent));
  const used = told.agents.filter(({ agent_info: { id } }) => agents.has(id.value));
  const texts = await Promise.all(used.map(({ pid }) => client.agentText(pid, '/monitor/statistics')));
  const ids = new Set(tasks.map(({ id }) => id));
  return texts.flatMap((text) => cpusIn(text, ids));
}

/** Pure: of what an agent answered. */
export function cpusIn(text: string, tasks: ReadonlySet<string>): TaskCpu[] {
  return Statistics.parse(parseJson(text)).flatMap(({ executor_id: task, statistics }) => {
    if (statistics === undefined || !tasks.has(task)) return [];
    const { timestamp, cpus_user_time_secs: user, cpus_system_time_secs: system } = statistics;
    return [{ task, usedMs: (user + system) * 1_000, atMs: timestamp * 1_000 }];
  });
}
