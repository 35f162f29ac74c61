/** How an app is at plain engines, from its containers and from what its plan waits for. Values in, values out. */
import type { AppInstance, AppTemplate, ContainerStatus } from '../../protocol/app.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import {
  ADDRESS_LABEL,
  containerName,
  contentIn,
  roleOf,
  type SeenApp,
  type SeenContainer,
  slotOf,
} from './docker-seen.ts';
import type { DockerPlan, DockerWanted, Waiting } from './docker-step.ts';
import { refusedOf } from './docker-trial.ts';
import { available, type Judgement, say, upToDate } from './statements.ts';

const CONTAINERS_MAX = 1_000;
const LINES_MAX = 20;
const LINE_MAX = 500;
/** Exit codes of what ends in order, at SIGTERM and at SIGKILL. */
const STOPPED: readonly number[] = [0, 143, 137];

/** As an engine writes it after the name of what it connects. */
const ENDPOINT_ID = / \([0-9a-f]{64}\)/g;

export interface DockerEvidence {
  readonly workload: WorkloadLeaf;
  readonly wanted: DockerWanted;
  readonly seen: SeenApp;
  readonly plan: DockerPlan;
  /** By id of the container. */
  readonly lastLines: ReadonlyMap<string, readonly string[]>;
  /** What an engine refused of a container, by its id, and why an image can't be had, by node. */
  readonly faults: ReadonlyMap<string, string>;
  readonly imageFaults: ReadonlyMap<string, string>;
}

export function dockerInstanceOf(evidence: DockerEvidence): AppInstance {
  const { workload, wanted, seen, plan } = evidence;
  const there = seen.containers.toSorted((a, b) => slotOf(a) - slotOf(b) || (a.name < b.name ? -1 : 1));
  const present = there.map((container) => containerOf(container, evidence));
  const containers = [
    ...present,
    ...plan.waiting.map((waiting) => waitingOf(waiting, wanted)),
    ...plan.steps.flatMap((step) => (step.kind === 'create' ? comingOf({ ...step, wanted }, evidence) : [])),
  ].slice(0, CONTAINERS_MAX);
  const inPlace = there.flatMap((container, index) => {
    const isReady = present[index]?.state === 'ready';
    return roleOf(container) === 'main' && isReady && slotOf(container) <= wanted.replicas ? [container] : [];
  });
  const ready = inPlace.length;
  // By whether it is asked as well: who tells of a stage says with it that this is done.
  const unsettled = new Set(plan.steps.flatMap(acquaintance));
  const updated = inPlace.filter(
    (container) => contentIn(container) === wanted.content && !unsettled.has(container.id),
  ).length;
  const counts = { wanted: wanted.replicas, ready, updated };
  const refused = refusedOf(wanted, seen.containers);
  return {
    cluster: workload.cluster,
    release: workload.release,
    ...counts,
    statements: [
      available(counts, containers),
      upToDate(counts, refused === undefined ? undefined : judged(refused, evidence).message),
    ],
    containers,
  };
}

function acquaintance(step: DockerPlan['steps'][number]): string[] {
  return step.kind === 'introduce' || step.kind === 'withdraw' ? [step.container.id] : [];
}

function containerOf(container: SeenContainer, evidence: DockerEvidence): ContainerStatus {
  const { workload, wanted, lastLines } = evidence;
  return {
    name: container.name,
    node: container.node,
    address: addressOf(container),
    ...judged(container, evidence),
    lastLines: (lastLines.get(container.id) ?? []).slice(-LINES_MAX).map((line) => line.slice(0, LINE_MAX)),
    restarts: container.restarts,
    release: contentIn(container) === wanted.content ? workload.release : 0,
  };
}

/** That of its pool, if it has it, for it is the one that others know. */
function addressOf({ networks, labels }: SeenContainer): string {
  const addresses = Object.values(networks).filter((address) => address !== '');
  return addresses.find((address) => address === labels[ADDRESS_LABEL]) ?? addresses[0] ?? '';
}

function judged(container: SeenContainer, { wanted, faults }: DockerEvidence): Judgement {
  const { phase, health, error } = container;
  const fault = faults.get(container.id) ?? error;
  const role = roleOf(container);
  const isGoing = role === 'old' || slotOf(container) > wanted.replicas;
  // How it ends says nothing of it: an engine calls what was stopped unhealthy.
  if (phase !== 'created' && isGoing) return say('stopping', 'none', 'It is being stopped.');
  if (phase === 'created')
    return fault === '' ? say('starting', 'none', 'It is being made.') : notStarted(fault);
  if (phase === 'restarting' || phase === 'exited') return ended(container, wanted.template);
  if (health === 'unhealthy')
    return say('running', 'probe_failing', 'It runs, and its check fails. See what the check asks for.');
  if (health === 'starting') return say('starting', 'none', 'It has not passed its check yet.');
  return role === 'next'
    ? say('starting', 'none', 'It is tried beside the one that it replaces.')
    : say('ready', 'none', 'It runs, and its check passes if it has one.');
}

function notStarted(said: string): Judgement {
  // Another at each try, and it would make each try a change of the app.
  const fault = said.replaceAll(ENDPOINT_ID, '');
  if (/: bind: address already in use|port is already allocated/i.test(fault))
    return say('waiting', 'address_pending', `Something else at its node has its host port: ${fault}`);
  if (/address already in use|no available.*address/i.test(fault))
    return say('waiting', 'address_pending', `Something else has its address: ${fault}`);
  if (/executable file not found|no such file|exec format|permission denied/i.test(fault))
    return say('waiting', 'crash_loop', `Its command does not start: ${fault}`);
  return say('waiting', 'other', `The engine does not start it: ${fault}`);
}

function ended(
  { phase, exitCode, isOutOfMemory, health, error }: SeenContainer,
  template: AppTemplate,
): Judgement {
  const state = phase === 'restarting' ? 'waiting' : 'exited';
  if (isOutOfMemory)
    return say(
      state,
      'out_of_memory',
      'It was ended for using more memory than its limit. Raise memoryMibMax or see what it keeps.',
    );
  // An engine calls whatever has ended unhealthy; its code says whether it was stopped.
  if (health === 'unhealthy' && STOPPED.includes(exitCode))
    return say(state, 'probe_failing', 'Its check failed, so it was stopped. See what the check asks for.');
  if (error !== '') return notStarted(error);
  if (phase === 'exited' && template.restart === 'reuse' && exitCode === 0)
    return say(state, 'none', 'It ended; it is started again in its place.');
  return say(
    state,
    'crash_loop',
    `It ends again and again, last with exit code ${exitCode}; the next try waits. See its last lines.`,
  );
}

const NOBODY = { address: '', lastLines: [], restarts: 0, release: 0 };

function waitingOf({ slot, role, node, reason, why }: Waiting, { base }: DockerWanted): ContainerStatus {
  return { name: containerName(base, slot, role), node, ...NOBODY, ...say('waiting', reason, why) };
}

interface Coming {
  readonly node: string;
  readonly slot: number;
  readonly role: Waiting['role'];
  readonly wanted: DockerWanted;
}

/** One that the next pass would make if its image were there; the others are nothing yet. */
function comingOf(
  { node, slot, role, wanted }: Coming,
  { seen, imageFaults }: DockerEvidence,
): ContainerStatus[] {
  const { image } = wanted.template;
  if (seen.nodes.find(({ name }) => name === node)?.hasImage ?? false) return [];
  const message = `The image ${image} is not at ${node}${because(imageFaults.get(node))}.`;
  const name = containerName(wanted.base, slot, role);
  return [{ name, node, ...NOBODY, ...say('waiting', 'image_pull', message) }];
}

function because(fault: string | undefined): string {
  return fault === undefined ? '' : ` (${fault})`;
}

/** Containers whose last words are worth fetching. */
export function talkative(containers: readonly SeenContainer[]): readonly SeenContainer[] {
  return containers.filter(
    ({ phase, health }) => phase === 'restarting' || phase === 'exited' || health === 'unhealthy',
  );
}
