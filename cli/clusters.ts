/** `isthmus clusters [NAME]`: what there is, how it is, and how old that is. */
import { Cluster } from '../protocol/cluster.ts';
import { at } from './address.ts';
import type { Api } from './api.ts';
import { conditionsText } from './conditions.ts';
import { Fault } from './fault.ts';
import { healthOf } from './health.ts';
import { ageSince, tableOf } from './table.ts';

export async function readClusters(api: Api): Promise<Cluster[]> {
  return api.list(at('/v1/tenants/{tenant}/clusters', { tenant: await api.tenant() }), Cluster);
}

export async function readCluster(api: Api, name: string): Promise<Cluster> {
  const path = at('/v1/tenants/{tenant}/clusters/{cluster}', { tenant: await api.tenant(), cluster: name });
  const found = await api.find(path, Cluster);
  if (found !== undefined) return found;
  const there = (await readClusters(api)).map(({ metadata }) => metadata.name);
  const names = there.length === 0 ? 'There are none' : `There are ${there.join(', ')}`;
  throw new Fault('missing', `There is no cluster ${name}. ${names}.`);
}

export function clustersText(clusters: readonly Cluster[], nowMs: number): string {
  if (clusters.length === 0)
    return 'There are no clusters. On an edge: edge-agent cluster add kubernetes NAME --kubeconfig FILE';
  const rows = clusters.map(({ metadata, spec, status }) => [
    metadata.name,
    status.kind,
    spec.site,
    status.facts?.version ?? '-',
    status.facts === undefined ? '-' : String(status.facts.nodes.length),
    status.facts?.network?.plugin ?? '-',
    healthOf(status.conditions),
    status.observedAt === undefined ? '-' : ageSince(status.observedAt, nowMs),
  ]);
  return tableOf(['NAME', 'KIND', 'SITE', 'VERSION', 'NODES', 'NETWORK', 'HEALTH', 'SEEN'], rows);
}

export function clusterText({ metadata, spec, status }: Cluster, nowMs: number): string {
  const { facts } = status;
  const head = [
    ['cluster', `${metadata.name} (${status.kind}) at ${spec.site}, held by edge ${status.edge}`],
    ['server name', status.host],
    ['hubs', status.servers.join(', ') || '-'],
    ...(facts === undefined
      ? []
      : [
          ['version', facts.version],
          [
            'capacity',
            `${facts.capacity.cpuMillis / 1_000} CPUs, ${Math.round(facts.capacity.memoryMib / 1_024)} GiB, ${facts.capacity.pods} pods`,
          ],
          ['network', facts.network === undefined ? '-' : `${facts.network.plugin}: ${facts.network.detail}`],
        ]),
    ['sessions', spec.record === 'exec' ? 'exec and attach are recorded at the site' : 'not recorded'],
  ].map(([label = '', text = '']) => `${label.padEnd(14)}${text}`);
  const nodes = (facts?.nodes ?? []).map((node) => [
    node.name,
    node.ready,
    node.verdict,
    node.version,
    node.addresses.join(',') || '-',
    `${node.capacity.cpuMillis / 1_000}`,
    `${Math.round(node.capacity.memoryMib / 1_024)} GiB`,
  ]);
  return [
    ...head,
    '',
    conditionsText(status.conditions, nowMs),
    ...(nodes.length === 0
      ? []
      : ['', tableOf(['NODE', 'READY', 'VERDICT', 'VERSION', 'ADDRESS', 'CPUS', 'MEMORY'], nodes)]),
  ].join('\n');
}
