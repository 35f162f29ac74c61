/** Whether an app's containers have the addresses that its pool promises. Values in, values out. */
import { isAddressIn, parsePrefix } from '../../protocol/address.ts';
import type { Statement } from '../../protocol/cluster.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import type { ClusterReport } from '../../protocol/cluster-report.ts';

type AppTold = NonNullable<ClusterReport['apps']>[number];

export interface Addressing {
  /** What is told, with the pools of the cluster. */
  readonly workloads: readonly WorkloadLeaf[];
  readonly pools: readonly { readonly name: string; readonly prefixes: readonly string[] }[];
  /** Nodes whose agent is there; undefined while nothing is known of it. */
  readonly agents: ReadonlySet<string> | undefined;
}

/** The same, with a statement where the app has a pool and a container has an address; before that nothing can be said. */
export function withAddressing(told: AppTold, { workloads, pools, agents }: Addressing): AppTold {
  const pool = workloads.find(({ app }) => app === told.app)?.template.pool;
  const prefixes = pools.find(({ name }) => name === pool)?.prefixes.map(parsePrefix);
  const addressed = told.instance.containers.filter(
    ({ address, state }) => address !== '' && state !== 'stopping' && state !== 'exited',
  );
  if (pool === undefined || prefixes === undefined || addressed.length === 0) return told;
  const [stray] = addressed.filter(({ address }) => !isAddressIn(address, prefixes));
  const statement: Statement =
    stray === undefined
      ? { type: 'Addressed', status: 'True', reason: 'OfPool', message: `All have addresses of ${pool}.` }
      : { type: 'Addressed', status: 'False', reason: 'NotOfPool', message: strayText(stray, pool, agents) };
  const { instance } = told;
  return { ...told, instance: { ...instance, statements: [...instance.statements, statement] } };
}

function strayText(
  { name, node, address }: { readonly name: string; readonly node: string; readonly address: string },
  pool: string,
  agents: Addressing['agents'],
): string {
  const fact = `${name} on ${node} has ${address}, which is not of pool ${pool}:`;
  if (agents === undefined)
    return `${fact} no agent runs there, or it came later. See that edge-agent node run is started there, then delete the pod.`;
  return agents.has(node)
    ? `${fact} it was made before the agent there, or the plugin is not in its place. See edge-agent node install-cni, then delete the pod.`
    : `${fact} no agent runs there. Start edge-agent node run on ${node}, then delete the pod.`;
}
