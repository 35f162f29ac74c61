/**
 * The desired state of one agent: a signed envelope over leaves that are addressed by their hash.
 * The control plane compiles it, the agent pins the signing root, and nothing else tells an agent what to do.
 */
import { z } from 'zod';
import { Address, Cidr, Endpoint } from './address.ts';
import { ClusterLeaf, ClustersLeaf, PoolLeaf, WorkloadLeaf } from './cluster-leaf.ts';
import { Name } from './metadata.ts';
import { AppsLeaf, NamesLeaf, RoutesLeaf } from './reach-leaf.ts';
import { KeyOrder } from './rotation.ts';
import { Port, Protocol } from './service.ts';
import { SigningRoot } from './signing-root.ts';
import { Mapping } from './site.ts';
import { Discovery, InterfaceId, VpcId } from './slot.ts';

/** UDP ports inside the tunnel. */
export const PROBE_PORT = 7861;
export const NUDGE_PORT = 7862;

/** SHA-256 of canonical JSON, in lower-case hex. */
export const Hash = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .meta({ id: 'Hash' });

export const Version = z.strictObject({ epoch: z.int().min(1), generation: z.int().min(1) });
export type Version = z.infer<typeof Version>;

/** Less than zero if a is older than b: by epoch, then by generation. Never by a clock. */
export function compareVersions(a: Version, b: Version): number {
  return a.epoch - b.epoch || a.generation - b.generation;
}

/** What is signed: canonical JSON of this, at most 4 kB, by ECDSA P-256 with SHA-256 (what KMS offers everywhere). */
export const Envelope = z
  .strictObject({
    alg: z.literal('ES256'),
    agent: z.string(),
    epoch: z.int().min(1),
    generation: z.int().min(1),
    manifestHash: Hash,
    recovery: z.boolean().optional().meta({ description: 'Only with it does an agent take a higher epoch' }),
  })
  .meta({ id: 'Envelope' });
export type Envelope = z.infer<typeof Envelope>;

/** Leaves by name, sorted by name; `manifestHash` is the hash of the canonical JSON of this list. */
export const Manifest = z
  .array(z.strictObject({ name: z.string(), hash: Hash, bytes: z.int() }))
  .meta({ id: 'Manifest' });
export type Manifest = z.infer<typeof Manifest>;

/** `signature` is DER in base64; `key` is the id of the signing root (SHA-256 of its SPKI, first 16 hex digits). */
export const SignedDocument = z
  .strictObject({ envelope: Envelope, key: z.string(), signature: z.string(), manifest: Manifest })
  .meta({ id: 'SignedDocument' });
export type SignedDocument = z.infer<typeof SignedDocument>;

/** `self`: who the agent is. `listenPort`: the UDP port that a hub listens on. */
export const SelfLeaf = z.strictObject({
  kind: z.literal('self'),
  agent: z.string(),
  role: z.enum(['edge', 'hub']),
  tenant: z.string().optional(),
  site: z.string().optional(),
  tunnelAddress: Address,
  pools: z.array(Cidr).min(1),
  domain: z.string(),
  pollSeconds: z.int().min(1),
  listenPort: Port.optional(),
  keys: KeyOrder.optional(),
});
export type SelfLeaf = z.infer<typeof SelfLeaf>;

/** `roots`: keys that sign from now on; the next one is announced before it signs. */
export const RootsLeaf = z.strictObject({
  kind: z.literal('roots'),
  roots: z.array(SigningRoot).min(1).max(4),
});
export type RootsLeaf = z.infer<typeof RootsLeaf>;

/** How a hub is reached, and by whom it is known. */
const HubPeer = z
  .strictObject({ name: Name, publicKey: z.string(), endpoint: Endpoint, tunnelAddress: Address })
  .meta({ id: 'HubPeer' });

/** `hubs`, of an edge: whom to dial; every hub of the group. */
export const HubsLeaf = z.strictObject({
  kind: z.literal('hubs'),
  hubs: z.array(HubPeer),
});
export type HubsLeaf = z.infer<typeof HubsLeaf>;

/**
 * `network`: what a site exposes, and how. An edge has it for its site, a hub for the VPC it stands in.
 * `native` are the real prefixes of other sites reached without translation.
 */
export const NetworkLeaf = z.strictObject({
  kind: z.literal('network'),
  tenant: Name,
  site: Name,
  prefixes: z.array(Mapping),
  lan: z.enum(['routed', 'masquerade']),
  native: z.array(z.strictObject({ site: Name, prefixes: z.array(Cidr) })),
});
export type NetworkLeaf = z.infer<typeof NetworkLeaf>;

export const FlowPort = z.strictObject({ protocol: Protocol, port: Port }).meta({ id: 'FlowPort' });

/** A flow towards a site; `from` and `to` as seen in the tunnel. Empty `ports`: everything. */
export const Flow = z
  .strictObject({ from: z.array(Cidr), to: z.array(Cidr), ports: z.array(FlowPort) })
  .meta({ id: 'Flow' });
export type Flow = z.infer<typeof Flow>;

/**
 * `policy`, of an edge: what may come in. `tenant`: whatever the hubs let through (they know the tenants);
 * `listed`: only the flows below. What is `guarded` must be one of the flows of `callers` as well. Flows that begin inside are answered either way,
 * and may begin, but those of `confined`.
 */
export const PolicyLeaf = z.strictObject({
  kind: z.literal('policy'),
  inbound: z.enum(['tenant', 'listed']),
  flows: z.array(Flow),
  guarded: z.array(Flow.omit({ from: true })).optional(),
  callers: z.array(Flow).optional(),
  confined: z
    .strictObject({ from: z.array(Cidr).min(1), to: z.array(Cidr).min(1) })
    .optional()
    .meta({ description: 'Real addresses that must not begin anything to these prefixes' }),
});
export type PolicyLeaf = z.infer<typeof PolicyLeaf>;

/**
 * `proof`, of an edge: whom it asks whether the isolation of its tenant holds, and the address that it speaks from (`protocol/proof.ts`). Of an isolated tenant these are
 * sites that no policy joins this one to; of an open one whoever would be asked then, so that a flow runs that the isolation has to cut.
 */
export const ProofLeaf = z.strictObject({
  kind: z.literal('proof'),
  address: Address,
  isolated: z.boolean(),
  peers: z.array(z.strictObject({ site: Name, edge: z.string(), address: Address })),
});
export type ProofLeaf = z.infer<typeof ProofLeaf>;

/** `peer/TENANT/SITE/EDGE`, of a hub: an edge, and the source addresses that are its own, whichever of two keys it speaks with. */
export const PeerLeaf = z.strictObject({
  kind: z.literal('peer'),
  tenant: Name,
  site: Name,
  edge: z.string(),
  agent: z.string(),
  publicKey: z.string(),
  nextKey: z.string().optional(),
  tunnelAddress: Address,
  virtual: z.array(Cidr),
  native: z.array(Cidr),
});
export type PeerLeaf = z.infer<typeof PeerLeaf>;

/** Prefixes that may exchange packets. */
const Pair = z.strictObject({ from: Cidr, to: Cidr }).meta({ id: 'Pair' });

/**
 * `tenant/TENANT`, of a hub: who may exchange packets. `open`: all members of the tenant. `isolated`: the pairs,
 * in both directions, because hubs filter without state. `native` pairs hold either way.
 */
export const TenantLeaf = z.strictObject({
  kind: z.literal('tenant'),
  tenant: Name,
  isolation: z.enum(['open', 'isolated']),
  pairs: z.array(Pair),
  native: z.array(Pair),
});
export type TenantLeaf = z.infer<typeof TenantLeaf>;

/** `twins`, of a hub: the other hubs of its group. */
export const TwinsLeaf = z.strictObject({
  kind: z.literal('twins'),
  hubs: z.array(HubPeer),
});
export type TwinsLeaf = z.infer<typeof TwinsLeaf>;

/**
 * `slot`, of a hub that is a cloud instance: what it asks its account for, and whom it shares the VPC's routes with.
 * `destinations`: what the VPC's route tables lead to the owner: pools and, if there are native prefixes, the prefix list.
 */
export const SlotLeaf = z.strictObject({
  kind: z.literal('slot'),
  vpc: VpcId,
  queue: z.url(),
  table: z.string(),
  destinations: z.array(z.string()).min(1),
  /** Every slot of the group in this VPC, itself included, by name. */
  hubs: z
    .array(z.strictObject({ name: Name, interface: InterfaceId, discovery: Discovery.optional() }))
    .min(1),
});
export type SlotLeaf = z.infer<typeof SlotLeaf>;

export const Leaf = z.discriminatedUnion('kind', [
  SelfLeaf,
  RootsLeaf,
  HubsLeaf,
  NetworkLeaf,
  PolicyLeaf,
  ProofLeaf,
  NamesLeaf,
  AppsLeaf,
  PeerLeaf,
  TenantLeaf,
  RoutesLeaf,
  TwinsLeaf,
  SlotLeaf,
  ClusterLeaf,
  WorkloadLeaf,
  PoolLeaf,
  ClustersLeaf,
]);
export type Leaf = z.infer<typeof Leaf>;

/** A document as the agent keeps and applies it: verified, with all leaves, by name. */
export const Document = z.strictObject({
  version: Version,
  leaves: z.record(z.string(), Leaf),
});
export type Document = z.infer<typeof Document>;
