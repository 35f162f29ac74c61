/**
 * What a Marathon runs on: its version, and the agents of its Mesos where the masters can be asked. Marathon itself knows no agents but those that its tasks are on,
 * and no capacity. The reading of answers is pure; `inspectMarathon` fetches them.
 */
import type { ClusterFacts, ClusterNode, Statement } from '../../protocol/cluster.ts';
import type { MarathonClient } from '../marathon/client.ts';
import { type App, Apps, Deployments, Info } from '../marathon/wire.ts';
import type { MesosClient } from '../mesos/client.ts';
import { Agents } from '../mesos/wire.ts';
import { mesosFacts } from './mesos-facts.ts';

const NODES_MAX = 5_000;
const OLDEST = [1, 5] as const;
const NOTHING = { cpuMillis: 0, memoryMib: 0, pods: 0 };

export interface MarathonReach {
  readonly client: MarathonClient;
  /** The masters, where this host reaches them. */
  readonly mesos: MesosClient | undefined;
}

/** Throws MarathonError if it does not answer, does not let us read apps and deployments, or is too old. */
export async function inspectMarathon({ client, mesos }: MarathonReach): Promise<ClusterFacts> {
  const info = await client.json(Info, { method: 'GET', path: '/v2/info' });
  const tooOld = oldVersion(info.version);
  if (tooOld !== undefined) throw new Error(tooOld);
  const { apps } = await client.json(Apps, {
    method: 'GET',
    path: '/v2/apps',
    query: [['embed', 'apps.tasks']],
  });
  await client.json(Deployments, { method: 'GET', path: '/v2/deployments' });
  if (mesos === undefined) return factsOfTasks(info, apps);
  const told = await mesos
    .operator(Agents, 'GET_AGENTS')
    .catch((cause: unknown) => (cause instanceof Error ? cause : new Error(String(cause))));
  if (told instanceof Error) return factsOfTasks(info, apps, told.message);
  const facts = mesosFacts(info.version, told.get_agents);
  const [sight, ...others] = facts.statements;
  return { ...facts, statements: sight?.status === 'True' ? [reachable(info), ...others] : facts.statements };
}

/** In words; undefined if it will do. */
export function oldVersion(version: string): string | undefined {
  const [, major = '', minor = ''] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  const isOld =
    major === '' || Number(major) < OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) < OLDEST[1]);
  return isOld
    ? `Marathon ${version || '?'} is older than ${OLDEST.join('.')}, whose words for networks are spoken here.`
    : undefined;
}

function reachable({ version, leader }: Info): Statement {
  const who = leader === undefined || leader === null ? '' : `, led by ${leader}`;
  return {
    type: 'Reachable',
    status: 'True',
    reason: 'Answered',
    message: `Marathon ${version} answered${who}.`.slice(0, 500),
  };
}

/**
 * Hosts that tasks are on, without a capacity: a placement then sees no room here. `why`: the masters are named and did not answer, which is a silence and not a word
 * about room: what runs here stays.
 */
export function factsOfTasks(info: Info, apps: readonly App[], why?: string): ClusterFacts {
  const tasks = apps.flatMap((app) => app.tasks);
  const hosts = [...new Set(tasks.flatMap(({ host }) => host ?? []))].sort();
  const message =
    `Agents and their capacity are not known: this host does not reach the masters of Mesos${why === undefined ? '' : ` (${why})`}. Give --master.`.slice(
      0,
      500,
    );
  const missing: Statement = { type: 'NodesReady', status: 'Unknown', reason: 'MesosNotReached', message };
  const sight: Statement =
    why === undefined ? reachable(info) : { ...missing, type: 'Reachable', status: 'False' };
  return {
    version: info.version,
    capacity: NOTHING,
    allocatable: NOTHING,
    nodes: hosts.slice(0, NODES_MAX).map(nodeOf),
    statements: [sight, missing],
  };
}

function nodeOf(host: string): ClusterNode {
  return {
    name: host,
    addresses: [],
    ready: 'Unknown',
    verdict: 'unknown',
    evidence: 'Marathon has a task there.',
    schedulable: true,
    version: '',
    capacity: NOTHING,
    labels: { hostname: host.slice(0, 63) },
  };
}
