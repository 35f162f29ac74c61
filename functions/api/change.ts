/** Changes an item that others write as well, on the version that was read, a bounded number of times. */
import type { Item, Kind, Store } from '../store/port.ts';
import { findLive } from './collection.ts';
import { refuse } from './problems.ts';

/** Lost races that one request bears. */
const TRIES_MAX = 10;

/** What `change` makes of the item, written; the same version means that nothing changes. Undefined if it is gone. */
export async function changeItem<K extends Kind>(
  store: Store,
  key: Item<K>['key'],
  change: (item: Item<K>) => Promise<Item<K>>,
): Promise<Item<K> | undefined> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const item = await findLive(store, key);
    if (item === undefined) return undefined;
    const next = await change(item);
    if (next.version === item.version || (await store.replace(next)) === 'written') return next;
  }
  return refuse('busy', `The ${key.kind} ${key.name} is being changed by others. Try again.`);
}
