/** What the Marathon-compatible double answers of apps, tasks and its queue: the framework's view in Marathon's words. */
import type { Refusal } from '../../edge-agent/mesos/offers.ts';
import type { TaskRecord } from '../../edge-agent/mesos/tasks.ts';
import type { MarathonApps, Stored } from './marathon-deployments.ts';

const BACK_OFF_S_MAX = 60;

export function appJson(stored: Stored, apps: MarathonApps, hostname: string): object {
  const { json, version, configVersion, scaledAt } = stored;
  const { tasks, ended, failures } = apps.view(json.id);
  const deployments = apps.deployments.filter(({ affectedApps }) => affectedApps.includes(json.id));
  return {
    ...json,
    version,
    versionInfo: { lastScalingAt: scaledAt, lastConfigChangeAt: configVersion },
    deployments: deployments.map(({ id }) => ({ id })),
    tasks: tasks.map((task) => taskJson(task, { id: json.id, apps, hostname })),
    tasksRunning: tasks.filter(({ state }) => state === 'TASK_RUNNING').length,
    ...(ended === undefined
      ? {}
      : {
          lastTaskFailure: {
            appId: json.id,
            host: hostname,
            message: ended.message,
            state: ended.state,
            taskId: ended.id,
            slaveId: ended.agent,
            version: apps.versionOf(ended.release),
            timestamp: new Date(failures?.lastMs ?? ended.sinceMs).toISOString(),
          },
        }),
  };
}

interface Around {
  readonly id: string;
  readonly apps: MarathonApps;
  readonly hostname: string;
}

function taskJson(task: TaskRecord, { id, apps, hostname }: Around): object {
  const { healthy, address, ports, isKilled, state, sinceMs } = task;
  const result = { alive: healthy, consecutiveFailures: healthy === true ? 0 : 1, taskId: task.id };
  return {
    id: task.id,
    appId: id,
    host: hostname,
    slaveId: task.agent,
    state: isKilled ? 'TASK_KILLING' : state,
    version: apps.versionOf(task.release),
    stagedAt: new Date(sinceMs).toISOString(),
    ports,
    ipAddresses: address === '' ? [] : [{ ipAddress: address, protocol: 'IPv4' }],
    ...(healthy === undefined ? {} : { healthCheckResults: [result] }),
  };
}

const REASONS: Readonly<Record<Refusal, string>> = {
  cpus: 'InsufficientCpus',
  memory: 'InsufficientMemory',
  ports: 'InsufficientPorts',
  constraint: 'UnfulfilledConstraint',
};

/** Apps that have fewer tasks of their newest version than they want. */
export function queueJson(apps: MarathonApps): object[] {
  return apps.all.flatMap(({ json }) => {
    const { tasks, app, failures, refusals } = apps.view(json.id);
    const count = json.instances - tasks.filter(({ content }) => content === app?.content).length;
    if (count <= 0) return [];
    const pause = failures === undefined ? 0 : Math.min(BACK_OFF_S_MAX, 2 ** (failures.count - 1));
    const until = (failures?.lastMs ?? 0) + pause * 1_000;
    const timeLeftSeconds = Math.max(0, Math.round((until - Date.now()) / 1_000));
    return {
      app: { id: json.id },
      count,
      delay: { timeLeftSeconds, overdue: timeLeftSeconds === 0 },
      processedOffersSummary: {
        rejectSummaryLastOffers: [...(refusals ?? [])].map(([why, number]) => ({
          reason: REASONS[why],
          declined: number,
          processed: number,
        })),
      },
    };
  });
}
