/** Looks at plain engines: what is there of an app, what else is there that matters to it, and which engines do not answer. It changes nothing. */
import { z } from 'zod';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import { type EngineClient, filtersOf } from '../engine/client.ts';
import { EngineError, undefinedOn } from '../engine/errors.ts';
import { isOurs, markFilter } from './docker-marks.ts';
import { EngineInfo, InspectedContainer, ListedContainer, ListedVolumes } from './docker-objects.ts';
import {
  ADDRESS_LABEL,
  CPU_LABEL,
  isOfApp,
  type LostNode,
  MEMORY_LABEL,
  type SeenApp,
  type SeenContainer,
  type SeenNode,
  SLOT_LABEL,
} from './docker-seen.ts';
import type { AppRef } from './driver.ts';

const MIB = 1024 * 1024;
const LOOK_MS_MAX = 10_000;

/** An engine of the cluster, by the name that its node has there. */
export interface DockerNode {
  readonly name: string;
  readonly client: EngineClient;
  /** Of its host, as they are now. */
  readonly addresses?: () => readonly string[];
}

/** What is remembered of engines, only to tell what was at one that does not answer; without it more is held back, nothing is done twice. */
export class EngineMemory {
  readonly #beganMs: number;
  readonly #seen = new Map<string, { atMs: number; containers: readonly ListedContainer[] }>();

  constructor(nowMs: number) {
    this.#beganMs = nowMs;
  }

  note(node: string, nowMs: number, containers: readonly ListedContainer[]): void {
    this.#seen.set(node, { atMs: nowMs, containers });
  }

  lost(name: string, nowMs: number, ref: AppRef): LostNode {
    const last = this.#seen.get(name);
    return {
      name,
      silentMs: nowMs - (last?.atMs ?? this.#beganMs),
      slots: last?.containers
        .filter(({ Labels }) => isOurs(Labels) && isOfApp(Labels, ref))
        .map(({ Labels }) => Number(Labels[SLOT_LABEL] ?? 0)),
    };
  }
}

export interface Sight {
  readonly nodes: readonly DockerNode[];
  readonly memory: EngineMemory;
  readonly nowMs: number;
}

/** Throws `engine.unreachable` only if no engine answers. */
export async function lookAt(workload: WorkloadLeaf, { nodes, memory, nowMs }: Sight): Promise<SeenApp> {
  const looks = await Promise.all(nodes.map((node) => unlessSilent(lookAtNode(node, workload))));
  const answers = looks.flatMap(({ value }) => value ?? []);
  if (answers.length === 0) throw silence(looks.map(({ cause }) => cause));
  for (const { node, listed } of answers) memory.note(node.name, nowMs, listed);
  const lost = nodes.filter(({ name }) => !answers.some(({ node }) => node.name === name));
  const all = answers.flatMap(({ listed }) => listed).filter(({ Labels }) => isOurs(Labels));
  return {
    nodes: answers.map(({ node }) => node),
    lost: lost.map(({ name }) => memory.lost(name, nowMs, workload)),
    containers: answers.flatMap(({ containers }) => containers),
    nowMs,
    addresses: new Set(all.flatMap(({ Labels }) => Labels[ADDRESS_LABEL] ?? [])),
  };
}

export interface Look<T> {
  readonly value?: T;
  readonly cause?: EngineError;
}

/** An engine that does not answer is an answer too. */
export async function unlessSilent<T>(work: Promise<T>): Promise<Look<T>> {
  try {
    return { value: await work };
  } catch (cause) {
    if (cause instanceof EngineError && cause.code === 'engine.unreachable') return { cause };
    throw cause;
  }
}

export function silence(causes: readonly (EngineError | undefined)[]): EngineError {
  return (
    causes.find((cause) => cause !== undefined) ??
    new EngineError('engine.unreachable', 'There are no engines.')
  );
}

async function lookAtNode({ name, client }: DockerNode, workload: WorkloadLeaf) {
  const query = { filters: filtersOf(markFilter(workload)) };
  const [info, listed, { Volumes }, image] = await Promise.all([
    client.json(EngineInfo, { method: 'GET', path: '/info', timeoutMs: LOOK_MS_MAX }),
    listContainers(client),
    client.json(ListedVolumes, { method: 'GET', path: '/volumes', query, timeoutMs: LOOK_MS_MAX }),
    undefinedOn(client.bytes({ method: 'GET', path: `/images/${workload.template.image}/json` }), [
      'engine.not_found',
      'engine.invalid',
    ]),
  ]);
  const ours = listed.filter(({ Labels }) => isOurs(Labels));
  const mine = ours.filter(({ Labels }) => isOfApp(Labels, workload));
  const inspected = await Promise.all(mine.map(({ Id }) => inspect(client, Id)));
  const sum = (label: string) => ours.reduce((total, { Labels }) => total + Number(Labels[label] ?? 0), 0);
  const node: SeenNode = {
    name,
    labels: nodeLabels(name, info),
    cpuMillis: info.NCPU * 1_000,
    memoryMib: Math.floor(info.MemTotal / MIB),
    foreign: listed
      .filter(({ Labels }) => !isOurs(Labels) || !isOfApp(Labels, workload))
      .flatMap(({ Names }) => Names.map(withoutSlash)),
    promised: { cpuMillis: sum(CPU_LABEL), memoryMib: sum(MEMORY_LABEL) },
    count: ours.length,
    volumeSlots: Volumes.map(({ Labels }) => Number(Labels[SLOT_LABEL] ?? 0)),
    hasImage: image !== undefined,
  };
  const containers = inspected.flatMap((one) => (one === undefined ? [] : [seenOf(name, one)]));
  return { node, listed, containers };
}

/** All containers of an app at engines that answer, and why one does not. */
export async function findApp(nodes: readonly DockerNode[], ref: AppRef) {
  const looks = await Promise.all(
    nodes.map(({ name, client }) =>
      unlessSilent(
        (async () => {
          const listed = await listContainers(client);
          const mine = listed.filter(({ Labels }) => isOurs(Labels) && isOfApp(Labels, ref));
          const inspected = await Promise.all(mine.map(({ Id }) => inspect(client, Id)));
          return inspected.flatMap((one) => (one === undefined ? [] : [seenOf(name, one)]));
        })(),
      ),
    ),
  );
  const causes = looks.map(({ cause }) => cause);
  return {
    found: looks.flatMap(({ value }) => value ?? []),
    silent: causes.some((cause) => cause !== undefined) || nodes.length === 0 ? silence(causes) : undefined,
  };
}

export function listContainers(client: EngineClient): Promise<ListedContainer[]> {
  return client.json(z.array(ListedContainer), {
    method: 'GET',
    path: '/containers/json',
    query: { all: '1' },
    timeoutMs: LOOK_MS_MAX,
  });
}

/** Undefined if it has gone meanwhile. */
function inspect(client: EngineClient, id: string): Promise<InspectedContainer | undefined> {
  return undefinedOn(client.json(InspectedContainer, { method: 'GET', path: `/containers/${id}/json` }), [
    'engine.not_found',
  ]);
}

/** The engine's own labels by their plain names and by Swarm's, so that one rule holds in both. */
export function nodeLabels(
  name: string,
  { Labels, OSType, Architecture }: EngineInfo,
): Record<string, string> {
  const own = Labels.map((label) => {
    const at = label.indexOf('=');
    return at < 0 ? ([label, ''] as const) : ([label.slice(0, at), label.slice(at + 1)] as const);
  });
  return {
    ...Object.fromEntries(own),
    ...Object.fromEntries(own.map(([key, value]) => [`engine.labels.${key}`, value])),
    'node.hostname': name,
    'node.platform.os': OSType,
    'node.platform.arch': Architecture,
  };
}

function withoutSlash(name: string): string {
  return name.replace(/^\//, '');
}

export function seenOf(
  node: string,
  { Id, Name, Created, RestartCount, Config, State, HostConfig, NetworkSettings }: InspectedContainer,
): SeenContainer {
  return {
    id: Id,
    node,
    name: withoutSlash(Name),
    labels: Config.Labels,
    phase: phaseOf(State.Status),
    health: healthOf(State.Health?.Status),
    exitCode: State.ExitCode,
    isOutOfMemory: State.OOMKilled,
    error: State.Error,
    restarts: RestartCount,
    createdMs: timeOf(Created),
    startedMs: timeOf(State.StartedAt),
    networks: Object.fromEntries(
      Object.entries(NetworkSettings.Networks).map(([network, { IPAddress }]) => [network, IPAddress]),
    ),
    aliases: Object.values(NetworkSettings.Networks).flatMap(({ Aliases }) => Aliases ?? []),
    limits: {
      nanoCpus: HostConfig.NanoCpus,
      memoryBytes: HostConfig.Memory,
      restartPolicy: HostConfig.RestartPolicy?.Name ?? '',
    },
  };
}

function phaseOf(status: string): SeenContainer['phase'] {
  if (status === 'created' || status === 'restarting') return status;
  return status === 'running' || status === 'paused' ? 'running' : 'exited';
}

function healthOf(status: string | undefined): SeenContainer['health'] {
  return status === 'starting' || status === 'healthy' || status === 'unhealthy' ? status : 'none';
}

/** Milliseconds since 1970; engines write year 1 for never. */
function timeOf(text: string): number {
  const time = Date.parse(text);
  return Number.isFinite(time) && time > 0 ? time : 0;
}
