/** The promises about lists and about keys: each item once, in order, and none of another partition. */
import { expect, it } from 'vitest';
import type { PageRequest } from '../../../functions/store/port.ts';
import { document, report, site, siteKey, tenant } from './examples.ts';
import { type Given, inBatches, pageAfter, walk } from './races.ts';

export function describePages(store: Given): void {
  it('returns each of 1,200 items once, in the order of their names', async () => {
    const names = Array.from({ length: 1_200 }, (_, index) => `site-${index}`);
    await inBatches(names, (name) => store().create(site(name, { key: siteKey(name, 'many') })));
    const seen = await walk((page) => store().list('site', 'many', page), 500);
    expect(seen.map((item) => item.key.name)).toStrictEqual([...names].sort());
    expect(seen[0]).toStrictEqual(site('site-0', { key: siteKey('site-0', 'many') }));
  });

  it('says on the last page that it is the last, also when that page is full', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await store().create(site(name, { key: siteKey(name, 'four') }));
    const first = await store().list('site', 'four', { limit: 2 });
    const second = await store().list('site', 'four', pageAfter(2, first.next));
    expect(first.items.map((item) => item.key.name)).toStrictEqual(['a', 'b']);
    expect(second.items.map((item) => item.key.name)).toStrictEqual(['c', 'd']);
    expect(second.next).toBeUndefined();
  });

  it('goes on behind an item that was purged since', async () => {
    for (const name of ['a', 'b', 'c']) await store().create(site(name, { key: siteKey(name, 'holes') }));
    const first = await store().list('site', 'holes', { limit: 2 });
    await store().purge(siteKey('b', 'holes'), 1);
    const second = await store().list('site', 'holes', pageAfter(2, first.next));
    expect(second.items.map((item) => item.key.name)).toStrictEqual(['c']);
  });

  it('lists by prefix what begins with it, page by page', async () => {
    const names = ['berlin/db', 'berlin/web', 'berlin2/web', 'bern/web'];
    for (const name of names) await store().create(site(name, { key: siteKey(name, 'prefixed') }));
    const list = (page: PageRequest) => store().list('site', 'prefixed', { ...page, prefix: 'berlin/' });
    const seen = await walk(list, 1);
    expect(seen.map((item) => item.key.name)).toStrictEqual(['berlin/db', 'berlin/web']);
  });

  it('lists deleted items too', async () => {
    const item = site('gone', { key: siteKey('gone', 'ghosts'), deletedAt: '2026-02-01T00:00:00.000Z' });
    await store().create(item);
    expect(await store().list('site', 'ghosts', { limit: 10 })).toStrictEqual({ items: [item] });
  });

  it('fills a page although the answers of the table end at 1 MB', async () => {
    const wide = 'x'.repeat(300_000);
    const names = Array.from({ length: 9 }, (_, index) => `wide-${index}`);
    for (const name of names) await store().create(tenant(name, wide));
    const page = await store().list('tenant', '*', { limit: 8, prefix: 'wide-' });
    expect(page.items.map((item) => item.key.name)).toStrictEqual(names.slice(0, 8));
    const rest = await store().list('tenant', '*', { ...pageAfter(8, page.next), prefix: 'wide-' });
    expect(rest.items.map((item) => item.key.name)).toStrictEqual(['wide-8']);
    expect(rest.next).toBeUndefined();
  });
}

export function describeRefusedPages(store: Given): void {
  it.each([
    ['no base64url', '%%%'],
    ['another spelling', `${Buffer.from('a').toString('base64url')}=`],
    ['a control character', Buffer.from('a\nb').toString('base64url')],
    ['nothing', ''],
    ['another prefix', Buffer.from('zurich').toString('base64url')],
  ])('refuses a page token that it did not make: %s', async (_, after) => {
    const listing = store().list('site', 'acme', { limit: 1, after, prefix: 'berlin' });
    await expect(listing).rejects.toMatchObject({ code: 'store.bad_page' });
  });

  it.each([0, -1, 501, 1.5, Number.NaN])('refuses a page of %d items', async (limit) => {
    await expect(store().list('site', 'acme', { limit })).rejects.toMatchObject({ code: 'store.bad_page' });
  });
}

export function describeKeys(store: Given): void {
  it('keeps tenants and kinds apart', async () => {
    await store().create(tenant('apart'));
    await store().create(site('apart', { key: siteKey('apart', 'one') }));
    expect(await store().get(siteKey('apart', 'two'))).toBeUndefined();
    expect(await store().get({ kind: 'service', tenant: 'one', name: 'apart' })).toBeUndefined();
    expect(await store().list('site', 'two', { limit: 10 })).toStrictEqual({ items: [] });
    expect((await store().list('site', 'one', { limit: 10 })).items).toHaveLength(1);
  });

  it('keeps what belongs to the deployment under the tenant *', async () => {
    const item = tenant('deployed');
    await store().create(item);
    expect(await store().get(item.key)).toStrictEqual(item);
    expect(await store().list('tenant', '*', { limit: 1, prefix: 'deployed' })).toStrictEqual({
      items: [item],
    });
  });

  it.each([
    ['a separator in the tenant', 'acme#site', 'x'],
    ['a separator in the name', 'acme', 'x#y'],
    ['no tenant', '', 'x'],
    ['no name', 'acme', ''],
    ['a line break', 'acme', 'x\ny'],
    ['another script', 'acme', 'ü'],
    ['half a character', 'acme', '\ud800'],
    ['a name of 600 characters', 'acme', 'x'.repeat(600)],
    ["an agent's partition", 'agent#edge.acme.berlin', 'document'],
    ['two stars', '**', 'x'],
  ])('has no place for a key with %s', async (_, hostile, name) => {
    const key = siteKey(name, hostile);
    expect(await store().get(key)).toBeUndefined();
    await expect(store().create(site('x', { key }))).rejects.toMatchObject({ code: 'store.bad_key' });
    await expect(store().replace(site('x', { key }))).rejects.toMatchObject({ code: 'store.bad_key' });
    await expect(store().purge(key, 1)).rejects.toMatchObject({ code: 'store.bad_key' });
  });

  it('lists nothing for a tenant that can not be', async () => {
    expect(await store().list('site', 'acme#site', { limit: 10 })).toStrictEqual({ items: [] });
    expect(await store().events('acme#event', { limit: 10 })).toStrictEqual({ items: [] });
  });

  it.each(['site', 'event', 'edge.a#b', 'hub.', 'other.a'])(
    'keeps nothing for %j, which is no agent id',
    async (agent) => {
      const fault = { code: 'store.bad_key' };
      await expect(store().writeReport(agent, 'now', report('1'))).rejects.toMatchObject(fault);
      await expect(store().writeDocument(document(agent, 1, 1), undefined)).rejects.toMatchObject(fault);
    },
  );

  it('does not show what an agent reports as a resource of a tenant called agent', async () => {
    await store().writeReport('edge.agent.site', 'now', report('1'));
    expect(await store().list('site', 'agent', { limit: 10 })).toStrictEqual({ items: [] });
    expect(await store().events('agent', { limit: 10 })).toStrictEqual({ items: [] });
  });
}
