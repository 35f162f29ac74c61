/** Scenario 17 for the copy of the audit log: whatever the stream loses, doubles, reorders or poisons, each entry is copied as it is, once, and a span makes good what was lost. */
import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { createAuditHandler } from '../../../functions/aws/audit-call.ts';
import { createAuditExport, nameOf } from '../../../functions/reconcile/audit.ts';
import { eventKey } from '../../../functions/store/keys.ts';
import type { Event } from '../../../protocol/event.ts';
import { memoryStore } from '../../fakes/memory-store.ts';
import { tenantItem } from './deployment.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.parse('2026-01-31T22:00:00.000Z');

const entry = (tenant: string, index: number): Event => ({
  id: `r${index}-site-berlin`,
  time: new Date(START_MS + index * HOUR_MS).toISOString(),
  tenant,
  actor: 'key:root',
  action: 'update',
  kind: 'site',
  name: 'berlin',
  detail: 'Changed.',
});
const ENTRIES = ['*', 'acme', 'other'].flatMap((tenant) => [0, 1, 2, 3].map((index) => entry(tenant, index)));

function recordOf(event: Event, number = event.id) {
  const { pk, sk } = eventKey(event);
  return { dynamodb: { SequenceNumber: number, Keys: { pk: { S: pk }, sk: { S: sk } } } };
}

/** A bucket that refuses to overwrite, as S3 does with `If-None-Match: *`, and may be away. */
function bucket() {
  const objects = new Map<string, string>();
  const state = { isAway: false, writes: 0 };
  const put = async (name: string, text: string) => {
    if (state.isAway) throw new Error('the bucket is away');
    state.writes += 1;
    if (!objects.has(name)) objects.set(name, text);
  };
  return { objects, state, put };
}

async function stage() {
  const store = memoryStore();
  for (const name of ['acme', 'other']) await store.create(tenantItem(name));
  for (const event of ENTRIES) await store.writeEvent(event);
  const { objects, state, put } = bucket();
  const told: string[] = [];
  const handler = createAuditHandler(
    createAuditExport({ store, put, onFailure: ({ what }) => told.push(what) }),
  );
  return { store, objects, state, told, handler };
}

let all: Awaited<ReturnType<typeof stage>>;
beforeEach(async () => {
  all = await stage();
});

const wanted = (events: readonly Event[]) =>
  new Map(events.map((event) => [nameOf(event), `${JSON.stringify(event)}\n`]));

describe('records', () => {
  test('become objects by tenant and day, each with the whole entry as a line', async () => {
    const answer = await all.handler({ Records: ENTRIES.map((event) => recordOf(event)) });
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(all.objects).toEqual(wanted(ENTRIES));
    expect([...all.objects.keys()].slice(0, 3)).toEqual([
      'deployment./2026/01/31/2026-01-31T22:00:00.000Z-r0-site-berlin.json',
      'deployment./2026/01/31/2026-01-31T23:00:00.000Z-r1-site-berlin.json',
      'deployment./2026/02/01/2026-02-01T00:00:00.000Z-r2-site-berlin.json',
    ]);
  });

  test('in any order and number make the same objects', async () => {
    const records = fc.array(fc.constantFrom(...ENTRIES), { minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(records, async (events) => {
        const { handler, objects } = await stage();
        await handler({ Records: events.map((event) => recordOf(event)) });
        expect(objects).toEqual(wanted(events));
      }),
      { numRuns: 50 },
    );
  });

  test('that nobody can read, or of entries that are not there, fail alone and are told', async () => {
    const [first, second] = ENTRIES;
    const missing = { ...entry('acme', 9), id: 'nowhere' };
    const foreign = { dynamodb: { SequenceNumber: '7', Keys: { pk: { S: 'acme#site' }, sk: { S: 'x' } } } };
    const records = [
      first && recordOf(first),
      'no record',
      recordOf(missing),
      foreign,
      second && recordOf(second),
    ];
    expect(await all.handler({ Records: records })).toEqual({
      batchItemFailures: ['', 'nowhere', '7'].map((itemIdentifier) => ({ itemIdentifier })),
    });
    expect(all.objects.size).toBe(2);
    expect(all.told).toHaveLength(3);
  });

  test('that meet a bucket that is away are for a retry, which copies them', async () => {
    const records = ENTRIES.slice(0, 3).map((event) => recordOf(event));
    all.state.isAway = true;
    const answer = await all.handler({ Records: records });
    expect(answer).toEqual({
      batchItemFailures: ENTRIES.slice(0, 3).map(({ id }) => ({ itemIdentifier: id })),
    });
    all.state.isAway = false;
    await all.handler({ Records: records });
    expect(all.objects).toEqual(wanted(ENTRIES.slice(0, 3)));
  });
});

describe('a span', () => {
  test('copies what was lost, in the deployment and all tenants, and nothing outside of it', async () => {
    const [, since = '', , until = ''] = ENTRIES.map(({ time }) => time);
    expect(await all.handler({ since, until })).toEqual({ entries: 6 });
    const within = ENTRIES.filter(({ time }) => time >= since && time < until);
    expect(all.objects).toEqual(wanted(within));
  });

  test('reads on over many pages', async () => {
    for (let index = 0; index < 250; index += 1)
      await all.store.writeEvent({ ...entry('acme', 0), id: `many-${index}` });
    const { time } = entry('acme', 0);
    const until = new Date(Date.parse(time) + 1).toISOString();
    expect(await all.handler({ since: time, until })).toEqual({ entries: 253 });
  });

  test('that is not asked for as it should be is refused', async () => {
    await expect(all.handler({ since: 'yesterday', until: 'now' })).rejects.toThrow();
    await expect(all.handler({})).rejects.toThrow();
  });
});
