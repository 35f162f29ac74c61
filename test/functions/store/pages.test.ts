/** Pages are whole and in order, whatever pieces the table answers in. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Query, readPage, startOf, tokenOf } from '../../../functions/store/pages.ts';

const keys = fc
  .uniqueArray(fc.stringMatching(/^[a-z0-9/-]{1,8}$/), { maxLength: 60 })
  .map((all) => all.sort());

/** A partition that answers at most `piece` rows at a time, as DynamoDB does at 1 MB. */
function partition(sortKeys: readonly string[], piece: number): Query<string> {
  return async (after, limit) => {
    const rest = sortKeys.filter((sk) => after === undefined || sk > after);
    const shown = rest.slice(0, Math.min(limit, piece));
    return { rows: shown.map((sk) => ({ sk, value: sk })), more: shown.length < rest.length };
  };
}

async function walk(query: Query<string>, limit: number): Promise<string[][]> {
  const pages: string[][] = [];
  let after: string | undefined;
  do {
    const page = await readPage({ limit, after }, query);
    pages.push([...page.items]);
    after = page.next;
  } while (after !== undefined);
  return pages;
}

describe('pages', () => {
  it('show each row once and in order, and all but the last are full', async () => {
    const sizes = fc.integer({ min: 1, max: 7 });
    await fc.assert(
      fc.asyncProperty(keys, sizes, sizes, async (sortKeys, limit, piece) => {
        const pages = await walk(partition(sortKeys, piece), limit);
        expect(pages.flat()).toStrictEqual(sortKeys);
        expect(pages.slice(0, -1).every((page) => page.length === limit)).toBe(true);
        expect(pages).toHaveLength(Math.max(1, Math.ceil(sortKeys.length / limit)));
      }),
    );
  });

  it('begin where the token of their predecessor says', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[\x21-\x7e]{1,80}$/), (sk) => {
        expect(startOf({ limit: 1, after: tokenOf(sk) })).toBe(sk);
      }),
    );
  });

  it('fail with a coded error when the table answers with nothing for ever', async () => {
    const stuck = async () => ({ rows: [], more: true });
    await expect(readPage({ limit: 1 }, stuck)).rejects.toMatchObject({ code: 'store.damaged' });
  });
});
