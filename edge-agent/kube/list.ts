/** Reads whole lists in pages, bounded. It keeps nothing and watches nothing. */
import type { z } from 'zod';
import type { KubeClient } from './client.ts';
import { type ListMeta, objectList } from './objects.ts';

const PAGE = '500';

export interface ListQuery {
  readonly path: string;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** Media type; JSON of whole objects unless given. */
  readonly accept?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

type Page<Item> = { readonly items: readonly Item[]; readonly metadata: z.infer<typeof ListMeta> };

/**
 * Page after page of a list as the API server had it at one moment, as long as somebody asks on. Throws KubeError, `kube.gone` if the server has forgotten that
 * moment before the last page was read.
 */
export async function* pagesOf<Item extends z.ZodType>(
  client: KubeClient,
  item: Item,
  { path, labelSelector, fieldSelector, accept, signal }: ListQuery,
): AsyncGenerator<Page<z.infer<Item>>> {
  let token: string | undefined;
  do {
    const page = await client.json(objectList(item), {
      method: 'GET',
      path,
      query: { limit: PAGE, labelSelector, fieldSelector, continue: token },
      ...(accept === undefined ? {} : { headers: { accept } }),
      ...(signal === undefined ? {} : { signal }),
    });
    yield page;
    token = page.metadata.continue;
  } while (token !== undefined && token !== '');
}

/** Objects of a list, at most `max`; what is beyond is left out. Throws as `pagesOf`. */
export async function listAll<Item extends z.ZodType>(
  client: KubeClient,
  item: Item,
  { max, ...query }: ListQuery & { readonly max: number },
): Promise<z.infer<Item>[]> {
  const items: z.infer<Item>[] = [];
  for await (const page of pagesOf(client, item, query)) {
    items.push(...page.items);
    if (items.length >= max) break;
  }
  return items.slice(0, max);
}
