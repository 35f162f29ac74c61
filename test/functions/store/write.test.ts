/** What becomes of a write whose answer was lost, of listeners that fail, and of values that are damaged. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '../../../functions/store/port.ts';
import { createStore } from '../../../functions/store/table.ts';
import { type LocalTable, openTable } from '../../../local/table.ts';
import { document, event, site, siteKey } from './examples.ts';

let directory = '';
const held: LocalTable[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'isthmus-write-'));
});
afterAll(async () => {
  for (const table of held) await table.close();
  await rm(directory, { recursive: true });
});

async function open(name: string): Promise<LocalTable> {
  const table = await openTable({ directory: join(directory, name) });
  held.push(table);
  return table;
}

/** The table takes the next write, and its answer is lost on the way: the SDK then sends it again. */
function loseAnswers(client: DynamoDBDocumentClient): { next(): void } {
  let lose = false;
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      if (!lose) return result;
      lose = false;
      throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError', code: 'ECONNRESET' });
    },
    { step: 'deserialize', priority: 'high', name: 'loseAnswers' },
  );
  return {
    next() {
      lose = true;
    },
  };
}

describe('a write whose answer was lost', () => {
  const given: { store: Store; answers: { next(): void } }[] = [];
  beforeAll(async () => {
    const table = await open('lost');
    given.push({ store: createStore(table), answers: loseAnswers(table.client) });
  });
  const world = () => {
    const [first] = given;
    if (first === undefined) throw new Error('The table is not open');
    return first;
  };

  it('is known as written: a creation', async () => {
    const { store, answers } = world();
    answers.next();
    expect(await store.create(site('lost'))).toBe('written');
    expect(await store.create(site('lost'))).toBe('exists');
  });

  it('is known as written: a replacement', async () => {
    const { store, answers } = world();
    await store.create(site('replaced'));
    answers.next();
    expect(await store.replace(site('replaced', { version: 2 }))).toBe('written');
    expect(await store.replace(site('replaced', { version: 2 }))).toBe('stale');
  });

  it('is known as done: a cleared outbox', async () => {
    const { store, answers } = world();
    await store.create(site('cleared', { outbox: [event('e1')] }));
    answers.next();
    expect(await store.clearOutbox(siteKey('cleared'), 1)).toBe('cleared');
    expect(await store.get(siteKey('cleared'))).toStrictEqual(site('cleared'));
  });

  it('is known as done: a purge', async () => {
    const { store, answers } = world();
    await store.create(site('purged'));
    answers.next();
    expect(await store.purge(siteKey('purged'), 1)).toBe('purged');
  });

  it('is known as written: a ledger, a document, a claim', async () => {
    const { store, answers } = world();
    answers.next();
    expect(await store.writeLedger({ block: '100.64.0.0/16', version: 1, taken: {} })).toBe('written');
    answers.next();
    expect(await store.writeDocument(document('hub.a', 1, 1), undefined)).toBe('written');
    answers.next();
    expect(await store.claimHost('shop.example.com', 'acme')).toBe('claimed');
  });

  it('is still a lost race when another item stands there', async () => {
    const { store, answers } = world();
    await store.create(site('theirs', { generation: 7 }));
    answers.next();
    expect(await store.create(site('theirs'))).toBe('exists');
    expect((await store.get(siteKey('theirs')))?.generation).toBe(7);
  });

  it('leaves one event', async () => {
    const { store, answers } = world();
    answers.next();
    await store.writeEvent(event('once'));
    expect((await store.events('acme', { limit: 10 })).items).toStrictEqual([event('once')]);
  });
});

describe('a listener that fails', () => {
  it('does not make the write fail, whether it throws or rejects', async () => {
    const table = await open('listener');
    const fail = () => {
      throw new Error('The listener is broken');
    };
    expect(await createStore({ ...table, onChange: fail }).create(site('thrown'))).toBe('written');
    const reject = async () => fail();
    expect(await createStore({ ...table, onChange: reject }).create(site('rejected'))).toBe('written');
  });
});

describe('rows in the table', () => {
  it('of liveness, and of a cleared outbox until the next change, are marked quiet for the filter of the stream', async () => {
    const { client, tableName } = await open('quiet');
    const store = createStore({ client, tableName });
    await store.writeLiveness('hub.a', 'now', { peers: [] });
    await store.writeLiveness('hub.a', 'now', { part: { round: 0, index: 1, count: 2 }, peers: [] });
    await store.writeDocument(document('hub.a', 1, 1), undefined);
    await store.create(site('berlin'));
    const quietOf = async (pk: string, sk: string) =>
      (await client.send(new GetCommand({ TableName: tableName, Key: { pk, sk } }))).Item?.['quiet'];
    expect(await quietOf('agent#hub.a', 'liveness')).toBe(true);
    expect(await quietOf('agent#hub.a', 'liveness#0#0001')).toBe(true);
    expect(await quietOf('agent#hub.a', 'document')).toBeUndefined();
    expect(await quietOf('acme#site', 'berlin')).toBeUndefined();
    await store.clearOutbox(siteKey('berlin'), 1);
    expect(await quietOf('acme#site', 'berlin')).toBe(true);
    await store.replace(site('berlin', { version: 2 }));
    expect(await quietOf('acme#site', 'berlin')).toBeUndefined();
  });

  it('that are damaged are told by a coded error', async () => {
    const { client, tableName } = await open('damaged');
    const row = { pk: 'ledger', sk: '100.64.0.0/16', version: 1, mark: 'm', packed: Buffer.from('no gzip') };
    await client.send(new PutCommand({ TableName: tableName, Item: row }));
    const reading = createStore({ client, tableName }).ledger('100.64.0.0/16');
    await expect(reading).rejects.toMatchObject({ code: 'store.damaged' });
  });
});

describe('reads', () => {
  it('are consistent, all of them', async () => {
    const { client, tableName } = await open('reads');
    const store = createStore({ client, tableName });
    const seen: unknown[] = [];
    client.middlewareStack.add(
      (next, context) => (args) => {
        const consistent = 'ConsistentRead' in args.input ? args.input.ConsistentRead : undefined;
        seen.push([context.commandName, consistent]);
        return next(args);
      },
      { step: 'initialize', name: 'watchReads' },
    );
    await store.get(siteKey('berlin'));
    await store.ledger('100.64.0.0/16');
    await store.document('hub.a');
    await store.report('hub.a');
    await store.liveness('hub.a');
    await store.list('site', 'acme', { limit: 1 });
    await store.events('acme', { limit: 1 });
    const gets = Array.from({ length: 5 }, () => ['GetItemCommand', true]);
    expect(seen).toStrictEqual([...gets, ['QueryCommand', true], ['QueryCommand', true]]);
  });
});
