/**
 * What the edges of clusters told, as far as it is of this very cluster: rows of what is told outlive their cluster, and one that is attached
 * under an old name must not be taken for its predecessor.
 */
import type { Item, Store, Telling, TellingPart } from '../store/port.ts';

/** The parts that were told since the cluster is there. */
export async function toldOf(
  store: Pick<Store, 'told'>,
  { key, createdAt }: Pick<Item<'cluster'>, 'key' | 'createdAt'>,
  parts: readonly TellingPart[],
): Promise<Telling> {
  const told = await store.told(key, parts);
  const own = parts.filter((part) => (told[part]?.at ?? '') >= createdAt);
  return Object.fromEntries(own.map((part) => [part, told[part]]));
}
