/** Lists come in pages: a limit, and an opaque token that names the list it belongs to. */
import { z } from 'zod';
import { type Page, type PageRequest, StoreError } from '../store/port.ts';
import { refuseField } from './faults.ts';

const LIMIT_MAX = 500;
const LIMIT_DEFAULT = 100;
/** Longer than any of ours, and short enough for a request line however its characters are written. */
const TOKEN_LENGTH_MAX = 1_000;
const TOKEN = /^[\w-]*$/;

export const PageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(LIMIT_MAX).default(LIMIT_DEFAULT),
  page: z
    .string()
    .max(TOKEN_LENGTH_MAX)
    .regex(TOKEN)
    .optional()
    .meta({ description: '`next` of the page before' }),
});
export type PageQuery = z.infer<typeof PageQuery>;

const Token = z.tuple([z.string(), z.string()]);

/** What to ask of the store; `list` is the path of the list, so that a token of another list is refused. */
export function readPage(query: PageQuery, list: string): PageRequest {
  if (query.page === undefined) return { limit: query.limit };
  const token = Token.safeParse(decode(query.page));
  if (!token.success || token.data[0] !== list) return refuseToken();
  return { limit: query.limit, after: token.data[1] };
}

/** The list's answer, of the stored page and of what is shown of it. */
export function showPage<T>(page: Page<unknown>, items: readonly T[], list: string) {
  if (page.next === undefined) return { items };
  return { items, next: Buffer.from(JSON.stringify([list, page.next])).toString('base64url') };
}

/** Asks the store; a token that was altered is told to the client, not to the log. */
export async function askPage<T>(asked: Promise<Page<T>>): Promise<Page<T>> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof StoreError && error.code === 'store.bad_page') return refuseToken();
    throw error;
  }
}

function refuseToken(): never {
  return refuseField('?page', 'This page token was not made by this list. Begin again without it.');
}

function decode(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
