/** A task of ours as we know it, and what a status makes of it. Pure: the time is an argument. */
import { APP_LABEL, CONTENT_LABEL, keyOf, NAMESPACE_LABEL, RELEASE_LABEL } from './app.ts';
import { isTerminal, portsIn, type Task, type TaskStatus } from './wire.ts';

export interface TaskRecord {
  readonly id: string;
  /** `keyOf` its app. */
  readonly key: string;
  readonly agent: string;
  readonly content: string;
  readonly release: number;
  readonly state: string;
  /** What the last health check said; undefined before there was one. */
  readonly healthy: boolean | undefined;
  readonly address: string;
  /** Of its agent, in the order of the app's ports. */
  readonly ports: readonly number[];
  readonly message: string;
  readonly reason: string;
  /** When it was made, or seen first. */
  readonly sinceMs: number;
  readonly unreachableSinceMs: number | undefined;
  readonly isKilled: boolean;
}

/** Of a task that the master told us of; undefined if it bears no labels of ours. */
export function recordOf(task: Task, nowMs: number): TaskRecord | undefined {
  const labels = new Map(task.labels.labels.map(({ key, value }) => [key, value]));
  const [app, namespace] = [labels.get(APP_LABEL), labels.get(NAMESPACE_LABEL)];
  if (app === undefined || namespace === undefined) return undefined;
  const first = task.statuses.find(({ timestamp }) => timestamp !== undefined);
  const blank: TaskRecord = {
    id: task.task_id.value,
    key: keyOf({ app, namespace }),
    agent: task.agent_id.value,
    content: labels.get(CONTENT_LABEL) ?? '',
    release: Number(labels.get(RELEASE_LABEL) ?? 0),
    state: task.state,
    healthy: undefined,
    address: '',
    ports: portsOf(task),
    message: '',
    reason: '',
    sinceMs: first?.timestamp === undefined ? nowMs : first.timestamp * 1_000,
    unreachableSinceMs: undefined,
    isKilled: false,
  };
  const told = task.statuses.reduce((record, status) => withStatus(record, status, nowMs), blank);
  // The list of statuses is short of the newest where the agent has not sent it yet.
  return withStatus(told, { ...BARE, task_id: task.task_id, state: task.state }, nowMs);
}

/** A container's mappings are in order, the resources of a task need not be. */
function portsOf({ container, resources }: Task): number[] {
  const mapped = container?.docker?.port_mappings.map(({ host_port: port }) => port) ?? [];
  return mapped.length > 0 ? mapped : portsIn(resources);
}

const BARE = { message: '', reason: '', source: '' } as const;

export function withStatus(record: TaskRecord, status: TaskStatus, nowMs: number): TaskRecord {
  const address = status.container_status?.network_infos
    .flatMap(({ ip_addresses }) => ip_addresses)
    .find(({ ip_address }) => ip_address !== undefined)?.ip_address;
  const unreachable = status.state === 'TASK_UNREACHABLE';
  const at = status.unreachable_time;
  return {
    ...record,
    state: status.state,
    agent: status.agent_id?.value ?? record.agent,
    healthy: status.healthy ?? record.healthy,
    address: address ?? record.address,
    message: status.message === '' ? record.message : status.message,
    reason: status.reason === '' ? record.reason : status.reason,
    unreachableSinceMs: unreachable
      ? (record.unreachableSinceMs ?? (at === undefined ? nowMs : at.nanoseconds / 1e6))
      : undefined,
  };
}

export function isOver({ state }: TaskRecord): boolean {
  return isTerminal(state);
}

/** It runs, and answers where it is asked. */
export function isReady(record: TaskRecord, isChecked: boolean): boolean {
  return record.state === 'TASK_RUNNING' && !record.isKilled && (!isChecked || record.healthy === true);
}
