/** Documents are compiled from what is newest, signed, stored once, and told to the hubs. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { compileAgent, compileAgents } from '../../../functions/reconcile/compile.ts';
import type { Item, Store } from '../../../functions/store/port.ts';
import { canonicalJson } from '../../../protocol/canonical.ts';
import { SignedDocument } from '../../../protocol/document.ts';
import { deleted, deployment, edgeItem, fill, hubItem, START, siteItem, tenantItem } from './deployment.ts';

const OSLO = [{ real: '10.0.0.0/24', virtual: '100.65.0.0/24' }];
const ESTATE: Item[] = [
  tenantItem('red'),
  hubItem('a'),
  hubItem('b', '100.64.0.2'),
  siteItem('red', 'oslo', OSLO),
  edgeItem('red', 'oslo'),
];

async function filled(wrap?: (store: Store) => Store) {
  const world = deployment(wrap);
  await fill(world.store, ESTATE);
  return world;
}

test('the first document is 1.1, signed over its envelope, and its leaves are there before it is', async () => {
  const { dependencies, store, blobs } = await filled();
  expect(await compileAgent(dependencies, 'edge.red.oslo')).toBe('changed');
  const document = SignedDocument.parse((await store.document('edge.red.oslo'))?.document);
  const sha256 = (text: string) => createHash('sha256').update(text).digest();
  expect(document.envelope).toEqual({
    alg: 'ES256',
    agent: 'edge.red.oslo',
    epoch: 1,
    generation: 1,
    manifestHash: sha256(canonicalJson(document.manifest)).toString('hex'),
  });
  expect(document.signature).toBe(sha256(canonicalJson(document.envelope)).toString('base64'));
  expect(document.manifest.map(({ name }) => name)).toEqual([
    'hubs',
    'names',
    'network',
    'policy',
    'proof',
    'roots',
    'self',
  ]);
  for (const { hash, bytes } of document.manifest)
    expect(Buffer.byteLength(blobs.get(hash) ?? '')).toBe(bytes);
});

test('the same again writes nothing and tells nobody', async () => {
  const { dependencies, store, puts, sent } = await filled();
  await compileAgents(dependencies, ['edge.red.oslo', 'hub.a']);
  const before = [puts.length, sent.length, await store.document('hub.a')];
  expect(await compileAgents(dependencies, ['edge.red.oslo', 'hub.a'])).toEqual(
    new Map([
      ['edge.red.oslo', 'unchanged'],
      ['hub.a', 'unchanged'],
    ]),
  );
  expect([puts.length, sent.length, await store.document('hub.a')]).toEqual(before);
});

test('a change rises the generation and puts only the leaves that are new', async () => {
  const { dependencies, store, puts } = await filled();
  await compileAgent(dependencies, 'hub.a');
  const count = puts.length;
  await fill(store, [siteItem('red', 'rome', []), edgeItem('red', 'rome')]);
  expect(await compileAgent(dependencies, 'hub.a')).toBe('changed');
  expect(puts.length - count).toBe(1);
  expect((await store.document('hub.a'))?.document.envelope).toMatchObject({ epoch: 1, generation: 2 });
});

describe('who is told', () => {
  test('every hub of an edge, and a hub of itself alone, in one message each', async () => {
    const { dependencies, sent } = await filled();
    await compileAgents(dependencies, ['edge.red.oslo', 'hub.a']);
    expect(sent).toEqual([
      { hub: 'a', agents: ['edge.red.oslo', 'hub.a'] },
      { hub: 'b', agents: ['edge.red.oslo'] },
    ]);
  });

  test('a queue that fails is no failure: messages are hints', async () => {
    const { dependencies, store } = await filled();
    const queue = { send: () => Promise.reject(new Error('no queue')) };
    expect(await compileAgent({ ...dependencies, queue }, 'hub.a')).toBe('changed');
    expect(await store.document('hub.a')).toBeDefined();
  });
});

test('an edge that is unapproved, quarantined, deleted or unknown has no document', async () => {
  const { dependencies, store } = await filled();
  const away = edgeItem('red', 'away', { site: 'oslo' });
  await fill(store, [
    edgeItem('red', 'new', { site: 'oslo', approved: false }),
    edgeItem('red', 'bad', { site: 'oslo', quarantined: true }),
    away,
  ]);
  await store.replace(deleted(away, START));
  for (const name of ['new', 'bad', 'away', 'nobody']) {
    expect(await compileAgent(dependencies, `edge.red.${name}`)).toBe('gone');
    expect(await store.document(`edge.red.${name}`)).toBeUndefined();
  }
  await compileAgent(dependencies, 'hub.a');
  const names = (await store.document('hub.a'))?.document.manifest.map(({ name }) => name);
  expect(names?.filter((name) => name.startsWith('peer/'))).toEqual(['peer/red/oslo/oslo']);
});

describe('two compile at the same time', () => {
  test('inputs that change between reading and writing are read again', async () => {
    let interfere: (() => Promise<void>) | undefined;
    const world = await filled((store) => ({
      ...store,
      async writeDocument(document, after) {
        const once = interfere;
        interfere = undefined;
        await once?.();
        return store.writeDocument(document, after);
      },
    }));
    interfere = async () => {
      await fill(world.store, [siteItem('red', 'rome', []), edgeItem('red', 'rome')]);
      await compileAgent(world.dependencies, 'hub.a');
    };
    await compileAgent(world.dependencies, 'hub.a');
    const document = (await world.store.document('hub.a'))?.document;
    expect(document?.manifest.map(({ name }) => name)).toContain('peer/red/rome/rome');
    expect(document?.envelope.generation).toBe(1);
  });

  test('older inputs never overwrite a newer document', async () => {
    let hold: Promise<void> | undefined;
    const world = await filled((store) => ({
      ...store,
      async list(kind, tenant, page) {
        const found = await store.list(kind, tenant, page);
        const held = kind === 'edge' ? hold : undefined;
        hold = held ? undefined : hold;
        await held;
        return found;
      },
    }));
    let letGo: () => void = () => {};
    hold = new Promise((resolve) => {
      letGo = resolve;
    });
    const slow = compileAgent(world.dependencies, 'hub.a');
    while (hold !== undefined) await new Promise((resolve) => setImmediate(resolve));
    await fill(world.store, [siteItem('red', 'rome', []), edgeItem('red', 'rome')]);
    await compileAgent(world.dependencies, 'hub.a');
    letGo();
    await slow;
    const names = (await world.store.document('hub.a'))?.document.manifest.map(({ name }) => name);
    expect(names).toContain('peer/red/rome/rome');
  });

  test('it ends, if the document never stands still', async () => {
    const world = await filled((store) => ({ ...store, writeDocument: () => Promise.resolve('stale') }));
    await expect(compileAgent(world.dependencies, 'hub.a')).rejects.toThrow('kept changing');
  });
});
