/** Gathers who has to hold a tenant's isolation, and how far each is. The judging is the domain's. */
import type { Leaf, Manifest } from '../../protocol/document.ts';
import type { Condition } from '../../protocol/metadata.ts';
import type { Proof } from '../../protocol/report.ts';
import { membershipLeaf, pairsOfTenant } from '../domain/compile.ts';
import { assemble } from '../domain/document.ts';
import {
  type EdgeFacts,
  type Estate,
  enrolledHubs,
  type HubFacts,
  isLive,
  siteOf,
  type TenantEstate,
} from '../domain/estate.ts';
import { type Holder, isolationConditions } from '../domain/isolation.ts';
import type { NativePair } from '../domain/native.ts';
import { policyLeaf } from '../domain/policy-lock.ts';
import { proofLeaf } from '../domain/proof.ts';
import { edgeConditions, type HubBatch, hubConditions } from '../domain/status.ts';
import { sha256 } from '../reconcile/compile.ts';
import { readEstate } from '../reconcile/estate.ts';
import type { Item } from '../store/port.ts';
import type { Desk } from './collection.ts';
import { conditionNamed } from './conditions.ts';
import { pairsInForce } from './native.ts';
import { readBatches, readProgress } from './progress.ts';

/** Conditions of each of these tenants; only of isolated ones anything more is read. */
export async function readIsolation(desk: Desk, items: readonly Item<'tenant'>[]): Promise<Condition[][]> {
  const isolated = items.filter(({ spec }) => spec.isolation === 'isolated').map(({ key }) => key.name);
  if (isolated.length === 0)
    return items.map(({ spec, updatedAt }) => isolationConditions({ ...spec, holders: [], updatedAt }));
  const [estate, batches] = await Promise.all([
    readEstate(desk.store, desk.deployment, new Set(isolated)),
    readBatches(desk.store),
  ]);
  const pairs = await pairsInForce(
    desk.store,
    estate.tenants.flatMap(({ sites }) => sites),
  );
  return Promise.all(
    items.map(async ({ key, spec, updatedAt }) => {
      const tenant = estate.tenants.find(({ name }) => name === key.name);
      const holders = tenant === undefined ? [] : await holdersOf(desk, { estate, tenant, batches, pairs });
      return isolationConditions({ ...spec, holders, updatedAt });
    }),
  );
}

interface Scene {
  readonly estate: Estate;
  readonly tenant: TenantEstate;
  readonly batches: readonly HubBatch[];
  /** Native pairs of all tenants. */
  readonly pairs: readonly NativePair[];
}

async function holdersOf(desk: Desk, scene: Scene): Promise<Holder[]> {
  const edges = scene.tenant.edges.filter(isLive).map((edge) => edgeHolder(desk, scene, edge));
  const hubs = enrolledHubs(scene.estate.hubs).map((hub) => hubHolder(desk, scene, hub));
  return Promise.all([...edges, ...hubs]);
}

async function edgeHolder(desk: Desk, { estate, tenant, batches }: Scene, edge: EdgeFacts): Promise<Holder> {
  const policy = policyLeaf({ tenant, site: edge.site, hubs: estate.hubs, pairs: pairsOfTenant(tenant) });
  const proof = proofLeaf(edge, { tenant, hubs: estate.hubs });
  const { evidence, manifest } = await readProgress(desk.store, edge.id);
  const { approved, quarantined, since: updatedAt } = edge;
  const seen = { agent: edge.id, approved, quarantined, updatedAt, hubs: batches, now: desk.clock.now() };
  return {
    role: 'edge',
    name: edge.name,
    isTold: says(manifest, { policy, proof }),
    ...statedBy(edgeConditions({ ...evidence, ...seen }), 'Connected'),
    proofs: proof.peers.map((peer) => toldOf(peer, evidence.report?.report.proofs ?? [])),
  };
}

function toldOf({ site, edge }: Pick<Proof, 'site' | 'edge'>, told: readonly Proof[]): Proof {
  const found = told.find((one) => one.site === site && one.edge === edge);
  return found ?? { site, edge, verdict: 'pending', cut: false };
}

async function hubHolder(desk: Desk, scene: Scene, hub: HubFacts): Promise<Holder> {
  const { estate, tenant, batches, pairs } = scene;
  const { evidence, manifest } = await readProgress(desk.store, hub.id);
  const own = batches.find((batch) => batch.hub === hub.name)?.batch;
  const ofTenant = { [`tenant/${tenant.name}`]: membershipLeaf(tenant, pairs) };
  // For its VPC a hub is what an edge is for its site.
  const site =
    hub.vpc?.tenant === tenant.name && siteOf(tenant, hub.vpc.site) !== undefined ? hub.vpc.site : undefined;
  const now = desk.clock.now();
  return {
    role: 'hub',
    name: hub.name,
    isTold: says(manifest, {
      ...ofTenant,
      ...(site === undefined ? {} : { policy: policyLeaf({ tenant, site, hubs: estate.hubs, pairs }) }),
    }),
    ...statedBy(hubConditions({ ...evidence, enrolled: true, updatedAt: now, own, now }), 'Reporting'),
    proofs: [],
  };
}

function statedBy(conditions: readonly Condition[], heardBy: string): Pick<Holder, 'applied' | 'heard'> {
  return { applied: conditionNamed('Applied', conditions), heard: conditionNamed(heardBy, conditions) };
}

/** Whether a document of this manifest has these very leaves. */
function says(manifest: Manifest, leaves: Readonly<Record<string, Leaf>>): boolean {
  return assemble(leaves, sha256).manifest.every(({ name, hash }) =>
    manifest.some((leaf) => leaf.name === name && leaf.hash === hash),
  );
}
