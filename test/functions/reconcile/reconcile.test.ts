/** From changes and from the schedule to documents, the log and freed addresses: hints may be lost, doubled, reordered. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { blocksOf } from '../../../functions/domain/allocate.ts';
import { createAllocator } from '../../../functions/reconcile/allocate.ts';
import { createReconciler } from '../../../functions/reconcile/reconcile.ts';
import type { Item, Store } from '../../../functions/store/port.ts';
import {
  type Deployment,
  deleted,
  deployment,
  edgeItem,
  fill,
  hubItem,
  routeItem,
  siteItem,
  tenantItem,
} from './deployment.ts';

fc.configureGlobal({ seed: 73, numRuns: 25 });

const OSLO = siteItem('red', 'oslo', [{ real: '10.0.0.0/24', virtual: '100.65.0.0/24' }]);
const ESTATE: Item[] = [tenantItem('red'), hubItem('a'), OSLO, edgeItem('red', 'oslo')];

async function filled(wrap?: (store: Store) => Store) {
  const world = deployment(wrap);
  await fill(world.store, ESTATE);
  return { ...world, reconciler: createReconciler(world.dependencies) };
}

async function hashOf({ store }: Deployment, agent: string): Promise<string | undefined> {
  return (await store.document(agent))?.document.envelope.manifestHash;
}

async function takenIn(store: Store): Promise<string[]> {
  const ledgers = await Promise.all(blocksOf(['100.64.0.0/10']).map((block) => store.ledger(block)));
  return ledgers.flatMap(({ taken }) => Object.values(taken).map(({ owner }) => owner)).sort();
}

describe('a change', () => {
  test('is compiled for whom it concerns, and logged', async () => {
    const { reconciler, store } = await filled();
    await reconciler.onChange({ key: OSLO.key });
    expect(await store.document('hub.a')).toBeDefined();
    expect(await store.document('edge.red.oslo')).toBeDefined();
    const events = await store.events('red', { limit: 10 });
    expect(events.items.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['site oslo']);
  });

  test('leaves the ETag of an item that was just written', async () => {
    const { reconciler, store } = await filled();
    await reconciler.onChange({ key: OSLO.key });
    expect((await store.get(OSLO.key))?.version).toBe(1);
  });

  test('shares a round with those that come while another runs', async () => {
    let reads = 0;
    const { reconciler } = await filled((store) => ({
      ...store,
      list: (kind, tenant, page) => {
        if (kind === 'tenant') reads += 1;
        return store.list(kind, tenant, page);
      },
    }));
    await Promise.all(Array.from({ length: 20 }, () => reconciler.onChange({ key: OSLO.key })));
    expect(reads).toBeLessThanOrEqual(4);
  });

  test('that fails says so, and the next one is tried all the same', async () => {
    let isDown = true;
    const { reconciler, store } = await filled((inner) => ({
      ...inner,
      list: (kind, tenant, page) =>
        isDown ? Promise.reject(new Error('the table is away')) : inner.list(kind, tenant, page),
    }));
    await expect(reconciler.onChange({ key: OSLO.key })).rejects.toThrow('away');
    expect((await store.events('red', { limit: 10 })).items).toHaveLength(1);
    isDown = false;
    await reconciler.onChange({ key: OSLO.key });
    expect(await store.document('hub.a')).toBeDefined();
  });

  test('of an edge that is cut off takes it out of the hubs', async () => {
    const world = await filled();
    await world.reconciler.sweep();
    const edge = await world.store.get(edgeItem('red', 'oslo').key);
    if (!edge) throw new Error('no edge');
    await world.store.replace({
      ...edge,
      version: edge.version + 1,
      spec: { ...edge.spec, quarantined: true },
    });
    await world.reconciler.onChange({ key: edge.key });
    const names = (await world.store.document('hub.a'))?.document.manifest.map(({ name }) => name);
    expect(names?.filter((name) => name.startsWith('peer/'))).toEqual([]);
  });
});

test('scenario 17: whatever becomes of the hints, one sweep leaves what a full compile would', async () => {
  const keys = ESTATE.map(({ key }) => key);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...keys), { maxLength: 12 }), async (hints) => {
      const world = await filled();
      await Promise.all(hints.map((key) => world.reconciler.onChange({ key })));
      await world.reconciler.sweep();
      const fresh = await filled();
      await fresh.reconciler.sweep();
      for (const agent of ['hub.a', 'edge.red.oslo'])
        expect(await hashOf(world, agent)).toBe(await hashOf(fresh, agent));
      expect((await world.store.events('red', { limit: 50 })).items).toHaveLength(2);
      expect((await world.store.events('*', { limit: 50 })).items).toHaveLength(2);
    }),
  );
});

describe('the outbox', () => {
  test('is cleared when its entries are in the log, and an ETag that was read before is still good', async () => {
    const { reconciler, store } = await filled();
    await reconciler.onChange({ key: OSLO.key });
    expect(await store.get(OSLO.key)).toStrictEqual({ ...OSLO, outbox: [] });
    expect(await store.replace({ ...OSLO, version: 2 })).toBe('written');
    await reconciler.sweep();
    expect(await store.get(OSLO.key)).toStrictEqual({ ...OSLO, version: 2, outbox: [] });
    expect((await store.events('red', { limit: 10 })).items).toHaveLength(2);
  });

  test('keeps an entry that came while the others were delivered', async () => {
    const outbox = ['first', 'late'].flatMap((id) => OSLO.outbox.map((event) => ({ ...event, id })));
    let late: Item<'site'> | undefined = { ...OSLO, version: 2, outbox };
    const { reconciler, store } = await filled((inner) => ({
      ...inner,
      async clearOutbox(key, version) {
        const next = late;
        late = undefined;
        if (next !== undefined) await inner.replace(next);
        return inner.clearOutbox(key, version);
      },
    }));
    await reconciler.onChange({ key: OSLO.key });
    expect((await store.get(OSLO.key))?.outbox.map(({ id }) => id)).toEqual(['first', 'late']);
    await reconciler.onChange({ key: OSLO.key });
    expect((await store.get(OSLO.key))?.outbox).toEqual([]);
    expect((await store.events('red', { limit: 10 })).items.map(({ id }) => id)).toContain('late');
  });

  test('is cleared of many entries at once', async () => {
    const { reconciler, store } = await filled();
    const [event] = OSLO.outbox;
    if (!event) throw new Error('no event');
    const outbox = Array.from({ length: 17 }, (_, index) => ({ ...event, id: `e${index}` }));
    await store.replace({ ...OSLO, version: 2, outbox });
    await reconciler.onChange({ key: OSLO.key });
    expect((await store.get(OSLO.key))?.outbox).toEqual([]);
    expect((await store.events('red', { limit: 50 })).items).toHaveLength(17);
  });
});

describe('a deleted item', () => {
  async function withHoldings(wrap?: (store: Store) => Store) {
    const world = await filled(wrap);
    const { store, clock, pause } = world.dependencies;
    const allocator = createAllocator({ store, clock, pause, pools: ['100.64.0.0/10'] });
    const found = await allocator.prefixes('red', 'rome', ['10.0.0.0/24']);
    const address = await allocator.agentAddress('edge.red.rome');
    if (!Array.isArray(found) || typeof address !== 'string') throw new Error('nothing allocated');
    const site = siteItem('red', 'rome', found);
    const plain = edgeItem('red', 'rome');
    const edge = { ...plain, status: { ...plain.status, tunnelAddress: address } };
    const route = routeItem('red', 'shop', 'shop.example.com');
    await store.claimHost('shop.example.com', 'red');
    await fill(store, [site, edge, route]);
    world.pass(1);
    return { ...world, allocator, site, edge, route };
  }

  test('goes with what it held: prefixes, address and host', async () => {
    const { store, reconciler, site, edge, route, dependencies } = await withHoldings();
    const now = dependencies.clock.now();
    await store.replace(deleted(site, now));
    await store.replace(deleted(edge, now));
    await store.replace(deleted(route, now));
    for (const { key } of [site, edge, route]) await reconciler.onChange({ key });
    expect(await takenIn(store)).toEqual([]);
    expect(await store.claimHost('shop.example.com', 'blue')).toBe('claimed');
    expect([await store.get(site.key), await store.get(edge.key), await store.get(route.key)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect((await store.events('red', { limit: 50 })).items.map(({ kind }) => kind).sort()).toContain(
      'route',
    );
  });

  test('keeps the host for another route of the tenant, without letting go of it for a moment', async () => {
    const released: string[] = [];
    const world = await withHoldings((inner) => ({
      ...inner,
      async releaseHost(host, tenant) {
        released.push(host);
        await inner.releaseHost(host, tenant);
      },
    }));
    await fill(world.store, [routeItem('red', 'shop-2', 'shop.example.com')]);
    await world.store.replace(deleted(world.route, world.dependencies.clock.now()));
    await world.reconciler.onChange({ key: world.route.key });
    expect(released).toEqual([]);
    expect(await world.store.claimHost('shop.example.com', 'blue')).toBe('taken');
  });

  test('claims the host back for a route that was made while it let go', async () => {
    const world = await withHoldings((inner) => ({
      ...inner,
      async releaseHost(host, tenant) {
        await fill(inner, [routeItem('red', 'shop-2', host)]);
        await inner.releaseHost(host, tenant);
      },
    }));
    await world.store.replace(deleted(world.route, world.dependencies.clock.now()));
    await world.reconciler.onChange({ key: world.route.key });
    expect(await world.store.claimHost('shop.example.com', 'blue')).toBe('taken');
  });

  test('takes nothing from a successor of its name that was quicker', async () => {
    const world = await withHoldings();
    const { store, reconciler, allocator, site, dependencies } = world;
    await store.replace(deleted(site, dependencies.clock.now()));
    world.pass(1);
    await allocator.prefixes('red', 'rome', ['10.0.0.0/24']);
    await reconciler.onChange({ key: site.key });
    expect(await takenIn(store)).toEqual(['agent/edge.red.rome', 'red/rome/10.0.0.0/24']);
  });
});

describe('the sweep', () => {
  test('frees what no item names, once it is older than ten minutes', async () => {
    const world = await filled();
    const { store, clock, pause } = world.dependencies;
    const allocator = createAllocator({ store, clock, pause, pools: ['100.64.0.0/10'] });
    const kept = await allocator.prefixes('red', 'rome', ['10.0.0.0/24']);
    if (!Array.isArray(kept)) throw new Error('nothing allocated');
    await fill(store, [siteItem('red', 'rome', kept)]);
    await allocator.prefixes('red', 'ghost', ['10.0.0.0/24']);
    await allocator.agentAddress('edge.red.ghost');
    world.pass(600);
    await world.reconciler.sweep();
    expect(await takenIn(store)).toHaveLength(3);
    world.pass(1);
    await world.reconciler.sweep();
    expect(await takenIn(store)).toEqual(['red/rome/10.0.0.0/24']);
  });

  test('keeps a prefix for a site that does not expose it any more: exposed again, it is the same', async () => {
    const world = await filled();
    const { store, clock, pause } = world.dependencies;
    const allocator = createAllocator({ store, clock, pause, pools: ['100.64.0.0/10'] });
    const first = await allocator.prefixes('red', 'rome', ['10.0.0.0/24', '10.1.0.0/24']);
    if (!Array.isArray(first)) throw new Error('nothing allocated');
    await fill(store, [siteItem('red', 'rome', first.slice(0, 1))]);
    world.pass(601);
    await world.reconciler.sweep();
    expect(await allocator.prefixes('red', 'rome', ['10.0.0.0/24', '10.1.0.0/24'])).toEqual(first);
  });

  test('does not free what is asked for again while it looks', async () => {
    let again: (() => Promise<unknown>) | undefined;
    let isLooking = false;
    const world = await filled((inner) => ({
      ...inner,
      ledger(block) {
        isLooking = again !== undefined;
        return inner.ledger(block);
      },
      async list(kind, tenant, page) {
        const found = await inner.list(kind, tenant, page);
        const once = isLooking && kind === 'site' ? again : undefined;
        again = once ? undefined : again;
        await once?.();
        return found;
      },
    }));
    const { clock, pause } = world.dependencies;
    const allocator = createAllocator({ store: world.store, clock, pause, pools: ['100.64.0.0/10'] });
    await allocator.prefixes('red', 'ghost', ['10.0.0.0/24']);
    world.pass(1_000);
    again = () => allocator.prefixes('red', 'ghost', ['10.0.0.0/24']);
    await world.reconciler.sweep();
    expect(again).toBeUndefined();
    expect(await takenIn(world.store)).toEqual(['red/ghost/10.0.0.0/24']);
  });

  test('does the rest when one step fails, and says so', async () => {
    const world = await filled((inner) => ({
      ...inner,
      writeDocument: () => Promise.reject(new Error('no documents today')),
    }));
    await expect(world.reconciler.sweep()).rejects.toThrow('did not do everything');
    expect((await world.store.events('red', { limit: 10 })).items).toHaveLength(2);
  });
});
