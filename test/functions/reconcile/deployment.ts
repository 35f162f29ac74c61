/** A deployment in memory for the tests of the reconcile room: a clock that is set, blobs, a queue that remembers. */
import { createHash } from 'node:crypto';
import { edgeId, hubId } from '../../../functions/domain/agent.ts';
import type { ReconcileDependencies } from '../../../functions/reconcile/reconcile.ts';
import type { Item, ItemKey, Kind, Kinds, Store } from '../../../functions/store/port.ts';
import { type Mapping, SiteSpec } from '../../../protocol/site.ts';
import { memoryStore } from '../../fakes/memory-store.ts';

export const START = '2026-01-01T00:00:00.000Z';

export interface Deployment {
  readonly dependencies: ReconcileDependencies;
  readonly store: Store;
  /** Every blob ever put, in order, by hash. */
  readonly puts: string[];
  readonly blobs: Map<string, string>;
  /** Every message, in order. */
  readonly sent: { hub: string; agents: readonly string[] }[];
  /** Moves the clock on. */
  pass(seconds: number): void;
}

/** `wrap` may put faults between the steps and the store. */
export function deployment(wrap: (store: Store) => Store = (store) => store): Deployment {
  const store = memoryStore();
  const puts: string[] = [];
  const blobs = new Map<string, string>();
  const sent: { hub: string; agents: readonly string[] }[] = [];
  let seconds = 0;
  let chance = 0;
  const dependencies: ReconcileDependencies = {
    store: wrap(store),
    blobs: {
      put: (hash, text) => {
        puts.push(hash);
        blobs.set(hash, text);
        return Promise.resolve();
      },
    },
    signer: {
      keyId: '0123456789abcdef',
      sign: (message) => Promise.resolve(createHash('sha256').update(message).digest()),
    },
    queue: {
      send: (hub, agents) => {
        sent.push({ hub, agents });
        return Promise.resolve();
      },
    },
    clock: {
      now: () => new Date(Date.parse(START) + seconds * 1000).toISOString(),
      randomHex: (bytes) =>
        createHash('sha256')
          .update(`${++chance}`)
          .digest('hex')
          .slice(0, bytes * 2),
    },
    deployment: {
      pools: ['100.64.0.0/10'],
      domain: 'isthmus.internal',
      roots: [{ id: '0123456789abcdef', publicKey: 'cm9vdA==' }],
      pollSeconds: 60,
    },
    pause: () => new Promise((resolve) => setImmediate(resolve)),
  };
  const pass = (more: number) => {
    seconds += more;
  };
  return { dependencies, store, puts, blobs, sent, pass };
}

export function item<K extends Kind>(key: ItemKey<K>, content: Kinds[K]): Item<K> {
  const event = {
    id: `create-${key.kind}-${key.tenant}-${key.name}`,
    time: START,
    tenant: key.tenant,
    actor: 'key:test',
    action: 'create' as const,
    kind: key.kind,
    name: key.name,
    detail: 'Created.',
  };
  return { key, version: 1, generation: 1, createdAt: START, updatedAt: START, outbox: [event], ...content };
}

export function tenantItem(name: string, isolation: 'open' | 'isolated' = 'open'): Item<'tenant'> {
  return item<'tenant'>(
    { kind: 'tenant', tenant: '*', name },
    { spec: { description: '', isolation, quota: {} }, status: { conditions: [] }, internal: {} },
  );
}

export function hubItem(name: string, tunnelAddress = '100.64.0.1'): Item<'hub'> {
  return item<'hub'>(
    { kind: 'hub', tenant: '*', name },
    {
      spec: { endpoint: '198.51.100.1:51820', group: 'main' },
      status: { agent: hubId(name), tunnelAddress, wireguardKey: `key of hub ${name}` },
      internal: {},
    },
  );
}

export function siteItem(tenant: string, name: string, prefixes: Mapping[]): Item<'site'> {
  return item<'site'>(
    { kind: 'site', tenant, name },
    {
      spec: SiteSpec.parse({ allotment: ['10.0.0.0/8'] }),
      status: { prefixes, conditions: [] },
      internal: {},
    },
  );
}

export function edgeItem(
  tenant: string,
  name: string,
  more: Partial<Kinds['edge']['spec']> = {},
): Item<'edge'> {
  const number = createHash('sha256').update(`${tenant}/${name}`).digest();
  return item<'edge'>(
    { kind: 'edge', tenant, name },
    {
      spec: { site: name, approved: true, quarantined: false, ...more },
      status: {
        agent: edgeId(tenant, name),
        wireguardKey: `key of ${tenant} ${name}`,
        tunnelAddress: `100.64.${number[0] ?? 0}.${number[1] ?? 0}`,
        version: '1',
        advertised: [],
        accepted: [],
        refused: [],
      },
      internal: { identityKey: '', token: '', prefixes: null },
    },
  );
}

export function routeItem(tenant: string, name: string, host: string): Item<'route'> {
  return item<'route'>(
    { kind: 'route', tenant, name },
    {
      spec: { host, path: '/', service: { site: 'oslo', name: 'web' } },
      status: { conditions: [] },
      internal: {},
    },
  );
}

/** Marks an item as deleted, as the API does. */
export function deleted<K extends Kind>(before: Item<K>, deletedAt: string): Item<K> {
  return { ...before, version: before.version + 1, deletedAt };
}

export async function fill(store: Store, items: readonly Item[]): Promise<void> {
  for (const one of items)
    if ((await store.create(one)) !== 'written') throw new Error(`${one.key.name} exists`);
}

/** A store whose ledgers answer sooner or later, so that readers and writers overtake one another. */
export function unsteady(store: Store): Store {
  let calls = 0;
  const wait = async () => {
    calls += 1;
    for (let turns = (calls * 7919) % 13; turns > 0; turns -= 1)
      await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    ...store,
    async ledger(block) {
      await wait();
      const ledger = await store.ledger(block);
      await wait();
      return ledger;
    },
    async writeLedger(ledger) {
      await wait();
      return store.writeLedger(ledger);
    },
  };
}
