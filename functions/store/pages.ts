/**
 * Pages of a partition: opaque tokens, and limits that hold although one answer of DynamoDB ends at 1 MB.
 * Knows nothing of what the rows mean.
 */

import type { Page, PageRequest } from './port.ts';
import { StoreError } from './port.ts';

export const LIMIT_MAX = 500;

/** Sort keys are ASCII of at most 1,024 bytes; a longer token was not made here. */
const TOKEN_LENGTH_MAX = 2_048;

/** A row with the sort key that it stands under. */
export interface Row<T> {
  readonly sk: string;
  readonly value: T;
}

export interface Answer<T> {
  readonly rows: readonly Row<T>[];
  /** False if there is nothing after the last row. */
  readonly more: boolean;
}

/** Reads at most `limit` rows after the sort key `after`. */
export type Query<T> = (after: string | undefined, limit: number) => Promise<Answer<T>>;

/** The opaque token of the page that begins after this sort key. */
export function tokenOf(sk: string): string {
  return Buffer.from(sk, 'utf8').toString('base64url');
}

/** Where a page begins. Throws `store.bad_page` for a token made elsewhere or for another prefix. */
export function startOf(page: PageRequest): string | undefined {
  if (!Number.isInteger(page.limit) || page.limit < 1 || page.limit > LIMIT_MAX)
    throw new StoreError('store.bad_page', `The limit of a page is 1 to ${LIMIT_MAX}, not ${page.limit}`);
  if (page.after === undefined) return undefined;
  const sk = Buffer.from(page.after, 'base64url').toString('utf8');
  const genuine = /^[\x21-\x7e]+$/.test(sk) && tokenOf(sk) === page.after;
  if (page.after.length > TOKEN_LENGTH_MAX || !genuine || !sk.startsWith(page.prefix ?? ''))
    throw new StoreError('store.bad_page', 'The page token was not made by this list');
  return sk;
}

/** One page; asks for one row more than wanted, so that the last page says that it is the last. */
export async function readPage<T>(page: PageRequest, query: Query<T>): Promise<Page<T>> {
  const wanted = page.limit + 1;
  const rows: Row<T>[] = [];
  let after = startOf(page);
  let more = true;
  // Every answer but the last holds a row at least: an item is smaller than an answer may be.
  while (more && rows.length < wanted) {
    const answer = await query(after, wanted - rows.length);
    if (answer.more && answer.rows.length === 0)
      throw new StoreError('store.damaged', 'The table answered a query with nothing, and with more to come');
    rows.push(...answer.rows);
    after = rows.at(-1)?.sk;
    more = answer.more;
  }
  const items = rows.slice(0, page.limit);
  const last = items.at(-1);
  const values = items.map((row) => row.value);
  return rows.length < wanted || last === undefined
    ? { items: values }
    : { items: values, next: tokenOf(last.sk) };
}
