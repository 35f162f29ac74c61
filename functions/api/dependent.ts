/** Looks for what still depends on an item. A whole collection is read, a page at a time. */
import type { Item, Kind, Store } from '../store/port.ts';

const PAGE = 500;
/** Pages of one collection; a tenant is not meant to be larger. */
const PAGES_MAX = 100;

export interface Within<K extends Kind> {
  readonly kind: K;
  readonly tenant: string;
  /** Only names that begin with this. */
  readonly prefix?: string;
}

/** Every item that is not deleted. */
export async function allLive<K extends Kind>(store: Store, within: Within<K>): Promise<Item<K>[]> {
  const found: Item<K>[] = [];
  let after: string | undefined;
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const page = await store.list(within.kind, within.tenant, { limit: PAGE, after, prefix: within.prefix });
    found.push(...page.items.filter((item) => item.deletedAt === undefined));
    if (page.next === undefined) return found;
    after = page.next;
  }
  throw new Error(`more than ${PAGES_MAX * PAGE} items of kind ${within.kind}`);
}

/** Every one of a kind that is not deleted, of all tenants. */
export async function allTenantsLive<K extends Kind>(store: Store, kind: K): Promise<Item<K>[]> {
  const tenants = await allLive(store, { kind: 'tenant', tenant: '*' });
  const found = await Promise.all(tenants.map(({ key }) => allLive(store, { kind, tenant: key.name })));
  return found.flat();
}

export async function findDependent<K extends Kind>(
  store: Store,
  within: Within<K>,
  depends: (item: Item<K>) => boolean,
): Promise<Item<K> | undefined> {
  return (await allLive(store, within)).find(depends);
}
