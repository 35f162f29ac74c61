/** What a swarm, or a cluster of plain engines, is: version, nodes, capacity. The reading is pure; `inspectSwarm` and `inspectDocker` fetch. */
import { z } from 'zod';
import {
  type Capacity,
  type ClusterFacts,
  type ClusterNode,
  IMAGES_MAX,
  type Statement,
} from '../../protocol/cluster.ts';
import { familiarImages } from '../../protocol/image.ts';
import type { EngineClient } from '../engine/client.ts';
import { EngineError, type EngineFault } from '../engine/errors.ts';
import { EngineInfo } from './docker-objects.ts';
import { type DockerNode, type Look, nodeLabels, silence, unlessSilent } from './docker-sight.ts';
import { SwarmNode } from './swarm-objects.ts';

const MIB = 1024 * 1024;
const NANO_CPUS_A_MILLI = 1_000_000;
const NODES_MAX = 5_000;
const NODES_SHOWN = 5;
const LOOK_MS_MAX = 10_000;
const EVIDENCE_MAX = 500;
const LABEL_VALUE_MAX = 63;
/** Engines have no limit of their own; what a node's bridge has room for. */
const CONTAINERS_A_NODE = 250;

/** `client`: of a manager. Throws EngineError. */
export async function inspectSwarm(client: EngineClient): Promise<ClusterFacts> {
  const info = await client.json(EngineInfo, { method: 'GET', path: '/info', timeoutMs: LOOK_MS_MAX });
  const nodes = await client.json(z.array(SwarmNode), { method: 'GET', path: '/nodes' });
  const answers = `The manager ${info.Name} answers as Docker ${info.ServerVersion}.`;
  return factsOf(info.ServerVersion, nodes.slice(0, NODES_MAX).map(swarmNode), answers);
}

/** What engines said of themselves when they last answered: one that is silent is as large, and has the labels, that it had. */
export interface KnownEngines {
  get(node: string): EngineInfo | undefined;
  set(node: string, info: EngineInfo): unknown;
}

/** Throws EngineError only if no engine answers. */
export async function inspectDocker(
  nodes: readonly DockerNode[],
  known: KnownEngines = new Map(),
): Promise<ClusterFacts> {
  const looks = await Promise.all(
    nodes.map(async ({ name, client, addresses }) => ({
      name,
      addresses: addresses?.() ?? [],
      ...(await unlessSilent(
        client.json(EngineInfo, { method: 'GET', path: '/info', timeoutMs: LOOK_MS_MAX }),
      )),
    })),
  );
  for (const { name, value } of looks) if (value !== undefined) known.set(name, value);
  const images = await Promise.all(nodes.map(({ client }) => imagesAt(client)));
  const [first] = looks.flatMap(({ value }) => value ?? []);
  if (first === undefined) throw silence(looks.map(({ cause }) => cause));
  const silent = looks.filter(({ value }) => value === undefined).length;
  const answers = `${looks.length - silent} of ${looks.length} engines answer; the first as Docker ${first.ServerVersion}.`;
  const facts = factsOf(
    first.ServerVersion,
    looks.map((look) => engineNode(look, known.get(look.name))),
    answers,
  );
  return { ...facts, images: familiarImages(images.flat(), IMAGES_MAX) };
}

const Images = z.array(z.looseObject({ RepoTags: z.array(z.string()).nullish() }));

/** An engine that is silent, or a node that may not say, has none that we know of. */
async function imagesAt(client: EngineClient): Promise<string[]> {
  const told = client.json(Images, { method: 'GET', path: '/images/json', timeoutMs: LOOK_MS_MAX });
  const images = await told.catch(() => []);
  return images.flatMap(({ RepoTags }) => RepoTags ?? []);
}

export function swarmNode({ Spec, Description, Status }: SwarmNode): ClusterNode {
  const { Resources, Engine, Hostname } = Description;
  const isReady = Status.State === 'ready';
  return {
    name: Hostname,
    addresses: /^\d+\.\d+\.\d+\.\d+$/.test(Status.Addr) && Status.Addr !== '0.0.0.0' ? [Status.Addr] : [],
    ready: isReady ? 'True' : Status.State === 'down' ? 'False' : 'Unknown',
    verdict: isReady ? 'alive' : 'unknown',
    evidence: `The manager says ${Status.State}${Status.Message === '' ? '' : `: ${Status.Message}`}.`.slice(
      0,
      EVIDENCE_MAX,
    ),
    schedulable: Spec.Availability === 'active',
    version: Engine?.EngineVersion ?? '',
    capacity: {
      cpuMillis: Math.floor(Resources.NanoCPUs / NANO_CPUS_A_MILLI),
      memoryMib: Math.floor(Resources.MemoryBytes / MIB),
      pods: CONTAINERS_A_NODE,
    },
    labels: shortLabels({
      ...Spec.Labels,
      ...prefixed('engine.labels.', Engine?.Labels ?? {}),
      'node.role': Spec.Role,
      'node.hostname': Hostname,
    }),
  };
}

interface EngineLook extends Look<EngineInfo> {
  readonly name: string;
  readonly addresses: readonly string[];
}

function engineNode(
  { name, addresses, value, cause }: EngineLook,
  info: EngineInfo | undefined,
): ClusterNode {
  return {
    name,
    addresses: [...addresses],
    ready: value === undefined ? 'Unknown' : 'True',
    verdict: value === undefined ? 'unknown' : 'alive',
    evidence: (cause?.message ?? 'Its engine answers.').slice(0, EVIDENCE_MAX),
    schedulable: info !== undefined,
    version: info?.ServerVersion ?? '',
    capacity: {
      cpuMillis: (info?.NCPU ?? 0) * 1_000,
      memoryMib: Math.floor((info?.MemTotal ?? 0) / MIB),
      pods: info === undefined ? 0 : CONTAINERS_A_NODE,
    },
    labels: info === undefined ? {} : shortLabels(nodeLabels(name, info)),
  };
}

function prefixed(prefix: string, labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([key, value]) => [`${prefix}${key}`, value]));
}

/** An engine's labels may be of any length; what can't be told is left out. */
function shortLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value.length <= LABEL_VALUE_MAX));
}

function factsOf(version: string, nodes: readonly ClusterNode[], answers: string): ClusterFacts {
  const usable = nodes.filter(({ ready }) => ready === 'True');
  const capacity = usable.map((node) => node.capacity).reduce(sum, { cpuMillis: 0, memoryMib: 0, pods: 0 });
  const reachable = { type: 'Reachable', status: 'True', reason: 'Answers', message: answers } as const;
  return {
    version,
    capacity,
    // Engines keep nothing back for themselves.
    allocatable: capacity,
    nodes: [...nodes],
    statements: [reachable, nodesReady(nodes)],
  };
}

function sum(a: Capacity, b: Capacity): Capacity {
  return {
    cpuMillis: a.cpuMillis + b.cpuMillis,
    memoryMib: a.memoryMib + b.memoryMib,
    pods: a.pods + b.pods,
  };
}

function nodesReady(nodes: readonly ClusterNode[]): Statement {
  const down = nodes.filter(({ ready }) => ready !== 'True').map(({ name }) => name);
  if (down.length === 0)
    return {
      type: 'NodesReady',
      status: 'True',
      reason: 'AllReady',
      message: `All ${nodes.length} nodes are ready.`,
    };
  return {
    type: 'NodesReady',
    status: 'False',
    reason: 'NotReady',
    message: `${down.length} of ${nodes.length} nodes are not ready: ${down.slice(0, NODES_SHOWN).join(', ')}.`,
  };
}

const REASONS: Readonly<Partial<Record<EngineFault, string>>> = {
  'engine.unreachable': 'NoAnswer',
  'engine.forbidden': 'Forbidden',
  'engine.unavailable': 'NoManager',
  'engine.too_old': 'TooOld',
};

/** What can be said when it could not be asked: everything else is as it was last known. */
export function silentStatement(cause: unknown): Statement {
  const reason = cause instanceof EngineError ? (REASONS[cause.code] ?? 'Failed') : 'Failed';
  const message = (cause instanceof Error ? cause.message : String(cause)).slice(0, EVIDENCE_MAX);
  return { type: 'Reachable', status: 'False', reason, message };
}
