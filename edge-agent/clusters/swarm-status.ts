/** How an app is in a swarm, from its service, tasks and nodes. Values in, values out. */
import type { AppInstance, AppTemplate, ContainerStatus } from '../../protocol/app.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import { appOfTrack } from '../../protocol/track.ts';
import { CONTENT_LABEL, probeOf, replicasOf } from './docker-marks.ts';
import { available, type Judgement, say, upToDate } from './statements.ts';
import type { Service, SwarmNode, Task } from './swarm-objects.ts';
import { BECAUSE_LABEL, isRolledBack } from './swarm-plan.ts';
import { isServing } from './track.ts';

const CONTAINERS_MAX = 1_000;
const LINES_MAX = 20;
const LINE_MAX = 500;
const KILLED = 137;
const TERMINATED = 143;

export interface SwarmEvidence {
  readonly workload: WorkloadLeaf;
  /** The labels that its service should have. */
  readonly labels: Readonly<Record<string, string>>;
  readonly service: Service | undefined;
  readonly tasks: readonly Task[];
  readonly nodes: readonly SwarmNode[];
  /** By id of the task. */
  readonly lastLines: ReadonlyMap<string, readonly string[]>;
}

const GOING = new Set(['shutdown', 'remove', 'orphaned']);
const OVER = new Set(['complete', 'shutdown', 'failed', 'rejected', 'remove', 'orphaned']);
const FAILED = new Set(['complete', 'failed', 'rejected']);

/** What is or should become a container, and what of old ones still runs. */
export function presentTasks(tasks: readonly Task[]): Task[] {
  return tasks
    .filter(({ DesiredState, Status }) => !GOING.has(DesiredState) || !OVER.has(Status.State))
    .toSorted((a, b) => a.Slot - b.Slot || (a.CreatedAt < b.CreatedAt ? -1 : 1));
}

/** The container that ended last in the place of this one, of the same content. */
export function lastFailed(task: Task, tasks: readonly Task[]): Task | undefined {
  if (FAILED.has(task.Status.State)) return task;
  return failuresOf(task, tasks).at(-1);
}

function failuresOf(task: Task, tasks: readonly Task[]): Task[] {
  return tasks
    .filter(
      (other) =>
        other.Slot === task.Slot &&
        other.ID !== task.ID &&
        FAILED.has(other.Status.State) &&
        contentOf(other) === contentOf(task),
    )
    .toSorted((a, b) => (a.CreatedAt < b.CreatedAt ? -1 : 1));
}

function contentOf({ Spec }: Task): string | undefined {
  return Spec.ContainerSpec?.Labels[CONTENT_LABEL];
}

/** Of a track: a container is another one once it is to be asked, or no more. */
function isAskedAsTold({ Spec }: Task, workload: WorkloadLeaf): boolean {
  if (workload.stage === undefined) return true;
  const has = (Spec.Networks ?? []).flatMap(({ Aliases }) => Aliases ?? []);
  return isServing(workload) ? has.includes(appOfTrack(workload.app)) : has.length === 0;
}

export function swarmInstanceOf(evidence: SwarmEvidence): AppInstance {
  const { workload, service, tasks, labels } = evidence;
  const content = labels[CONTENT_LABEL];
  const present = presentTasks(tasks);
  const containers = present.map((task) => containerOf(task, evidence)).slice(0, CONTAINERS_MAX);
  const replicas = service?.Spec.Mode.Replicated?.Replicas;
  const wanted = replicas ?? replicasOf(workload.template, undefined);
  const isReady = ({ state }: ContainerStatus) => state === 'ready';
  const ready = Math.min(wanted, containers.filter(isReady).length);
  const isUpdated = (task: Task) => contentOf(task) === content && isAskedAsTold(task, workload);
  const updated = present.filter(
    (task, index) => isUpdated(task) && containers[index]?.state === 'ready',
  ).length;
  const isBack = service !== undefined && isRolledBack(service, { Labels: labels });
  const because = service?.Spec.Labels[BECAUSE_LABEL] ?? service?.UpdateStatus?.Message ?? '';
  return {
    cluster: workload.cluster,
    release: workload.release,
    wanted,
    ready,
    updated: Math.min(wanted, updated),
    statements: [
      available({ wanted, ready }, containers),
      upToDate({ wanted, ready, updated }, isBack ? because : undefined),
    ],
    containers,
  };
}

function containerOf(task: Task, evidence: SwarmEvidence): ContainerStatus {
  const { workload, service, tasks, nodes, labels, lastLines } = evidence;
  const node = nodes.find(({ ID }) => ID === task.NodeID);
  const failed = lastFailed(task, tasks);
  const isNewest = contentOf(task) === labels[CONTENT_LABEL];
  return {
    name: `${service?.Spec.Name ?? workload.app}.${task.Slot}.${task.ID}`,
    node: node?.Description.Hostname ?? '',
    address: task.NetworksAttachments?.[0]?.Addresses?.[0]?.split('/')[0] ?? '',
    ...judged({ task, failed, node, template: workload.template }),
    lastLines: (lastLines.get(failed?.ID ?? task.ID) ?? [])
      .slice(-LINES_MAX)
      .map((line) => line.slice(0, LINE_MAX)),
    restarts: failuresOf(task, tasks).length,
    release: isNewest ? workload.release : 0,
  };
}

interface Case {
  readonly task: Task;
  readonly failed: Task | undefined;
  readonly node: SwarmNode | undefined;
  readonly template: AppTemplate;
}

function judged({ task, failed, node, template }: Case): Judgement {
  const { State, Err, Message } = task.Status;
  if (node?.Status.State === 'down')
    return say(
      'waiting',
      'node_lost',
      `Its node has not been heard of: ${node.Status.Message || 'no heartbeat'}.`,
    );
  if (GOING.has(task.DesiredState)) return say('stopping', 'none', 'It is being stopped.');
  if (State === 'running') return say('ready', 'none', 'It runs, and its check passes if it has one.');
  if (State === 'pending' && Err !== '') return say('waiting', 'unschedulable', `No node takes it: ${Err}.`);
  if (failed !== undefined) return endedWith(failed, template);
  if (State === 'starting') return say('starting', 'none', 'It has not passed its check yet.');
  if (State === 'new' || State === 'pending') return say('waiting', 'none', 'No node has been chosen yet.');
  return say('starting', 'none', `It is being made: ${Message}.`);
}

const WORDS = [
  [
    /no such image|pull access denied|manifest (for .* not found|unknown)|repository does not exist/i,
    'image_pull',
    "The image can't be had",
  ],
  [/unhealthy/i, 'probe_failing', 'Its check failed and Swarm ended it. See what the check asks for'],
  [/no command specified|executable file not found|exec format/i, 'crash_loop', 'Its command does not start'],
  [
    /secret|config .*not found|invalid mount config/i,
    'config_missing',
    'Something that it needs is not there',
  ],
] as const;

/** What ended a container, in a word that stays and a sentence that helps. */
export function endedWith({ Status }: Task, template: AppTemplate): Judgement {
  const { Err, ContainerStatus } = Status;
  const known = WORDS.find(([words]) => words.test(Err));
  if (known !== undefined) return say('waiting', known[1], `${known[2]}: ${Err}.`);
  const code = ContainerStatus?.ExitCode ?? 0;
  if (code === KILLED && template.resources.memoryMibMax !== undefined)
    return say(
      'waiting',
      'out_of_memory',
      'It was killed, most likely for using more memory than its limit. Raise memoryMibMax or see what it keeps.',
    );
  // Swarm stops a container whose check fails, and such a one often ends well.
  if ((code === 0 || code === TERMINATED) && probeOf(template) !== undefined)
    return say(
      'waiting',
      'probe_failing',
      `It was stopped because its check failed, or ended by itself with exit code ${code}. See what the check asks for, and its last lines.`,
    );
  return say(
    'waiting',
    'crash_loop',
    `It ends again and again, last with exit code ${code}${Err === '' ? '' : ` (${Err})`}; the next try waits. See its last lines.`,
  );
}

/** Why the containers of this content ended, the newest word; undefined if none did. */
export function faultOfContent(
  tasks: readonly Task[],
  content: string | undefined,
  template: AppTemplate,
): string | undefined {
  const failed = tasks
    .filter((task) => FAILED.has(task.Status.State) && contentOf(task) === content)
    .toSorted((a, b) => (a.CreatedAt < b.CreatedAt ? -1 : 1))
    .at(-1);
  return failed === undefined ? undefined : endedWith(failed, template).message;
}
