/**
 * From what was counted to what it costs a month: pure. The counts come from a run, the prices from the table; the few
 * figures that neither can give stand here as assumptions, each with its reason.
 */
import { type PriceName, priceOf } from './prices.ts';

export const HOURS_PER_MONTH = 730;

/** As `infra/` gives every function that runs in an idle hour. */
export const MEMORY_MB = 1_024;
/** Lambda gives a function processor time in proportion to its memory: one whole core at this size (Lambda's guide). */
const CORE_MB = 1_769;
/** Assumed: how long a function waits for an answer of another service of its region, and pays for it. */
export const CALL_MS = 5;
/** Assumed: what Lambda itself writes to the log for an invocation (START, END and REPORT). */
export const FUNCTION_LOG_BYTES = 400;
/** Assumed: a line of the HTTP API's access log, as `infra/api.ts` has it. */
export const ACCESS_LOG_BYTES = 300;

/** What one function did in an hour. */
export interface Counts {
  readonly invocations: number;
  /** Of the HTTP API, in units of 512 kB. */
  readonly httpRequests: number;
  /** By the scheduler. */
  readonly scheduled: number;
  /** Processor time here, in milliseconds. */
  readonly cpuMs: number;
  /** Calls of other services, each waited for as if none went beside another. */
  readonly calls: number;
  readonly readUnits: number;
  readonly writeUnits: number;
  readonly puts: number;
  readonly gets: number;
  readonly messages: number;
  readonly signatures: number;
}

export const NOTHING: Counts = {
  invocations: 0,
  httpRequests: 0,
  scheduled: 0,
  cpuMs: 0,
  calls: 0,
  readUnits: 0,
  writeUnits: 0,
  puts: 0,
  gets: 0,
  messages: 0,
  signatures: 0,
};

/** What is paid for, by the price. */
export type Bill = Readonly<Partial<Record<PriceName, number>>>;

/** Milliseconds that Lambda bills for these: less than a core makes the work longer, waiting stays what it is. */
export function billedMs(counts: Pick<Counts, 'cpuMs' | 'calls'>, memoryMb: number): number {
  return counts.cpuMs * Math.max(1, CORE_MB / memoryMb) + counts.calls * CALL_MS;
}

/** A month of what a function did in an hour. */
export function monthOf(counts: Counts, memoryMb = MEMORY_MB): Bill {
  const amounts = {
    httpApiRequest: counts.httpRequests,
    functionRequest: counts.invocations,
    functionGbSecond: (billedMs(counts, memoryMb) / 1e3) * (memoryMb / 1024),
    tableRead: counts.readUnits,
    tableWrite: counts.writeUnits,
    objectPut: counts.puts,
    objectGet: counts.gets,
    queueRequest: counts.messages,
    signature: counts.signatures,
    schedule: counts.scheduled,
    logs: (counts.invocations * FUNCTION_LOG_BYTES + counts.httpRequests * ACCESS_LOG_BYTES) / 1e9,
  };
  return scaled(amounts, HOURS_PER_MONTH);
}

export function sumOf(bills: readonly Bill[]): Bill {
  const sum: Partial<Record<PriceName, number>> = {};
  for (const bill of bills)
    for (const [name, amount] of entriesOf(bill)) sum[name] = (sum[name] ?? 0) + amount;
  return sum;
}

export function scaled(bill: Bill, factor: number): Bill {
  return Object.fromEntries(entriesOf(bill).map(([name, amount]) => [name, amount * factor]));
}

/** What one site of so many adds to a deployment without any. */
export function perSite(withSites: Bill, without: Bill, sites: number): Bill {
  return scaled(sumOf([withSites, scaled(without, -1)]), 1 / sites);
}

export function usdOf(bill: Bill): number {
  return entriesOf(bill).reduce((sum, [name, amount]) => sum + priceOf(name, amount), 0);
}

/** Amounts by price, with the names as the type has them. */
export function entriesOf(bill: Bill): [PriceName, number][] {
  // Object.entries forgets the names of the keys; a bill has no others.
  return Object.entries(bill) as [PriceName, number][];
}
