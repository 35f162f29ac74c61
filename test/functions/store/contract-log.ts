/** The promises about the audit log and about claimed host names. */
import { expect, it } from 'vitest';
import { event } from './examples.ts';
import { type Given, race, walk, winners } from './races.ts';

export function describeEvents(store: Given): void {
  it('shows the newest events first, whatever the precision of their times', async () => {
    const times = [
      '2026-01-31T12:00:00Z',
      '2026-01-31T12:00:00.001Z',
      '2026-01-31T12:00:01Z',
      '2026-01-30T23:59:59.999Z',
    ];
    const written = times.map((time, index) => event(`e${index}`, { tenant: 'log', time }));
    for (const entry of written) await store().writeEvent(entry);
    const order = [2, 1, 0, 3].map((index) => written[index]);
    expect((await store().events('log', { limit: 10 })).items).toStrictEqual(order);
    expect(await walk((page) => store().events('log', page), 1)).toStrictEqual(order);
  });

  it('shows events from a time on and before another, in pages too', async () => {
    const times = [0, 1, 2, 3, 4].map((second) => `2026-01-31T12:00:0${second}.000Z`);
    for (const [index, time] of times.entries())
      await store().writeEvent(event(`b${index}`, { tenant: 'bounds', time }));
    const idsOf = async (bounds: { since?: string; until?: string }) => {
      const found = await walk((page) => store().events('bounds', { ...page, ...bounds }), 1);
      return found.map(({ id }) => id);
    };
    expect(await idsOf({ since: '2026-01-31T12:00:03Z' })).toStrictEqual(['b4', 'b3']);
    expect(await idsOf({ until: '2026-01-31T12:00:02Z' })).toStrictEqual(['b1', 'b0']);
    expect(await idsOf({ since: times[1] ?? '', until: times[3] ?? '' })).toStrictEqual(['b2', 'b1']);
  });

  it('changes nothing when an event is written again', async () => {
    const entry = event('again', { tenant: 'repeat' });
    await store().writeEvent(entry);
    await store().writeEvent(entry);
    await store().writeEvent({ ...entry, detail: 'Something else.' });
    expect(await store().events('repeat', { limit: 10 })).toStrictEqual({ items: [entry] });
  });

  it('keeps the events of tenants and of the deployment apart', async () => {
    await store().writeEvent(event('mine', { tenant: 'log-mine' }));
    await store().writeEvent(event('whole', { tenant: '*' }));
    const idsOf = async (tenantName: string) =>
      (await store().events(tenantName, { limit: 10 })).items.map((entry) => entry.id);
    expect(await idsOf('log-mine')).toStrictEqual(['mine']);
    expect(await idsOf('*')).toStrictEqual(['whole']);
  });
}

export function describeClaims(store: Given): void {
  it('gives a host to the first tenant that claims it, in either case of its letters', async () => {
    expect(await store().claimHost('shop.example.com', 'acme')).toBe('claimed');
    expect(await store().claimHost('shop.example.com', 'acme')).toBe('claimed');
    expect(await store().claimHost('SHOP.example.com', 'globex')).toBe('taken');
  });

  it('releases a host for its own tenant only', async () => {
    await store().claimHost('www.example.com', 'acme');
    await store().releaseHost('www.example.com', 'globex');
    expect(await store().claimHost('www.example.com', 'globex')).toBe('taken');
    await store().releaseHost('www.example.com', 'acme');
    await store().releaseHost('www.example.com', 'acme');
    expect(await store().claimHost('www.example.com', 'globex')).toBe('claimed');
  });

  it('gives a host to one of many racing tenants', async () => {
    const outcomes = await race((racer) => store().claimHost('raced.example.com', `tenant-${racer}`));
    expect(winners(outcomes)).toHaveLength(1);
  });
}
