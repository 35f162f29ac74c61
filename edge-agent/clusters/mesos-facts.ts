/** What a Mesos cluster is: version, agents with their attributes as labels, capacity. The reading of answers is pure; `inspectMesos` fetches them. */
import type { z } from 'zod';
import type { Capacity, ClusterFacts, ClusterNode, Statement } from '../../protocol/cluster.ts';
import type { MesosClient } from '../mesos/client.ts';
import { Agents, addressOf, Frameworks, scalarOf, Version } from '../mesos/wire.ts';

const NODES_MAX = 5_000;
const LABEL_MAX = 63;
/** Mesos counts no containers; what plans with a number gets one that is no bound in practice. */
const CONTAINERS_AN_AGENT = 1_000;

type Known = z.infer<typeof Agents>['get_agents'];
type Agent = Known['agents'][number];
type Recovered = Known['recovered_agents'][number];

/** `own`: id of our framework, if it has one. Throws MesosError if the master does not answer or does not know us. */
export async function inspectMesos(client: MesosClient, own?: string): Promise<ClusterFacts> {
  const { get_version: version } = await client.operator(Version, 'GET_VERSION');
  const { get_agents: told } = await client.operator(Agents, 'GET_AGENTS');
  const { get_frameworks: held } = await client.operator(Frameworks, 'GET_FRAMEWORKS');
  const facts = mesosFacts(version.version_info.version, told);
  return { ...facts, foreign: foreignOf(held.frameworks, own) };
}

type Framework = z.infer<typeof Frameworks>['get_frameworks']['frameworks'][number];

/** What the tasks and executors of all other frameworks take; how many these are, Mesos does not say here. */
export function foreignOf(frameworks: readonly Framework[], own: string | undefined): Capacity {
  const others = frameworks.filter(({ framework_info: info }) => info.id.value !== own);
  return { ...sum(others.map((one) => capacityOf(one.allocated_resources))), pods: 0 };
}

export function mesosFacts(version: string, told: Known): ClusterFacts {
  const { agents, recovered_agents: recovered } = told;
  const nodes = [...agents.map(nodeOf), ...recovered.map(recoveredNode)].slice(0, NODES_MAX);
  const active = agents.filter(isSchedulable);
  const capacity = sum(active.map((agent) => capacityOf(agent.total_resources)));
  const count = agents.length + recovered.length;
  const isWhole = active.length === count;
  const statement: Statement = {
    type: 'NodesReady',
    status: isWhole && count > 0 ? 'True' : 'False',
    reason: count === 0 ? 'NoAgents' : isWhole ? 'AllActive' : 'SomeInactive',
    message: `${active.length} of ${count} agents are active.`,
  };
  return {
    version,
    capacity,
    allocatable: capacity,
    nodes,
    statements: [count === 0 ? NO_AGENTS : answered(version), statement],
  };
}

function answered(version: string): Statement {
  const message = `The leading master answered: Mesos ${version}.`;
  return { type: 'Reachable', status: 'True', reason: 'Answered', message };
}

/** A master that has only begun says so, and one that its agents can't reach: it is no word of what runs on them, and nothing may be moved for it. */
const NO_AGENTS: Statement = {
  type: 'Reachable',
  status: 'False',
  reason: 'NoAgents',
  message:
    'The leading master of Mesos knows no agent. What runs on agents is not known until they register.',
};

function isSchedulable({ active, deactivated }: Agent): boolean {
  return active && !deactivated;
}

function nodeOf(agent: Agent): ClusterNode {
  const { agent_info: info, active, pid, version } = agent;
  const address = addressOf(pid);
  return {
    // Host names may be shared by agents; ids are not.
    name: info.id.value,
    addresses: address === undefined ? [] : [address],
    ready: active ? 'True' : 'Unknown',
    verdict: active ? 'alive' : 'unknown',
    evidence: active ? 'The master hears its agent.' : 'The master does not hear its agent.',
    // Of one that is only silent the tasks run on: nothing has to leave it for that.
    schedulable: !agent.deactivated,
    version,
    capacity: capacityOf(agent.total_resources),
    labels: labelsOf(info),
  };
}

/** Its tasks run on while it finds the new master: it counts as one that is only silent. */
function recoveredNode(info: Recovered): ClusterNode {
  return {
    name: info.id.value,
    addresses: [],
    ready: 'Unknown',
    verdict: 'unknown',
    evidence: 'It has not registered with the new master yet.',
    schedulable: true,
    version: '',
    capacity: capacityOf(info.resources),
    labels: labelsOf(info),
  };
}

function labelsOf({ hostname, attributes }: Recovered): Record<string, string> {
  const labels = attributes.map(({ name, text, scalar }) => [
    name,
    (text?.value ?? `${scalar?.value ?? ''}`).slice(0, LABEL_MAX),
  ]);
  return { hostname: hostname.slice(0, LABEL_MAX), ...Object.fromEntries(labels) };
}

function capacityOf(resources: Agent['total_resources']): Capacity {
  return {
    cpuMillis: Math.round(scalarOf(resources, 'cpus') * 1_000),
    memoryMib: Math.round(scalarOf(resources, 'mem')),
    pods: CONTAINERS_AN_AGENT,
  };
}

function sum(all: readonly Capacity[]): Capacity {
  return all.reduce(
    (total, one) => ({
      cpuMillis: total.cpuMillis + one.cpuMillis,
      memoryMib: total.memoryMib + one.memoryMib,
      pods: total.pods + one.pods,
    }),
    { cpuMillis: 0, memoryMib: 0, pods: 0 },
  );
}
