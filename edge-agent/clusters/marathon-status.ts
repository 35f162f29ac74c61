/** How an app is in Marathon, from what that says of it. Values in, values out. */
import type { AppInstance, ContainerStatus } from '../../protocol/app.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import type { AppNews } from '../marathon/news.ts';
import type { App, QueueItem, Task, TaskFailure } from '../marathon/wire.ts';
import { isOurs, isRemoved, isStale } from './marathon-plan.ts';
import { CONTAINERS_MAX, instanceOfContainers, type Judgement, say } from './statements.ts';

const IPV4 = /^\d+\.\d+\.\d+\.\d+$/;
const LINE_MAX = 500;
const LINES_MAX = 20;
/** A task that is made so soon after one that ended takes its place: longer than the longest pause between tries. */
const RETRY_MS = 120_000;

export interface MarathonEvidence {
  readonly workload: WorkloadLeaf;
  /** Absent while there is none. */
  readonly app: App | undefined;
  /** Whether what stands in Marathon is what this workload makes. */
  readonly isTold: boolean;
  /** What waits for a place, and why. */
  readonly queued: QueueItem | undefined;
  readonly news: AppNews;
  /** Addresses of agents by what Marathon calls them; those that it calls by their address need not be there. */
  readonly addresses: ReadonlyMap<string, string>;
  /** Last lines of the task that ended last. */
  readonly lastLines: readonly string[];
}

export function marathonInstance(evidence: MarathonEvidence): AppInstance {
  const { workload } = evidence;
  const { replicas } = workload.template;
  const app = standing(evidence.app);
  const wanted = app?.instances ?? (typeof replicas === 'number' ? replicas : replicas.min);
  const containers = app === undefined ? [] : containersOf(app, { ...evidence, app });
  return instanceOfContainers(workload, wanted, containers);
}

function standing(app: App | undefined): App | undefined {
  return app !== undefined && isOurs(app) && !isRemoved(app) ? app : undefined;
}

type Standing = MarathonEvidence & { readonly app: App };

function containersOf(app: App, evidence: Standing): ContainerStatus[] {
  const tasks = [...app.tasks].sort((a, b) => order(a).localeCompare(order(b)));
  const missing = Math.max(app.instances - tasks.length, strugglingOf(evidence));
  return [
    ...tasks.map((task) => containerOf(task, evidence)),
    ...Array.from({ length: Math.min(Math.max(0, missing), CONTAINERS_MAX) }, (_, index) =>
      absentOf(index, evidence),
    ),
  ];
}

function order({ stagedAt, id }: Task): string {
  return `${stagedAt ?? ''} ${id}`;
}

/** While old ones serve on, nothing is missing; a new one that ended, or has no place, is told of all the same. */
function strugglingOf({ app, queued }: Standing): number {
  const fresh = app.tasks.filter((task) => !isStale(task, app)).length;
  const isChanging = fresh === 0 && app.tasks.length > 0;
  return isChanging && (failureOf(app) !== undefined || reasonsOf(queued) !== '') ? 1 : 0;
}

/** Of the app as it is now. */
function failureOf({ lastTaskFailure, versionInfo }: App): TaskFailure | undefined {
  if (lastTaskFailure === undefined || lastTaskFailure === null) return undefined;
  return lastTaskFailure.version >= (versionInfo?.lastConfigChangeAt ?? '') ? lastTaskFailure : undefined;
}

function containerOf(task: Task, evidence: Standing): ContainerStatus {
  const { app, workload, isTold, news } = evidence;
  const isNewest = isTold && task.version >= (app.versionInfo?.lastConfigChangeAt ?? '');
  const address = task.ipAddresses?.[0]?.ipAddress;
  const published = publishedOf(task, evidence);
  return {
    name: task.id,
    node: task.host ?? task.slaveId ?? '',
    address: task.state === 'TASK_RUNNING' ? (address ?? '') : '',
    ...(triedAgain(task, evidence) ?? { ...judged(task, isChecked(app)), lastLines: [] }),
    restarts: isNewest ? restartsOf(app, news) : 0,
    release: isNewest ? workload.release : 0,
    ...(published.length === 0 ? {} : { published }),
  };
}

/** Ports of its agent, which Marathon tells in the order of the mappings. */
function publishedOf({ host, ports }: Task, { workload, addresses }: Standing) {
  const address = addresses.get(host ?? '') ?? (IPV4.test(host ?? '') ? host : undefined);
  return workload.template.ports.flatMap(({ name }, index) => {
    const port = ports?.[index];
    return address === undefined || address === null || port === undefined ? [] : [{ name, address, port }];
  });
}

/** What is wrong stays said while the next try begins. */
function triedAgain(
  task: Task,
  evidence: Standing,
): (Judgement & Pick<ContainerStatus, 'lastLines'>) | undefined {
  const failure = failureOf(evidence.app);
  const apartMs = Date.parse(task.stagedAt ?? '') - Date.parse(failure?.timestamp ?? '');
  const isNext = apartMs >= 0 && apartMs <= RETRY_MS;
  const isBeginning = /^TASK_(STAGING|STARTING|CREATED)$/.test(task.state) && !isStale(task, evidence.app);
  if (failure === undefined || !isNext || !isBeginning) return undefined;
  const { reason, message } = failed(failure, undefined);
  return { ...say('starting', reason, `It is being tried again. ${message}`), lastLines: linesOf(evidence) };
}

function linesOf({ lastLines }: Standing): string[] {
  return lastLines.slice(-LINES_MAX).map((line) => line.slice(0, LINE_MAX));
}

/** Marathon counts none; its events do, while we hear them. */
function restartsOf({ version }: App, { failures, version: counted }: AppNews): number {
  return counted === version ? failures : 0;
}

function isChecked(app: App): boolean {
  const checks = app['healthChecks'];
  return Array.isArray(checks) && checks.length > 0;
}

/** It runs, and answers where it is asked. */
export function isReady(task: Task, app: App): boolean {
  return judged(task, isChecked(app)).state === 'ready';
}

function judged({ state, healthCheckResults }: Task, checked: boolean): Judgement {
  if (state === 'TASK_KILLING') return say('stopping', 'none', 'It is being stopped.');
  if (state.startsWith('TASK_UNREACHABLE') || state === 'TASK_LOST')
    return say('waiting', 'node_lost', 'Its agent has not been heard of. It may run on there.');
  if (state !== 'TASK_RUNNING') return say('starting', 'none', 'It is being made.');
  if (!checked) return say('ready', 'none', 'It runs.');
  const results = healthCheckResults ?? [];
  if (results.length > 0 && results.every(({ alive }) => alive)) return say('ready', 'none', 'It answers.');
  if (results.length === 0) return say('starting', 'none', 'It has not answered its health check yet.');
  const why = results.flatMap(({ lastFailureCause: cause }) => cause ?? []).join(' ');
  return say(
    'running',
    'probe_failing',
    `It runs, and its health check fails: see what the check asks for. ${why}`.trim(),
  );
}

/** A container that should be there: it waits for its next try, or for a place. */
function absentOf(index: number, evidence: Standing): ContainerStatus {
  const { workload, app, queued, news } = evidence;
  const name = `${workload.namespace}.${workload.app}.waiting-${index}`;
  const restarts = restartsOf(app, news);
  const rest = { name, node: '', address: '', restarts, release: workload.release };
  const failure = failureOf(app);
  if (failure !== undefined) return { ...rest, ...failed(failure, queued), lastLines: linesOf(evidence) };
  const reasons = reasonsOf(queued);
  const judgement =
    reasons === ''
      ? say('waiting', 'none', 'No agent has been chosen yet.')
      : say('waiting', 'unschedulable', `No agent takes it: ${reasons}.`);
  return { ...rest, ...judgement, lastLines: [] };
}

const REASONS: Readonly<Record<string, string>> = {
  InsufficientCpus: 'too few CPUs are free',
  InsufficientMemory: 'too little memory is free',
  InsufficientDisk: 'too little disk is free',
  InsufficientGpus: 'too few GPUs are free',
  InsufficientPorts: 'too few ports are free',
  UnfulfilledConstraint: 'its constraints exclude the agent',
  UnfulfilledRole: 'what is offered is reserved for another role',
  NoCorrespondingReservationFound: 'its volumes are on an agent that offers nothing',
  AgentMaintenance: 'the agent is being serviced',
  DeclinedScarceResources: 'agents with GPUs are kept for who needs them',
};

/** Empty if nothing was turned down. */
export function reasonsOf(queued: QueueItem | undefined): string {
  const told = queued?.processedOffersSummary.rejectSummaryLastOffers ?? [];
  return told
    .filter(({ declined }) => declined > 0)
    .map(({ reason, declined }) => `${REASONS[reason] ?? reason} (${declined} offers)`)
    .join(', ');
}

function failed({ message, state }: TaskFailure, queued: QueueItem | undefined): Judgement {
  const seconds = Math.ceil(queued?.delay?.timeLeftSeconds ?? 0);
  if (/memory limit|out of memory|oom/i.test(message))
    return say(
      'waiting',
      'out_of_memory',
      `It used more memory than its limit. Raise memoryMibMax or see what it keeps. ${message}`,
    );
  if (/pull|manifest|No such image|image .*not found/i.test(message))
    return say('waiting', 'image_pull', `The image can't be had: ${message}`);
  if (state === 'TASK_KILLED')
    return say('waiting', 'probe_failing', `Its health check failed too often: ${message}`);
  if (state === 'TASK_ERROR') return say('waiting', 'other', `Mesos does not take it: ${message}`);
  const next = seconds > 0 ? `the next try is in ${seconds} s` : 'the next try waits';
  return say('waiting', 'crash_loop', `It ends again and again; ${next}. ${message} See its last lines.`);
}
