/** The cost model is pure: what is counted, times what is published. And the meter says what the table consumed. */

import { readFileSync } from 'node:fs';
import { GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Meter } from '../../bench/cost-meter.ts';
import {
  type Bill,
  billedMs,
  type Counts,
  MEMORY_MB,
  monthOf,
  NOTHING,
  perSite,
  scaled,
  sumOf,
  usdOf,
} from '../../bench/cost-model.ts';
import { type MeteredTable, openMeteredTable } from '../../bench/cost-open.ts';
import { PRICES, PRICES_DATE, priceOf } from '../../bench/prices.ts';

const amounts = fc.double({ min: 0, max: 1e6, noNaN: true });
const counts: fc.Arbitrary<Counts> = fc.record({
  invocations: amounts,
  httpRequests: amounts,
  scheduled: amounts,
  cpuMs: amounts,
  calls: amounts,
  readUnits: amounts,
  writeUnits: amounts,
  puts: amounts,
  gets: amounts,
  messages: amounts,
  signatures: amounts,
});

describe('the model', () => {
  test('a month of one request a second is what the published prices say of it', () => {
    const hour = { ...NOTHING, invocations: 3_600, httpRequests: 3_600, readUnits: 7_200, writeUnits: 3_600 };
    const { logs, ...month } = monthOf(hour);
    expect(month).toMatchObject({
      httpApiRequest: 2_628_000,
      functionRequest: 2_628_000,
      tableRead: 5_256_000,
      tableWrite: 2_628_000,
      functionGbSecond: 0,
    });
    // 2.628 of requests at 1.00, at 0.20 and 0.625 a million, and twice as many reads at 0.125.
    expect(usdOf(month)).toBeCloseTo(2.628 * (1 + 0.2 + 0.625) + 5.256 * 0.125, 9);
    expect(logs).toBeCloseTo(2.628e6 * 700e-9, 9);
  });

  test('a function is billed for its work by its share of a core, and for its waiting as it is', () => {
    expect(billedMs({ cpuMs: 10, calls: 0 }, 1_769)).toBe(10);
    expect(billedMs({ cpuMs: 10, calls: 0 }, 1_769 / 4)).toBe(40);
    expect(billedMs({ cpuMs: 10, calls: 2 }, 4_000)).toBe(20);
    expect(monthOf({ ...NOTHING, cpuMs: 0, calls: 200 }).functionGbSecond).toBe((730 * MEMORY_MB) / 1_024);
  });

  test('every count costs something, and twice the hour costs twice', () => {
    for (const name of Object.keys(NOTHING))
      expect(usdOf(monthOf({ ...NOTHING, [name]: 1e6 })), name).toBeGreaterThan(0);
    fc.assert(
      fc.property(counts, (hour) => {
        const twice = Object.fromEntries(Object.entries(hour).map(([name, count]) => [name, 2 * count]));
        const usd = usdOf(monthOf(hour));
        expect(usdOf(monthOf({ ...hour, ...twice }))).toBeCloseTo(2 * usd, 6);
      }),
    );
  });

  test('what a site adds, times the sites, and what was there before make the whole', () => {
    fc.assert(
      fc.property(counts, counts, fc.integer({ min: 1, max: 10_000 }), (hour, empty, sites) => {
        const [all, none]: Bill[] = [monthOf(hour), monthOf(empty)];
        const again = sumOf([scaled(perSite(all ?? {}, none ?? {}, sites), sites), none ?? {}]);
        expect(usdOf(again)).toBeCloseTo(usdOf(all ?? {}), 3);
      }),
    );
  });

  test('a price is for as many units as it says', () => {
    expect(priceOf('httpApiRequest', 1e6)).toBe(1);
    expect(priceOf('signature', 1e4)).toBe(0.15);
    expect(priceOf('addressHour', 730)).toBeCloseTo(3.65, 9);
    for (const { page } of Object.values(PRICES)) expect(page).toMatch(/^https:\/\/aws\.amazon\.com\//);
  });
});

test('docs/cost.md shows every price as it is in the table, with its date', () => {
  const page = readFileSync('docs/cost.md', 'utf8');
  expect(page).toContain(PRICES_DATE);
  const rows = Object.values(PRICES).map(
    ({ unit, usd, per, page: source }) => `| ${unit} | ${usd} | ${per.toLocaleString('en')} | ${source} |`,
  );
  expect(rows.filter((row) => !page.includes(row))).toEqual([]);
});

describe('the meter', () => {
  const meter = new Meter();
  let table: MeteredTable;
  beforeAll(async () => {
    table = await openMeteredTable(meter);
  });
  afterAll(() => table.close());

  /** An item of so many bytes, names of attributes included. */
  const item = (sk: string, bytes: number) => ({
    pk: { S: 'p' },
    sk: { S: sk },
    x: { S: 'x'.repeat(bytes - 6 - sk.length) },
  });
  const put = (sk: string, bytes: number) =>
    table.base.send(new PutItemCommand({ TableName: table.tableName, Item: item(sk, bytes) }));
  const units = async (work: () => Promise<unknown>) => {
    meter.reset();
    await meter.measure('it', { invocations: 1 }, work);
    const { invocations, calls, readUnits, writeUnits } = meter.counts().get('it') ?? NOTHING;
    return { invocations, calls, readUnits, writeUnits };
  };

  test('a write is a unit for each begun kilobyte, of the larger of what was and what is', async () => {
    const one = { invocations: 1, calls: 1, readUnits: 0 };
    expect(await units(() => put('a', 1_024))).toEqual({ ...one, writeUnits: 1 });
    expect(await units(() => put('a', 1_025))).toEqual({ ...one, writeUnits: 2 });
    expect(await units(() => put('a', 100))).toEqual({ ...one, writeUnits: 2 });
  });

  test('a consistent read is a unit for each begun four kilobytes, and of nothing still one', async () => {
    await put('b', 4_096);
    await put('c', 4_097);
    const get = (sk: string) => () =>
      table.base.send(
        new GetItemCommand({
          TableName: table.tableName,
          ConsistentRead: true,
          Key: { pk: { S: 'p' }, sk: { S: sk } },
        }),
      );
    const one = { invocations: 1, calls: 1, writeUnits: 0 };
    expect(await units(get('b'))).toEqual({ ...one, readUnits: 1 });
    expect(await units(get('c'))).toEqual({ ...one, readUnits: 2 });
    expect(await units(get('none'))).toEqual({ ...one, readUnits: 1 });
  });

  test('a query is paid for by the size of all that it read together', async () => {
    for (const sk of ['d1', 'd2', 'd3', 'd4']) await put(sk, 1_500);
    const query = (prefix: string) => () =>
      table.base.send(
        new QueryCommand({
          TableName: table.tableName,
          ConsistentRead: true,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
          ExpressionAttributeValues: { ':pk': { S: 'p' }, ':sk': { S: prefix } },
        }),
      );
    expect(await units(query('d'))).toMatchObject({ readUnits: 2, calls: 1 });
    expect(await units(query('nothing'))).toMatchObject({ readUnits: 1, calls: 1 });
  });

  test('what happens outside of a function is not counted', async () => {
    meter.reset();
    await put('e', 100);
    expect(meter.counts().size).toBe(0);
  });
});
