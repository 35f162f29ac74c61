/**
 * Ends what was found in clusters that are gone: services and routes that nobody publishes any more. What a person took over is theirs, and is
 * not found any more. Each is one conditional write, so that whoever changes an item meanwhile keeps it.
 */
import type { Item, Store } from '../store/port.ts';
import type { Clock } from './ports.ts';
import { listAll } from './present.ts';

export interface FoundDependencies {
  readonly store: Pick<Store, 'list' | 'replace'>;
  readonly clock: Pick<Clock, 'now'>;
}

export type FoundItem = Item<'service'> | Item<'route'>;

/** All that is published by this cluster; before it is purged, so that a crash in between is made up for. */
export async function endFoundOf(
  dependencies: FoundDependencies,
  { tenant, name }: { readonly tenant: string; readonly name: string },
): Promise<void> {
  const { store } = dependencies;
  const found = [
    ...(await listAll(store, 'route', tenant)),
    ...(await listAll(store, 'service', tenant)),
  ].filter(({ internal }) => internal.cluster === name);
  for (const item of found) await endFound(dependencies, item);
}

/** Of these, listed before the clusters, all whose cluster is not among the names: it was there when they were made. */
export async function endOrphans(
  dependencies: FoundDependencies,
  items: readonly FoundItem[],
  clusters: ReadonlySet<string>,
): Promise<void> {
  for (const item of items) {
    const { cluster } = item.internal;
    if (cluster !== undefined && !clusters.has(cluster)) await endFound(dependencies, item);
  }
}

async function endFound({ store, clock }: FoundDependencies, item: FoundItem): Promise<void> {
  if (item.deletedAt !== undefined) return;
  const { kind, tenant, name } = item.key;
  const now = clock.now();
  const event = {
    id: `gone-${kind}-${name}-${item.version}`,
    time: now,
    tenant,
    actor: 'system',
    action: 'delete' as const,
    kind,
    name,
    detail: `Deleted ${kind} ${name}, because the cluster ${item.internal.cluster ?? ''} that published it is gone.`,
  };
  const ended = {
    version: item.version + 1,
    updatedAt: now,
    deletedAt: now,
    outbox: [...item.outbox, event],
  };
  await store.replace({ ...item, ...ended });
}
