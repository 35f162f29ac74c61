/** What an edge's document says of the clusters that it holds: who may ask their API, and what runs in them; and a hub's, which names it passes through. */
import { z } from 'zod';
import { Address, Cidr } from './address.ts';
import { AppTemplate } from './app.ts';
import { BackupSpec, DrillWish } from './backup.ts';
import { BindingSubject } from './binding.ts';
import { CLUSTER_BINDINGS_MAX, ClusterBrowsers, ClusterGroup, ClusterKind } from './cluster.ts';
import { Name } from './metadata.ts';
import { NodeRules } from './placement.ts';
import { Port } from './service.ts';
import { SigningRoot } from './signing-root.ts';
import { StageOrder } from './track.ts';

/**
 * `cluster/NAME`, of the edge that holds its credentials. `access` is everybody who may ask now, with the user and the groups that
 * the cluster sees: who is not named any more is cut off, running streams included. `issuers` sign tokens (Ed25519) and nothing else: the API that
 * gives them out can sign no document. `drill` stands until another one is asked for: the edge leaves what is old alone.
 */
export const ClusterLeaf = z.strictObject({
  kind: z.literal('cluster'),
  tenant: Name,
  cluster: Name,
  type: ClusterKind,
  host: z.string(),
  access: z.array(
    z.strictObject({
      subject: z.string().max(200),
      user: z.string().max(200),
      groups: z.array(ClusterGroup),
    }),
  ),
  bindings: z
    .array(z.strictObject({ who: BindingSubject, groups: z.array(ClusterGroup) }))
    .max(CLUSTER_BINDINGS_MAX)
    .optional(),
  issuers: z.array(SigningRoot).min(1).max(4),
  record: z.enum(['none', 'exec']),
  backup: BackupSpec.optional(),
  drill: DrillWish.optional(),
  browsers: ClusterBrowsers.optional(),
});
export type ClusterLeaf = z.infer<typeof ClusterLeaf>;

/**
 * `workload/CLUSTER/APP`, of the same edge: an app to run there. `release` rises with every change of the template; `replicas` of the template are those of this
 * cluster, a plain number. `nodes`: where in it; anywhere if absent. `sample`: the edge tells how much CPU its containers use; so much a container is as it should be.
 * `workload/CLUSTER/APP.next` is its second track, with `track`, while a release comes by stages; `stage` is the same on both then.
 */
export const WorkloadLeaf = z.strictObject({
  kind: z.literal('workload'),
  tenant: Name,
  cluster: Name,
  app: Name,
  namespace: Name,
  release: z.int().min(1),
  template: AppTemplate,
  sample: z.strictObject({ cpuMillis: z.int().min(1) }).optional(),
  nodes: NodeRules.optional(),
  track: z.literal('next').optional(),
  stage: StageOrder.optional(),
});
export type WorkloadLeaf = z.infer<typeof WorkloadLeaf>;

/** `pool/CLUSTER/POOL`, of the same edge: addresses that this cluster hands out. */
export const PoolLeaf = z.strictObject({
  kind: z.literal('pool'),
  tenant: Name,
  cluster: Name,
  pool: Name,
  prefixes: z.array(Cidr).min(1),
});
export type PoolLeaf = z.infer<typeof PoolLeaf>;

/** `clusters/TENANT`, of a hub: server names that are passed through, undecrypted, to the edge's cluster proxy. */
export const ClustersLeaf = z.strictObject({
  kind: z.literal('clusters'),
  tenant: Name,
  clusters: z.array(z.strictObject({ host: z.string(), address: Address, port: Port })),
});
export type ClustersLeaf = z.infer<typeof ClustersLeaf>;
