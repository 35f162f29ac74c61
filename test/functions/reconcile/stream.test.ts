/** The table's stream is a hint: whatever it loses, doubles, reorders or poisons, a sweep later every document is right. */
import { describe, expect, test } from 'vitest';
import { createReconciler } from '../../../functions/reconcile/reconcile.ts';
import { createStreamHandler, type StreamDependencies } from '../../../functions/reconcile/stream.ts';
import { allAgents } from '../../../functions/reconcile/sweep.ts';
import { itemKey } from '../../../functions/store/keys.ts';
import type { Item, ItemKey, Store } from '../../../functions/store/port.ts';
import {
  type Deployment,
  deployment,
  edgeItem,
  fill,
  hubItem,
  item,
  siteItem,
  tenantItem,
} from './deployment.ts';
import { type Chance, deliver, faultyStream, type StreamRecord, seeded } from './event-source.ts';

const TENANTS = ['red', 'blue'];
const SITES = ['oslo', 'rome', 'lima'];
const SEEDS = Array.from({ length: 12 }, (_, index) => index + 1);
const ROUNDS = 4;
const CHANGES = 14;
/** Invocations that meet a table that goes away in the middle. */
const OUTAGE_RATE = 0.3;
const OUTAGE_AFTER_CALLS_MAX = 40;

const OSLO: ItemKey = { kind: 'site', tenant: 'red', name: 'oslo' };
const ROME: ItemKey = { kind: 'site', tenant: 'red', name: 'rome' };

function recordOf(key: ItemKey, number: string) {
  const { pk, sk } = itemKey(key);
  return { dynamodb: { SequenceNumber: number, Keys: { pk: { S: pk }, sk: { S: sk } } } };
}

function handlerOf(over: Partial<StreamDependencies> = {}) {
  const told: string[] = [];
  const handler = createStreamHandler({
    onChange: async () => undefined,
    onFailure: ({ what }) => told.push(what),
    ...over,
  });
  return { handler, told };
}

describe('the handler', () => {
  test('tells of all changes of a batch at once, and of each resource once', async () => {
    const asked: string[] = [];
    let most = 0;
    let open = 0;
    const { handler } = handlerOf({
      onChange: async ({ key }) => {
        asked.push(key.name);
        open += 1;
        most = Math.max(most, open);
        await new Promise((resolve) => setImmediate(resolve));
        open -= 1;
      },
    });
    const Records = [recordOf(OSLO, '1'), recordOf(ROME, '2'), recordOf(OSLO, '3')];
    expect(await handler({ Records })).toEqual({ batchItemFailures: [] });
    expect(asked).toEqual(['oslo', 'rome']);
    expect(most).toBe(2);
  });

  test('has nothing to do for records that are no resource', async () => {
    const asked: string[] = [];
    const { handler } = handlerOf({ onChange: async ({ key }) => void asked.push(key.name) });
    const keys = [
      { pk: { S: 'agent#hub.a' }, sk: { S: 'liveness' } },
      { pk: { S: 'ledger' }, sk: { S: '100.64.0.0/16' } },
      { pk: { S: 'vpc#vpc-0123456789abcdef0' }, sk: { S: 'owner' } },
    ];
    const Records = keys.map((Keys, index) => ({ dynamodb: { SequenceNumber: String(index), Keys } }));
    expect(await handler({ Records })).toEqual({ batchItemFailures: [] });
    expect(asked).toEqual([]);
  });

  test('reports every record of a change that fails, and does the others', async () => {
    const done: string[] = [];
    const { handler, told } = handlerOf({
      onChange: async ({ key }) => {
        if (key.name === 'oslo') throw new Error('no');
        done.push(key.name);
      },
    });
    const Records = [recordOf(OSLO, '1'), recordOf(ROME, '2'), recordOf(OSLO, '3')];
    const { batchItemFailures } = await handler({ Records });
    expect(batchItemFailures).toEqual([{ itemIdentifier: '1' }, { itemIdentifier: '3' }]);
    expect(done).toContain('rome');
    expect(told).toEqual(['reconciling site red/oslo']);
  });

  test('reports a record that nobody can read, and does the others', async () => {
    const done: string[] = [];
    const { handler } = handlerOf({ onChange: async ({ key }) => void done.push(key.name) });
    const Records = [{ dynamodb: { SequenceNumber: '1', Keys: { pk: { N: '1' } } } }, recordOf(ROME, '2')];
    expect(await handler({ Records })).toEqual({ batchItemFailures: [{ itemIdentifier: '1' }] });
    expect(done).toEqual(['rome']);
  });

  test('fails the batch for a record without a number, which Lambda then halves', async () => {
    const { handler } = handlerOf();
    expect(await handler({ Records: ['poison'] })).toEqual({ batchItemFailures: [{ itemIdentifier: '' }] });
    await expect(handler({})).rejects.toThrow('no list of records');
  });

  test('stops trying when one after the other fails, and leaves the rest to the retry', async () => {
    let calls = 0;
    const { handler } = handlerOf({
      onChange: async () => {
        calls += 1;
        throw new Error('the table is away');
      },
    });
    const Records = Array.from({ length: 50 }, (_, index) =>
      recordOf({ kind: 'site', tenant: 'red', name: `s${index}` }, String(index)),
    );
    expect((await handler({ Records })).batchItemFailures).toHaveLength(50);
    expect(calls).toBe(55);
  });

  test('looks after the routes once for what they are made of, and their failure is no failure of the batch', async () => {
    let looks = 0;
    const { handler, told } = handlerOf({
      keepRoutes: async () => {
        looks += 1;
        throw new Error('EC2 is away');
      },
    });
    await handler({ Records: [recordOf({ kind: 'token', tenant: 'red', name: 't1' }, '1')] });
    expect(looks).toBe(0);
    const answer = await handler({ Records: [recordOf(ROME, '2'), recordOf(OSLO, '3')] });
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(looks).toBe(1);
    expect(told).toEqual(['looking after the routes']);
  });
});

function estate(): Item[] {
  const sites = TENANTS.flatMap((tenant, of) =>
    SITES.flatMap((site, number) => {
      const virtual = `100.65.${of * 10 + number}.0/24`;
      return [siteItem(tenant, site, [{ real: '10.0.0.0/24', virtual }]), edgeItem(tenant, site)];
    }),
  );
  return [hubItem('a'), hubItem('b', '100.64.0.2'), ...TENANTS.map((name) => tenantItem(name)), ...sites];
}

function pick(list: readonly string[], chance: Chance): string {
  return list[Math.floor(chance() * list.length)] ?? '';
}

/** Changes something that documents are made of. */
async function change(store: Store, chance: Chance, name: string): Promise<ItemKey> {
  const tenant = pick(TENANTS, chance);
  const site = pick(SITES, chance);
  const dice = chance();
  if (dice < 0.4) {
    const key: ItemKey<'service'> = { kind: 'service', tenant, name: `${site}/${name}` };
    const spec = { address: '10.0.0.1', port: 80, protocol: 'tcp' as const, description: '' };
    await store.create(item(key, { spec, status: {}, internal: {} }));
    return key;
  }
  if (dice < 0.7) {
    const key: ItemKey<'site'> = { kind: 'site', tenant, name: site };
    await rewrite(store, key, ({ spec, ...rest }) => ({
      ...rest,
      spec: { ...spec, lan: spec.lan === 'routed' ? 'masquerade' : 'routed' },
    }));
    return key;
  }
  const key: ItemKey<'tenant'> = { kind: 'tenant', tenant: '*', name: tenant };
  await rewrite(store, key, ({ spec, ...rest }) => ({
    ...rest,
    spec: { ...spec, isolation: spec.isolation === 'open' ? 'isolated' : 'open' },
  }));
  return key;
}

async function rewrite<K extends 'site' | 'tenant'>(
  store: Store,
  key: ItemKey<K>,
  next: (item: Item<K>) => Item<K>,
): Promise<void> {
  const before = await store.get(key);
  if (before === undefined) throw new Error(`${key.name} is not there`);
  await store.replace({ ...next(before), version: before.version + 1 });
}

/** A deployment whose table can go away after so many calls. */
function shakyDeployment() {
  let callsLeft = Number.POSITIVE_INFINITY;
  const guard = () => {
    callsLeft -= 1;
    if (callsLeft < 0) throw new Error('the table is away');
  };
  const world = deployment((store) => ({
    ...store,
    get: async (key) => {
      guard();
      return store.get(key);
    },
    list: async (kind, tenant, page) => {
      guard();
      return store.list(kind, tenant, page);
    },
    writeDocument: async (document, after) => {
      guard();
      return store.writeDocument(document, after);
    },
    writeEvent: async (event) => {
      guard();
      return store.writeEvent(event);
    },
  }));
  return { ...world, failAfter: (calls: number) => void (callsLeft = calls) };
}

/** Hash of each agent's manifest, or of those of a full compile of the same table by a deployment that knows nothing. */
async function hashesIn(world: Pick<Deployment, 'store'>): Promise<Record<string, string | undefined>> {
  const agents = await allAgents(world.store);
  const documents = await Promise.all(agents.map((agent) => world.store.document(agent)));
  return Object.fromEntries(
    agents.map((agent, index) => [agent, documents[index]?.document.envelope.manifestHash]),
  );
}

async function compiledAnew({ store }: Pick<Deployment, 'store'>) {
  const fresh = deployment();
  for (const kind of ['tenant', 'hub'] as const) await copy(store, fresh.store, { kind, tenant: '*' });
  for (const tenant of TENANTS)
    for (const kind of ['site', 'edge', 'service'] as const) await copy(store, fresh.store, { kind, tenant });
  await createReconciler(fresh.dependencies).sweep();
  return hashesIn(fresh);
}

async function copy(
  from: Store,
  to: Store,
  { kind, tenant }: { kind: ItemKey['kind']; tenant: string },
): Promise<void> {
  await fill(to, (await from.list(kind, tenant, { limit: 500 })).items);
}

/** Runs a stream with its faults through the real handler and the real reconciler. */
async function simulate(seed: number, lossRate: number) {
  const chance = seeded(seed);
  const world = shakyDeployment();
  await fill(world.store, estate());
  const reconciler = createReconciler(world.dependencies);
  await reconciler.sweep();
  const handler = createStreamHandler({ onChange: reconciler.onChange, onFailure: () => undefined });
  const poisoned: StreamRecord[] = [];
  const deadLetters: StreamRecord[] = [];
  let invocations = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const keys: ItemKey[] = [];
    for (let count = 0; count < CHANGES; count += 1)
      keys.push(await change(world.store, chance, `s${round}-${count}`));
    const stream = faultyStream(keys, chance, { lossRate });
    poisoned.push(...stream.filter((record) => record.poisoned));
    const delivered = await deliver(stream, async (event) => {
      if (chance() < OUTAGE_RATE) world.failAfter(Math.floor(chance() * OUTAGE_AFTER_CALLS_MAX));
      return handler(event).finally(() => world.failAfter(Number.POSITIVE_INFINITY));
    });
    deadLetters.push(...delivered.deadLetters);
    invocations += delivered.invocations;
  }
  return { world, reconciler, poisoned, deadLetters, invocations };
}

describe('a faulty stream', () => {
  test('17: events lost, doubled, reordered and poisoned: after a sweep every document is what a full compile gives', async () => {
    let poisons = 0;
    let staleBefore = 0;
    for (const seed of SEEDS) {
      const { world, reconciler, poisoned, deadLetters } = await simulate(seed, 0.5);
      const wanted = await compiledAnew(world);
      if (JSON.stringify(await hashesIn(world)) !== JSON.stringify(wanted)) staleBefore += 1;
      await reconciler.sweep();
      expect(await hashesIn(world), `seed ${seed}`).toEqual(wanted);
      expect(new Set(deadLetters), `seed ${seed}`).toEqual(new Set(poisoned));
      poisons += poisoned.length;
    }
    // The faults were there: lost records left documents behind that only the sweep mended.
    expect(poisons).toBeGreaterThan(SEEDS.length);
    expect(staleBefore).toBeGreaterThan(0);
  });

  test('17: with none lost, the documents are right without a sweep, whatever else happens to the stream', async () => {
    for (const seed of SEEDS) {
      const { world, poisoned, deadLetters } = await simulate(seed, 0);
      expect(await hashesIn(world), `seed ${seed}`).toEqual(await compiledAnew(world));
      expect(new Set(deadLetters), `seed ${seed}`).toEqual(new Set(poisoned));
    }
  });
});
