/** Random sequences of operations: the store in memory is the model, and the embedded table must answer as it does. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '../../../functions/store/port.ts';
import { createStore } from '../../../functions/store/table.ts';
import { type LocalTable, openTable } from '../../../local/table.ts';
import { memoryStore } from '../../fakes/memory-store.ts';
import { document, event, report, site, siteKey } from './examples.ts';

const RUNS = 60;
const OPERATIONS_MAX = 40;

/** What is done to both stores; the outcomes must be equal. `room` keeps the runs apart. */
type Operation = (store: Store, room: string) => Promise<unknown>;

const few = fc.integer({ min: 1, max: 3 });
const name = fc.constantFrom('a', 'b', 'ab', 'b/c');
const owner = fc.constantFrom('x', 'y');
const after = fc.option(fc.record({ epoch: few, generation: few }), { nil: undefined });

const named = fc.tuple(name, fc.record({ version: few, generation: few }));
const itemOperation = fc.oneof(
  named.map(
    ([at, changes]): Operation =>
      (store, room) =>
        store.create(site(at, { ...changes, key: siteKey(at, room) })),
  ),
  named.map(
    ([at, changes]): Operation =>
      (store, room) =>
        store.replace(site(at, { ...changes, key: siteKey(at, room) })),
  ),
  named.map(
    ([at, { version }]): Operation =>
      (store, room) =>
        store.purge(siteKey(at, room), version),
  ),
  named.map(
    ([at, { version }]): Operation =>
      (store, room) =>
        store.clearOutbox(siteKey(at, room), version),
  ),
  name.map(
    (at): Operation =>
      (store, room) =>
        store.get(siteKey(at, room)),
  ),
  fc.tuple(few, fc.constantFrom(undefined, '', 'a', 'b')).map(
    ([limit, prefix]): Operation =>
      (store, room) =>
        store.list('site', room, { limit, prefix }),
  ),
);

const agentOperation = fc.oneof(
  few.map(
    (version): Operation =>
      (store, room) =>
        store.writeLedger({
          block: room,
          version,
          taken: { [`10.0.0.${version}/32`]: { owner: 'o', at: 'now' } },
        }),
  ),
  fc.constant<Operation>((store, room) => store.ledger(room)),
  fc.tuple(few, few, after).map(
    ([epoch, generation, from]): Operation =>
      (store, room) =>
        store.writeDocument(document(`edge.${room}.a`, epoch, generation), from),
  ),
  fc.constant<Operation>((store, room) => store.document(`edge.${room}.a`)),
  few.map(
    (n): Operation =>
      (store, room) =>
        store.writeReport(`edge.${room}.a`, `${n}`, report(`${n}`)),
  ),
  fc.constant<Operation>((store, room) => store.report(`edge.${room}.a`)),
);

const logOperation = fc.oneof(
  fc.tuple(few, few).map(
    ([id, minute]): Operation =>
      (store, room) =>
        store.writeEvent(event(`e${id}`, { tenant: room, time: `2026-01-31T12:0${minute}:00Z` })),
  ),
  few.map(
    (limit): Operation =>
      (store, room) =>
        store.events(room, { limit }),
  ),
  owner.map(
    (tenant): Operation =>
      (store, room) =>
        store.claimHost(`${room}.example.com`, tenant),
  ),
  owner.map(
    (tenant): Operation =>
      (store, room) =>
        store.releaseHost(`${room}.example.com`, tenant),
  ),
);

const operations = fc.array(fc.oneof(itemOperation, agentOperation, logOperation), {
  maxLength: OPERATIONS_MAX,
});

describe('the embedded table', () => {
  let directory = '';
  const held: LocalTable[] = [];
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'isthmus-model-'));
    held.push(await openTable({ directory }));
  });
  afterAll(async () => {
    for (const table of held) await table.close();
    await rm(directory, { recursive: true });
  });

  it('answers any sequence of operations as the store in memory does', async () => {
    const [table] = held;
    if (table === undefined) throw new Error('The table is not open');
    const real = createStore(table);
    let run = 0;
    await fc.assert(
      fc.asyncProperty(operations, async (sequence) => {
        const room = `room-${run++}`;
        const model = memoryStore();
        for (const operation of sequence)
          expect(await operation(real, room)).toStrictEqual(await operation(model, room));
        const page = { limit: 10 };
        expect(await real.list('site', room, page)).toStrictEqual(await model.list('site', room, page));
        expect(await real.events(room, page)).toStrictEqual(await model.events(room, page));
      }),
      { numRuns: RUNS },
    );
  });
});
