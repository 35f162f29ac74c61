/**
 * Moves audit entries from the items they ride in to the event log, and ends deleted items: what they held is
 * released first, so that a crash in between leaves something to repeat, never something lost.
 */

import { edgeId, hubId } from '../domain/agent.ts';
import { agentOwner, siteOwner } from '../domain/allocate.ts';
import type { Item, ItemKey, Kind, Store } from '../store/port.ts';
import type { Allocator } from './allocate.ts';
import { endFoundOf } from './found.ts';
import { settlePool } from './pools.ts';
import type { Clock } from './ports.ts';
import { listAll } from './present.ts';

export interface DeliverDependencies {
  readonly store: Store;
  readonly allocator: Pick<Allocator, 'release'>;
  readonly clock: Clock;
}

/** Writes the item's audit entries to the log. */
export async function logEvents(store: Pick<Store, 'writeEvent'>, item: Item): Promise<void> {
  for (const event of item.outbox) await store.writeEvent(event);
}

/** Logs, then purges a deleted item or clears the outbox. A stale write is left to the next round. */
export async function deliver<K extends Kind>(
  dependencies: DeliverDependencies,
  item: Item<K>,
): Promise<void> {
  const { store } = dependencies;
  await logEvents(store, item);
  if (item.deletedAt !== undefined) {
    await releaseHeld(dependencies, item, item.deletedAt);
    await store.purge(item.key, item.version);
    return;
  }
  if (item.outbox.length > 0) await store.clearOutbox(item.key, item.version);
}

/** Reads the item and delivers it. */
export async function deliverKey(dependencies: DeliverDependencies, key: ItemKey): Promise<void> {
  const item = await dependencies.store.get(key);
  if (item) await deliver(dependencies, item);
}

async function releaseHeld(dependencies: DeliverDependencies, item: Item, deletedAt: string): Promise<void> {
  const { allocator, store } = dependencies;
  const { kind, tenant, name } = item.key;
  if (kind === 'site') await allocator.release(siteOwner(tenant, name), deletedAt);
  if (kind === 'edge') await allocator.release(agentOwner(edgeId(tenant, name)), deletedAt);
  if (kind === 'hub') await allocator.release(agentOwner(hubId(name)), deletedAt);
  if (kind === 'pool') await settlePool(dependencies, { kind, tenant, name });
  if (kind === 'cluster') await endFoundOf(dependencies, { tenant, name });
  if (isRoute(item)) await releaseHost(store, item);
}

function isRoute(item: Item): item is Item<'route'> {
  return item.key.kind === 'route';
}

/** A host stays the tenant's while another route of it has it; one made meanwhile claims it back. */
async function releaseHost(store: Store, route: Item<'route'>): Promise<void> {
  const { host } = route.spec;
  const isUsed = async () =>
    (await listAll(store, 'route', route.key.tenant)).some(
      (other) => other.deletedAt === undefined && other.spec.host === host,
    );
  if (await isUsed()) return;
  await store.releaseHost(host, route.key.tenant);
  if (await isUsed()) await store.claimHost(host, route.key.tenant);
}
