/** Reads all items of a kind out of the table, page by page, with consistent reads. */
import type { Item, Kind, Store } from '../store/port.ts';

const PAGE_ITEMS = 500;
const PAGES_MAX = 200;

/** Every item of a kind in a tenant, deleted ones too. Throws beyond the bound: half an estate must not be compiled. */
export async function listAll<K extends Kind>(
  store: Pick<Store, 'list'>,
  kind: K,
  tenant: string,
): Promise<Item<K>[]> {
  const items: Item<K>[] = [];
  let after: string | undefined;
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const page = await store.list(kind, tenant, {
      limit: PAGE_ITEMS,
      ...(after === undefined ? {} : { after }),
    });
    items.push(...page.items);
    after = page.next;
    if (after === undefined) return items;
  }
  throw new Error(`more than ${PAGES_MAX * PAGE_ITEMS} items of kind ${kind} in ${tenant}`);
}

/** What is not deleted. */
export async function present<K extends Kind>(
  store: Pick<Store, 'list'>,
  kind: K,
  tenant: string,
): Promise<Item<K>[]> {
  return (await listAll(store, kind, tenant)).filter((item) => item.deletedAt === undefined);
}
