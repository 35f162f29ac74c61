/** Reads a whole list in pages, bounded. It keeps nothing and watches nothing. */
import type { z } from 'zod';
import type { KubeClient } from './client.ts';
import { objectList } from './objects.ts';

const PAGE = 500;

export interface ListQuery {
  readonly path: string;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

/**
 * Objects of a list as the API server had them at one moment, at most `max`; what is beyond is left out. Throws KubeError, `kube.gone` if the server has
 * forgotten that moment before the last page was read.
 */
export async function listAll<Item extends z.ZodType>(
  client: KubeClient,
  item: Item,
  { max, ...asked }: ListQuery & { readonly max: number },
): Promise<z.infer<Item>[]> {
  const { path, labelSelector, fieldSelector } = asked;
  const items: z.infer<Item>[] = [];
  let token: string | undefined;
  do {
    const page = await client.json(objectList(item), {
      method: 'GET',
      path,
      query: {
        limit: String(Math.min(PAGE, max - items.length)),
        labelSelector,
        fieldSelector,
        continue: token,
      },
    });
    items.push(...page.items);
    token = page.metadata.continue;
  } while (token !== undefined && token !== '' && items.length < max);
  return items;
}
