/**
 * Everything again, from scratch: hints may be lost, so this is the truth. It frees what the ledgers keep for nobody,
 * delivers what waits, and names the agents to compile. Each step is idempotent, and one failing leaves the others.
 */

import { ageSeconds } from '../../protocol/time.ts';
import { edgeId, hubId, readAgentId } from '../domain/agent.ts';
import { blocksOf } from '../domain/allocate.ts';
import type { Item, Kind, Ledger, Store } from '../store/port.ts';
import { type AllocatorDependencies, rewriteLedger } from './allocate.ts';
import { type DeliverDependencies, deliver } from './deliver.ts';
import { endOrphans } from './found.ts';
import { freeClaims } from './pools.ts';
import { listAll } from './present.ts';

/** A ledger entry comes before the item that owns it; this long the item may take. */
const ORPHAN_SECONDS = 600;

const OTHER_KINDS = ['site', 'policy', 'edge', 'token', 'key', 'app', 'pool', 'role', 'binding'] as const;
const DEPLOYMENT_KINDS = ['tenant', 'hub', 'token', 'key', 'role', 'binding'] as const;

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

/** Delivers every item that has something to deliver, and ends what was found in clusters that are gone. */
export async function deliverAll(dependencies: SweepDependencies): Promise<void> {
  for (const tenant of await tenantNames(dependencies.store)) await deliverTenant(dependencies, tenant);
  for (const kind of DEPLOYMENT_KINDS) await deliverKind(dependencies, kind, '*');
}

/** Services and routes come before clusters, as `endOrphans` wants it. */
async function deliverTenant(dependencies: SweepDependencies, tenant: string): Promise<void> {
  const found = [
    ...(await deliverKind(dependencies, 'service', tenant)),
    ...(await deliverKind(dependencies, 'route', tenant)),
  ];
  const clusters = await deliverKind(dependencies, 'cluster', tenant);
  const there = clusters.filter(({ deletedAt }) => deletedAt === undefined).map(({ key }) => key.name);
  await endOrphans(dependencies, found, new Set(there));
  for (const kind of OTHER_KINDS) await deliverKind(dependencies, kind, tenant);
}

async function deliverKind<K extends Kind>(
  dependencies: SweepDependencies,
  kind: K,
  tenant: string,
): Promise<Item<K>[]> {
  const items = await listAll(dependencies.store, kind, tenant);
  for (const item of items)
    if (item.outbox.length > 0 || item.deletedAt !== undefined) await deliver(dependencies, item);
  return items;
}

/**
 * Frees entries that are old and that no item names. The ledgers are read first: who takes an entry meanwhile, writes
 * it. Then the owners are listed, because a list reads many items for the price that a look at each would cost.
 */
export async function freeOrphans(dependencies: SweepDependencies): Promise<void> {
  const { store, clock, pools } = dependencies;
  for (const tenant of await tenantNames(store)) await freeClaims(dependencies, tenant);
  const aged: { readonly block: string; readonly entries: readonly Entry[] }[] = [];
  for (const block of blocksOf(pools)) {
    const { taken } = await store.ledger(block);
    const entries = Object.entries(taken).map(([virtual, { owner, at }]) => ({ virtual, owner, at }));
    aged.push({ block, entries: entries.filter(({ at }) => ageSeconds(at, clock.now()) > ORPHAN_SECONDS) });
  }
  const isOwned = await readOwners(
    store,
    aged.flatMap(({ entries }) => entries),
  );
  for (const { block, entries } of aged) {
    const orphans = new Set(entries.filter((entry) => !isOwned(entry)).map(textOf));
    if (orphans.size > 0) await rewriteLedger(dependencies, block, (ledger) => without(ledger, orphans));
  }
}

/** What a ledger says of a virtual prefix. */
interface Entry {
  readonly virtual: string;
  readonly owner: string;
  readonly at: string;
}

function textOf({ virtual, owner, at }: Entry): string {
  return `${virtual} ${owner} ${at}`;
}

/** Entries handed out again since they were judged have another `at`, and stay. */
function without(ledger: Ledger, orphans: ReadonlySet<string>): Ledger['taken'] {
  const kept = Object.entries(ledger.taken).filter(
    ([virtual, { owner, at }]) => !orphans.has(textOf({ virtual, owner, at })),
  );
  return Object.fromEntries(kept);
}

/**
 * Whether an entry has its owner: the agent with this address, or the site, be it only to be purged: a site's prefix is
 * its own for life, also while it is not exposed, so that exposing it again brings the same virtual addresses. Only
 * what the entries name is listed, so that a tenant need not be there for its site to count.
 */
async function readOwners(
  store: Pick<Store, 'list'>,
  entries: readonly Entry[],
): Promise<(entry: Entry) => boolean> {
  const owners = entries.map(({ owner }) => ownerOf(owner));
  const sites = new Set<string>();
  for (const tenant of tenantsOf(owners, 'site'))
    for (const { key } of await listAll(store, 'site', tenant)) sites.add(`${tenant}/${key.name}`);
  const addresses = new Map<string, string>();
  for (const tenant of tenantsOf(owners, 'edge'))
    for (const { key, status } of await listAll(store, 'edge', tenant))
      addresses.set(edgeId(tenant, key.name), `${status.tunnelAddress}/32`);
  if (owners.some((owner) => owner?.kind === 'hub'))
    for (const { key, status } of await listAll(store, 'hub', '*'))
      addresses.set(hubId(key.name), `${status.tunnelAddress}/32`);
  return ({ owner, virtual }) => {
    const known = ownerOf(owner);
    if (known?.kind === 'site') return sites.has(known.id);
    return known !== undefined && addresses.get(known.id) === virtual;
  };
}

interface Owner {
  readonly kind: 'site' | 'edge' | 'hub';
  /** `*` for a hub. */
  readonly tenant: string;
  /** Of an agent its id, of a site `TENANT/SITE`. */
  readonly id: string;
}

/** Undefined for what is nobody's name. */
function ownerOf(owner: string): Owner | undefined {
  const [tenant = '', name = '', ...real] = owner.split('/');
  if (tenant !== 'agent' || real.length > 0) return { kind: 'site', tenant, id: `${tenant}/${name}` };
  const id = readAgentId(name);
  return id && { kind: id.role, tenant: id.role === 'edge' ? id.tenant : '*', id: name };
}

function tenantsOf(owners: readonly (Owner | undefined)[], kind: Owner['kind']): Set<string> {
  return new Set(owners.flatMap((owner) => (owner?.kind === kind ? [owner.tenant] : [])));
}

/** Deleted tenants too: what is in them has to end as well. */
export async function tenantNames(store: Pick<Store, 'list'>): Promise<string[]> {
  return (await listAll(store, 'tenant', '*')).map((tenant) => tenant.key.name);
}
