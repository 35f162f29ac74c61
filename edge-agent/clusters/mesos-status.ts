/** How an app is in Mesos, from what our framework knows of it. Values in, values out. */
import type { AppInstance, ContainerStatus } from '../../protocol/app.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import type { Refusal } from '../mesos/offers.ts';
import type { AppView } from '../mesos/state.ts';
import { isReady, type TaskRecord } from '../mesos/tasks.ts';
import { CONTAINERS_MAX, instanceOfContainers, type Judgement, say } from './statements.ts';

const LINE_MAX = 500;
const LINES_MAX = 20;

export interface MesosEvidence {
  readonly workload: WorkloadLeaf;
  readonly view: AppView;
  /** Host names of agents, by id. */
  readonly hostnames: ReadonlyMap<string, string>;
  /** Addresses of agents, by id. */
  readonly addresses: ReadonlyMap<string, string>;
  /** Last lines of the task that ended last. */
  readonly lastLines: readonly string[];
}

export function mesosInstance(evidence: MesosEvidence): AppInstance {
  const { workload, view } = evidence;
  const { app, tasks } = view;
  const { replicas } = workload.template;
  const wanted = app?.instances ?? (typeof replicas === 'number' ? replicas : replicas.min);
  const living = [...tasks].sort((a, b) => a.sinceMs - b.sinceMs || a.id.localeCompare(b.id));
  const staying = living.filter(({ isKilled }) => !isKilled);
  const missing = app === undefined ? 0 : Math.max(wanted - staying.length, strugglingOf(staying, evidence));
  const containers = [
    ...living.map((task) => containerOf(task, evidence)),
    ...Array.from({ length: Math.min(Math.max(0, missing), CONTAINERS_MAX) }, (_, index) =>
      absentOf(index, evidence),
    ),
  ];
  return instanceOfContainers(workload, wanted, containers);
}

/** While old ones serve on, nothing is missing; a new one that ended, or has no place, is told of all the same. */
function strugglingOf(
  staying: readonly TaskRecord[],
  { view: { app, failures, refusals } }: MesosEvidence,
): number {
  const fresh = staying.filter(({ content }) => content === app?.content).length;
  const isChanging = fresh === 0 && staying.length > 0;
  return isChanging && (failures !== undefined || refusals !== undefined) ? 1 : 0;
}

function containerOf(task: TaskRecord, evidence: MesosEvidence): ContainerStatus {
  const { workload, view, hostnames } = evidence;
  const published = publishedOf(task, evidence);
  const isNewest = task.content === view.app?.content;
  return {
    name: task.id,
    node: hostnames.get(task.agent) ?? task.agent,
    address: task.state === 'TASK_RUNNING' ? task.address : '',
    ...judged(task, view.app?.isChecked ?? false),
    lastLines: [],
    restarts: isNewest ? (view.failures?.count ?? 0) : 0,
    release: isNewest ? workload.release : 0,
    ...(published.length === 0 ? {} : { published }),
  };
}

/** Ports that the agent gave it, by the names of the manifest. */
function publishedOf({ agent, ports }: TaskRecord, { workload, addresses }: MesosEvidence) {
  const address = addresses.get(agent);
  return workload.template.ports.flatMap(({ name }, index) => {
    const port = ports[index];
    return address === undefined || port === undefined ? [] : [{ name, address, port }];
  });
}

function judged(task: TaskRecord, isChecked: boolean): Judgement {
  if (task.isKilled) return say('stopping', 'none', 'It is being stopped.');
  if (task.state === 'TASK_UNREACHABLE')
    return say('waiting', 'node_lost', 'Its agent has not been heard of. It may run on there.');
  if (task.state !== 'TASK_RUNNING') return say('starting', 'none', 'It is being made.');
  if (isReady(task, isChecked)) return say('ready', 'none', isChecked ? 'It answers.' : 'It runs.');
  return task.healthy === false
    ? say('running', 'probe_failing', 'It runs, and its health check fails: see what the check asks for.')
    : say('starting', 'none', 'It has not answered its health check yet.');
}

/** A container that should be there: it waits for its next try, or for a place. */
function absentOf(index: number, { workload, view, lastLines }: MesosEvidence): ContainerStatus {
  const { app, failures, refusals } = view;
  const name = `${workload.namespace}.${workload.app}.waiting-${index}`;
  const rest = { name, node: '', address: '', restarts: failures?.count ?? 0, release: workload.release };
  const ended = view.ended?.content === app?.content ? view.ended : undefined;
  if (failures !== undefined && ended !== undefined) {
    const lines = lastLines.slice(-LINES_MAX).map((line) => line.slice(0, LINE_MAX));
    return { ...rest, ...failed(ended), lastLines: lines };
  }
  const judgement =
    refusals === undefined
      ? say('waiting', 'none', 'No agent has been chosen yet.')
      : say('waiting', 'unschedulable', `No agent takes it: ${refusalsIn(refusals)}.`);
  return { ...rest, ...judgement, lastLines: [] };
}

const REFUSALS: Readonly<Record<Refusal, string>> = {
  cpus: 'too few CPUs are free',
  memory: 'too little memory is free',
  ports: 'too few ports are free',
  constraint: 'its constraints exclude the agent',
};

function refusalsIn(refusals: ReadonlyMap<Refusal, number>): string {
  return (
    [...refusals].map(([why, count]) => `${REFUSALS[why]} (${count} offers)`).join(', ') ||
    'nothing was offered'
  );
}

function failed({ message, reason, state, healthy }: TaskRecord): Judgement {
  if (/MEMORY/.test(reason))
    return say(
      'waiting',
      'out_of_memory',
      'It used more memory than its limit. Raise memoryMibMax or see what it keeps.',
    );
  if (/pull|manifest|No such image|image .*not found/i.test(message) || /IMAGE/.test(reason))
    return say('waiting', 'image_pull', `The image can't be had: ${message}`);
  if (healthy === false && state === 'TASK_KILLED')
    return say('waiting', 'probe_failing', `Its health check failed too often: ${message}`);
  if (state === 'TASK_ERROR') return say('waiting', 'other', `Mesos does not take it: ${message}`);
  return say(
    'waiting',
    'crash_loop',
    `It ends again and again; the next try waits. ${message} See its last lines.`,
  );
}
