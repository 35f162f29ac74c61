/**
 * What the agent and its process for clusters say to each other, over the channel between parent and child. The agent hands
 * down what its document says of clusters; the process tells how they are, for `edge-agent status`. Reports to the control plane do not pass here.
 */
import { z } from 'zod';
import { Address, Cidr } from '../../protocol/address.ts';
import { ClusterLeaf, PoolLeaf, WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import { type Document } from '../../protocol/document.ts';
import { Finding } from '../../protocol/report.ts';

/** As many as an edge may advertise. */
export const ROUTABLE_MAX = 64;

/** Everything of the document in force that concerns clusters. */
export const ClusterOrders = z.strictObject({
  kind: z.literal('orders'),
  tunnelAddress: Address,
  /** Prefixes that the site exposes, as they are in the site. */
  exposed: z.array(Cidr),
  /** Prefixes that the site is joined to, as its hosts address them. */
  joined: z.array(Cidr).default([]),
  /** To the active hub and back, as it was measured last. */
  rttMs: z.number().min(0).optional(),
  clusters: z.array(ClusterLeaf),
  workloads: z.array(WorkloadLeaf),
  pools: z.array(PoolLeaf).default([]),
});
export type ClusterOrders = z.infer<typeof ClusterOrders>;

export const ClusterView = z.strictObject({
  name: z.string(),
  kind: z.string(),
  host: z.string().optional(),
  state: z.enum(['attaching', 'attached', 'failed']),
  reason: z.string().optional(),
  /** Who it is that does not answer or says no. */
  cause: z.enum(['cluster', 'refused', 'control_plane']).optional(),
  version: z.string().optional(),
  nodes: z.int(),
  workloads: z.int(),
  openStreams: z.int(),
  /** Ranges of pods that can be reached as they are: the edge advertises them. */
  routable: z.array(Cidr).max(ROUTABLE_MAX).default([]),
});
export type ClusterView = z.infer<typeof ClusterView>;

export const ClusterState = z.strictObject({
  kind: z.literal('state'),
  residentBytes: z.int(),
  clusters: z.array(ClusterView),
  findings: z.array(Finding),
});
export type ClusterState = z.infer<typeof ClusterState>;

/** Undefined while the document does not say yet who the agent is. */
export function ordersOf(document: Document, rttMs?: number): ClusterOrders | undefined {
  const leaves = Object.values(document.leaves);
  const self = leaves.find((leaf) => leaf.kind === 'self');
  if (self === undefined) return undefined;
  const network = leaves.find((leaf) => leaf.kind === 'network');
  return {
    kind: 'orders',
    tunnelAddress: self.tunnelAddress,
    ...(rttMs === undefined ? {} : { rttMs }),
    exposed: (network?.prefixes ?? []).map(({ real }) => real),
    joined: [...self.pools, ...(network?.native ?? []).flatMap(({ prefixes }) => prefixes)],
    clusters: leaves.filter((leaf) => leaf.kind === 'cluster'),
    workloads: leaves.filter((leaf) => leaf.kind === 'workload'),
    pools: leaves.filter((leaf) => leaf.kind === 'pool'),
  };
}
