/** The promises about resources: conditions, races, and what is told of a change. */
import { expect, it } from 'vitest';
import type { Change } from '../../../functions/store/port.ts';
import { document, event, report, site, siteKey } from './examples.ts';
import { type Given, race, winners } from './races.ts';

export function describeItems(store: Given): void {
  it('returns what was created, without members that are undefined', async () => {
    const item = site('created', { internal: { idempotency: undefined }, outbox: [event('e1')] });
    expect(await store().create(item)).toBe('written');
    expect(await store().get(item.key)).toStrictEqual({ ...item, internal: {} });
  });

  it('finds nothing where nothing was created', async () => {
    expect(await store().get(siteKey('never'))).toBeUndefined();
  });

  it('does not create over an item, even over a deleted one', async () => {
    const item = site('twice', { deletedAt: '2026-02-01T00:00:00.000Z' });
    await store().create(item);
    expect(await store().create(site('twice', { generation: 9 }))).toBe('exists');
    expect(await store().get(item.key)).toStrictEqual(item);
  });

  it('replaces the version before, and no other', async () => {
    await store().create(site('replaced'));
    expect(await store().replace(site('replaced', { version: 3 }))).toBe('stale');
    expect(await store().replace(site('replaced', { version: 2, generation: 2 }))).toBe('written');
    expect(await store().replace(site('replaced', { version: 2, generation: 3 }))).toBe('stale');
    expect(await store().get(siteKey('replaced'))).toStrictEqual(
      site('replaced', { version: 2, generation: 2 }),
    );
  });

  it('never makes an item by replacing it', async () => {
    expect(await store().replace(site('absent', { version: 1 }))).toBe('stale');
    expect(await store().replace(site('absent', { version: 2 }))).toBe('stale');
    expect(await store().get(siteKey('absent'))).toBeUndefined();
  });

  it('replaces no item that was created anew under the name, though it has the same version', async () => {
    const first = site('anew');
    await store().create(first);
    await store().purge(siteKey('anew'), 1);
    const second = site('anew', { createdAt: '2026-02-01T12:00:00.000Z' });
    await store().create(second);
    expect(await store().replace({ ...first, version: 2 })).toBe('stale');
    expect(await store().get(siteKey('anew'))).toStrictEqual(second);
    expect(await store().replace({ ...second, version: 2 })).toBe('written');
  });

  it('drops members that a replacement no longer has', async () => {
    await store().create(site('trimmed', { deletedAt: '2026-02-01T00:00:00.000Z', owner: 'shop' }));
    await store().replace(site('trimmed', { version: 2 }));
    expect(await store().get(siteKey('trimmed'))).toStrictEqual(site('trimmed', { version: 2 }));
  });

  it('purges the version that it was shown, and no other', async () => {
    await store().create(site('purged'));
    await store().replace(site('purged', { version: 2 }));
    expect(await store().purge(siteKey('purged'), 1)).toBe('stale');
    expect(await store().purge(siteKey('purged'), 2)).toBe('purged');
    expect(await store().get(siteKey('purged'))).toBeUndefined();
    expect(await store().purge(siteKey('purged'), 2)).toBe('stale');
  });
}

export function describeOutboxes(store: Given): void {
  it('clears the outbox of the version that it was shown, and of that only, which stays', async () => {
    await store().create(site('cleared', { outbox: [event('e1'), event('e2')] }));
    expect(await store().clearOutbox(siteKey('cleared'), 2)).toBe('stale');
    expect((await store().get(siteKey('cleared')))?.outbox).toHaveLength(2);
    expect(await store().clearOutbox(siteKey('cleared'), 1)).toBe('cleared');
    expect(await store().clearOutbox(siteKey('cleared'), 1)).toBe('cleared');
    expect(await store().get(siteKey('cleared'))).toStrictEqual(site('cleared'));
    expect(await store().replace(site('cleared', { version: 2 }))).toBe('written');
    expect(await store().get(siteKey('cleared'))).toStrictEqual(site('cleared', { version: 2 }));
  });

  it('never makes an item by clearing its outbox', async () => {
    expect(await store().clearOutbox(siteKey('nothing'), 1)).toBe('stale');
    expect(await store().get(siteKey('nothing'))).toBeUndefined();
  });
}

export function describeRaces(store: Given): void {
  it('lets one of many racing creators win', async () => {
    const outcomes = await race((racer) => store().create(site('raced', { generation: racer })));
    expect(winners(outcomes)).toHaveLength(1);
    expect((await store().get(siteKey('raced')))?.generation).toBe(winners(outcomes)[0]);
  });

  it('lets one of many racing replacements of a version win', async () => {
    await store().create(site('contended'));
    const outcomes = await race((racer) =>
      store().replace(site('contended', { version: 2, generation: racer })),
    );
    expect(winners(outcomes)).toHaveLength(1);
    expect((await store().get(siteKey('contended')))?.generation).toBe(winners(outcomes)[0]);
  });

  it('lets one of many racing replacements win although all write the same', async () => {
    await store().create(site('alike'));
    const outcomes = await race(() => store().replace(site('alike', { version: 2 })));
    expect(winners(outcomes)).toHaveLength(1);
  });
}

export function describeChanges(store: Given, changes: readonly Change[]): void {
  it('tells of each resource that was written, and of nothing else', async () => {
    const before = changes.length;
    await store().create(site('told'));
    await store().create(site('told'));
    await store().replace(site('told', { version: 2 }));
    await store().replace(site('told', { version: 2 }));
    await store().clearOutbox(siteKey('told'), 2);
    await store().purge(siteKey('told'), 1);
    await store().purge(siteKey('told'), 2);
    await store().writeReport('edge.acme.told', 'now', report('1'));
    await store().writeLiveness('hub.told', 'now', { peers: [] });
    const cluster = { kind: 'cluster', tenant: 'acme', name: 'told' } as const;
    await store().writeTold(cluster, 'apps', { at: 'now', value: [] });
    await store().writeDocument(document('edge.acme.told', 1, 1), undefined);
    await store().writeLedger({ block: '100.99.0.0/16', version: 1, taken: {} });
    await store().writeEvent(event('told'));
    const key = siteKey('told');
    expect(changes.slice(before)).toStrictEqual([{ key }, { key }, { key }]);
  });
}

export function describeOwners(store: Given): void {
  it('keeps the owner of an item, and has none of one that was written before there were owners', async () => {
    const owned = site('owned', { owner: 'shop' });
    await store().create(owned);
    await store().create(site('unowned'));
    expect(await store().get(owned.key)).toStrictEqual(owned);
    expect(await store().get(siteKey('unowned'))).toStrictEqual(site('unowned'));
  });
}
