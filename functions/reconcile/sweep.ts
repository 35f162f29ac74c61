/**
 * Everything again, from scratch: hints may be lost, so this is the truth. It frees what the ledgers keep for nobody,
 * delivers what waits, and names the agents to compile. Each step is idempotent, and one failing leaves the others.
 */
import { edgeId, hubId, readAgentId } from '../domain/agent.ts';
import { blocksOf } from '../domain/allocate.ts';
import { ageSeconds } from '../domain/time.ts';
import type { Item, Kind, Ledger, Store } from '../store/port.ts';
import { type AllocatorDependencies, rewriteLedger } from './allocate.ts';
import { type DeliverDependencies, deliver } from './deliver.ts';
import { listAll } from './estate.ts';

/** A ledger entry comes before the item that owns it; this long the item may take. */
const ORPHAN_SECONDS = 600;

const TENANT_KINDS = ['site', 'service', 'route', 'policy', 'edge', 'token', 'key'] as const;
const DEPLOYMENT_KINDS = ['tenant', 'hub', 'token', 'key'] as const;

export type SweepDependencies = DeliverDependencies & AllocatorDependencies & { readonly store: Store };

/** Every agent that there is, approved or not. */
export async function allAgents(store: Pick<Store, 'list'>): Promise<string[]> {
  const hubs = await listAll(store, 'hub', '*');
  const agents = hubs.map((hub) => hubId(hub.key.name));
  for (const tenant of await tenantNames(store)) {
    const edges = await listAll(store, 'edge', tenant);
    agents.push(...edges.map((edge) => edgeId(tenant, edge.key.name)));
  }
  return agents;
}

/** Delivers every item that has something to deliver. */
export async function deliverAll(dependencies: SweepDependencies): Promise<void> {
  const { store } = dependencies;
  for (const tenant of await tenantNames(store))
    for (const kind of TENANT_KINDS) await deliverKind(dependencies, kind, tenant);
  for (const kind of DEPLOYMENT_KINDS) await deliverKind(dependencies, kind, '*');
}

async function deliverKind(dependencies: SweepDependencies, kind: Kind, tenant: string): Promise<void> {
  for (const item of await listAll(dependencies.store, kind, tenant))
    if (item.outbox.length > 0 || item.deletedAt !== undefined) await deliver(dependencies, item);
}

/** Frees entries that are old and that no item names. The ledger is read first: who takes one meanwhile, writes it. */
export async function freeOrphans(dependencies: SweepDependencies): Promise<void> {
  const { store, clock, pools } = dependencies;
  for (const block of blocksOf(pools)) {
    const { taken } = await store.ledger(block);
    const orphans = new Set<string>();
    for (const [virtual, { owner, at }] of Object.entries(taken)) {
      const isOld = ageSeconds(at, clock.now()) > ORPHAN_SECONDS;
      if (isOld && !(await isOwned(store, owner, virtual))) orphans.add(`${virtual} ${owner} ${at}`);
    }
    if (orphans.size > 0) await rewriteLedger(dependencies, block, (ledger) => without(ledger, orphans));
  }
}

/** Entries handed out again since they were judged have another `at`, and stay. */
function without(ledger: Ledger, orphans: ReadonlySet<string>): Ledger['taken'] {
  const kept = Object.entries(ledger.taken).filter(
    ([virtual, { owner, at }]) => !orphans.has(`${virtual} ${owner} ${at}`),
  );
  return Object.fromEntries(kept);
}

/**
 * True if the agent has this address, or the site is still there, be it only to be purged: a site's prefix is its own
 * for life, also while it is not exposed, so that exposing it again brings the same virtual addresses.
 */
async function isOwned(store: Pick<Store, 'get'>, owner: string, virtual: string): Promise<boolean> {
  const [tenant = '', name = '', ...real] = owner.split('/');
  if (tenant === 'agent' && real.length === 0) return isAgents(store, name, virtual);
  return (await store.get({ kind: 'site', tenant, name })) !== undefined;
}

async function isAgents(store: Pick<Store, 'get'>, agent: string, virtual: string): Promise<boolean> {
  const id = readAgentId(agent);
  if (!id) return false;
  const item: Item<'hub'> | Item<'edge'> | undefined =
    id.role === 'hub'
      ? await store.get({ kind: 'hub', tenant: '*', name: id.name })
      : await store.get({ kind: 'edge', tenant: id.tenant, name: id.name });
  return item !== undefined && `${item.status.tunnelAddress}/32` === virtual;
}

/** Deleted tenants too: what is in them has to end as well. */
async function tenantNames(store: Pick<Store, 'list'>): Promise<string[]> {
  return (await listAll(store, 'tenant', '*')).map((tenant) => tenant.key.name);
}
