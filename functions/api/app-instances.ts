/** Apps as their clusters tell of them. */
import type { AppInstance } from '../../protocol/app.ts';
import { toldOf } from '../reconcile/told.ts';
import type { Item, ItemKey, Store, Telling } from '../store/port.ts';
import { findLive } from './collection.ts';

/** Of each item of one tenant, in order, both tracks. What the edges of all clusters told is read once for all. */
export async function instancesOf(store: Store, items: readonly Item<'app'>[]): Promise<AppInstance[][]> {
  const [first] = items;
  if (first === undefined) return [];
  const { tenant } = first.key;
  const names = [...new Set(items.flatMap(placesOf))];
  const told = await Promise.all(
    names.map(async (name) => [name, await toldOfApps(store, { kind: 'cluster', tenant, name })] as const),
  );
  const byCluster = new Map(told);
  return items.map((item) =>
    placesOf(item).flatMap((cluster): AppInstance[] => {
      const apps = byCluster.get(cluster);
      // What was told before there was this app is of another one that had its name.
      if (apps === undefined || apps.at < item.createdAt) return [];
      return apps.value
        .filter(({ app }) => app === item.key.name)
        .map(({ instance }) => ({ ...instance, cluster, observedAt: apps.at }));
    }),
  );
}

/** Those of what runs, without what stands beside it. */
export function stableOf(instances: readonly AppInstance[]): AppInstance[] {
  return instances.filter(({ track }) => track === undefined);
}

/** Clusters that it is to run in. */
export function placesOf({ status }: Item<'app'>): string[] {
  return [...new Set((status.placed?.assignments ?? []).map(({ cluster }) => cluster))];
}

async function toldOfApps(store: Store, key: ItemKey<'cluster'>): Promise<Telling['apps']> {
  const cluster = await findLive(store, key);
  return cluster === undefined ? undefined : (await toldOf(store, cluster, ['apps'])).apps;
}
