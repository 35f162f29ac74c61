/**
 * Tells a node's death from a partition: what the cluster and the site have heard of each node, and what follows. Silence alone is no death:
 * it counts only while whoever listens can hear, and never if somebody at the site has heard the node. Values in, values out; it moves nothing.
 */
import type { ClusterNode } from '../../protocol/cluster.ts';

/** A kubelet renews its lease every 10 s; a lease lasts 40 s, after which Kubernetes itself no longer counts on the node. */
export const CLUSTER_SILENT_MS = 40_000;
/** As long as nobody at the site has heard a node, although it was asked every few seconds. */
export const SITE_SILENT_MS = 30_000;
/** Who did not look for longer than this knows nothing of the time between, and begins to listen anew. */
export const GAP_MS_MAX = 30_000;

/** What a host says when it is asked at its kubelet's port. `refuses` is an answer too: the host lives, its kubelet does not listen. */
export type Testimony = 'answers' | 'refuses' | 'silent';

/** One node at one look. */
export interface NodeSight {
  readonly name: string;
  readonly ready: ClusterNode['ready'];
  /** When its kubelet last renewed its lease, by its own clock: only a change tells something. */
  readonly renewTime?: string | undefined;
  /** Absent if it was not asked this time. */
  readonly testimony?: Testimony | undefined;
}

export interface Look {
  /** Monotonic milliseconds. */
  readonly atMs: number;
  /** If not, nodes and leases are as they were last read. */
  readonly isApiServerThere: boolean;
  readonly nodes: readonly NodeSight[];
}

interface NodeMemory {
  readonly ready: ClusterNode['ready'];
  readonly renewTime: string | undefined;
  /** When a change of the lease was seen. */
  readonly renewedAtMs?: number | undefined;
  /** When the host last answered or refused. */
  readonly heardAtMs?: number | undefined;
  readonly askedAtMs?: number | undefined;
}

export interface Memory {
  readonly atMs: number;
  readonly isApiServerThere: boolean;
  /** Since when leases have been read without a break. */
  readonly clusterSinceMs: number;
  /** Since when hosts have been asked without a break. */
  readonly siteSinceMs: number;
  readonly nodes: ReadonlyMap<string, NodeMemory>;
}

export interface Judgement extends Pick<ClusterNode, 'verdict' | 'evidence'> {
  /** How long nobody has heard of it; what nobody listened to does not count. */
  readonly silentMs: number;
}

/** What is known after one more look. */
export function remember(memory: Memory | undefined, look: Look): Memory {
  const { atMs, isApiServerThere } = look;
  const isGap = memory === undefined || atMs - memory.atMs > GAP_MS_MAX;
  const listens = !isGap && isApiServerThere && memory.isApiServerThere;
  return {
    atMs,
    isApiServerThere,
    clusterSinceMs: listens ? memory.clusterSinceMs : atMs,
    siteSinceMs: isGap ? atMs : memory.siteSinceMs,
    nodes: new Map(look.nodes.map((sight) => [sight.name, rememberNode(sight, look, memory)])),
  };
}

function rememberNode(sight: NodeSight, { atMs }: Look, memory: Memory | undefined): NodeMemory {
  const { name, ready, renewTime, testimony } = sight;
  const before = memory?.nodes.get(name);
  const isRenewed = before !== undefined && renewTime !== undefined && renewTime !== before.renewTime;
  const isHeard = testimony === 'answers' || testimony === 'refuses';
  return {
    ready,
    renewTime: renewTime ?? before?.renewTime,
    renewedAtMs: isRenewed ? atMs : before?.renewedAtMs,
    heardAtMs: isHeard ? atMs : before?.heardAtMs,
    askedAtMs: testimony === undefined ? before?.askedAtMs : atMs,
  };
}

/** The verdict on a node that was in the last look; on any other nothing is known. */
export function judge(memory: Memory, name: string): Judgement {
  const node = memory.nodes.get(name);
  if (node === undefined) return told('unknown', 'The cluster does not know this node.', 0);
  const silentMs = silenceOf(memory, node);
  if (!memory.isApiServerThere) return { ...withoutApiServer(memory, node), silentMs };
  if (isRenewing(memory, node))
    return told('alive', `Its lease was renewed ${ago(memory, node.renewedAtMs)}.`, silentMs);
  if (!isClusterSilent(memory, node)) return { ...notYetSilent(memory, node), silentMs };
  return { ...silentToCluster(memory, node), silentMs };
}

type Verdict = Pick<ClusterNode, 'verdict' | 'evidence'>;

function told(verdict: ClusterNode['verdict'], evidence: string, silentMs: number): Judgement {
  return { verdict, evidence, silentMs };
}

function withoutApiServer(memory: Memory, node: NodeMemory): Verdict {
  if (isHeard(memory, node))
    return {
      verdict: 'alive',
      evidence: `The API server does not answer; the node answered this edge ${ago(memory, node.heardAtMs)}.`,
    };
  return {
    verdict: 'unknown',
    evidence: 'The API server does not answer, and this edge does not hear the node either.',
  };
}

/** Nothing new from the cluster, but it has not been listened to for long, or the node has no lease. */
function notYetSilent(memory: Memory, node: NodeMemory): Verdict {
  if (isHeard(memory, node))
    return { verdict: 'alive', evidence: `It answered this edge ${ago(memory, node.heardAtMs)}.` };
  if (node.ready === 'True') return { verdict: 'alive', evidence: 'The cluster says that it is ready.' };
  return {
    verdict: 'unknown',
    evidence: `Nothing was heard of it in the ${seconds(memory.atMs - memory.clusterSinceMs)} s since this edge began to listen.`,
  };
}

function silentToCluster(memory: Memory, node: NodeMemory): Verdict {
  const silence = `The cluster has not heard from it for ${seconds(memory.atMs - clusterHeardMs(memory, node))} s`;
  if (isHeard(memory, node))
    return {
      verdict: 'cut_off',
      evidence: `${silence}, but its host answered this edge ${ago(memory, node.heardAtMs)}.`,
    };
  if (!isSiteSilent(memory, node))
    return { verdict: 'unknown', evidence: `${silence}, and this edge has not asked for long enough.` };
  if (!isWitness(memory, node))
    return {
      verdict: 'unknown',
      evidence: `${silence}, and this edge, which never heard it nor most of the others, can't say more.`,
    };
  if (isCrowd(memory))
    return {
      verdict: 'unknown',
      evidence: `${silence}, but most nodes are silent at once: that looks like the network.`,
    };
  return {
    verdict: 'dead',
    evidence: `${silence}, and this edge, which hears the API server, has not heard its host for ${seconds(memory.atMs - siteHeardMs(memory, node))} s.`,
  };
}

function isRenewing({ atMs }: Memory, { renewedAtMs }: NodeMemory): boolean {
  return renewedAtMs !== undefined && atMs - renewedAtMs < CLUSTER_SILENT_MS;
}

function clusterHeardMs({ clusterSinceMs }: Memory, { renewedAtMs = clusterSinceMs }: NodeMemory): number {
  return Math.max(renewedAtMs, clusterSinceMs);
}

/** A node that never had a lease is judged by its condition alone. */
function isClusterSilent(memory: Memory, node: NodeMemory): boolean {
  if (node.renewTime === undefined && node.ready === 'True') return false;
  return memory.atMs - clusterHeardMs(memory, node) >= CLUSTER_SILENT_MS;
}

function siteHeardMs({ siteSinceMs }: Memory, { heardAtMs = siteSinceMs }: NodeMemory): number {
  return Math.max(heardAtMs, siteSinceMs);
}

function isHeard({ atMs }: Memory, { heardAtMs }: NodeMemory): boolean {
  return heardAtMs !== undefined && atMs - heardAtMs < SITE_SILENT_MS;
}

/** It was asked up to now, and did not answer. */
function isSiteSilent(memory: Memory, node: NodeMemory): boolean {
  const isAsked = node.askedAtMs !== undefined && memory.atMs - node.askedAtMs < SITE_SILENT_MS;
  return isAsked && memory.atMs - siteHeardMs(memory, node) >= SITE_SILENT_MS;
}

/** The edge can hear this node if it did before, or if it hears most of those that it asks: no firewall stands between. */
function isWitness(memory: Memory, node: NodeMemory): boolean {
  if (node.heardAtMs !== undefined) return true;
  const asked = [...memory.nodes.values()].filter((other) => other !== node && other.askedAtMs !== undefined);
  return asked.length > 0 && asked.filter((other) => isHeard(memory, other)).length * 2 > asked.length;
}

/** Nodes seldom die together, networks do; Kubernetes' own eviction stops for the same reason. */
function isCrowd(memory: Memory): boolean {
  const all = [...memory.nodes.values()];
  const silent = all.filter((node) => isClusterSilent(memory, node) && !isHeard(memory, node));
  return silent.length * 2 > all.length;
}

function silenceOf(memory: Memory, node: NodeMemory): number {
  return memory.atMs - Math.max(clusterHeardMs(memory, node), siteHeardMs(memory, node));
}

function ago({ atMs }: Memory, thenMs = atMs): string {
  return `${seconds(atMs - thenMs)} s ago`;
}

function seconds(ms: number): number {
  return Math.round(ms / 1_000);
}
