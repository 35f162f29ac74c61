/**
 * The table's stream as hints for the reconciler: which resources changed. It computes nothing from a record but its key,
 * so records may be lost, doubled or reordered. What Lambda wants in the answer is AWS's "Configuring partial batch
 * response with DynamoDB and Lambda" (services-ddb-batchfailurereporting): sequence numbers of records that failed; it goes
 * on from the lowest one, and an empty identifier fails the whole batch.
 */
import { changeOf } from '../store/keys.ts';
import type { Change, Kind } from '../store/port.ts';

/** So many failures one after the other mean that the next would fail too: all the rest is left for Lambda's retry. */
const FAILURES_MAX = 5;

/** Kinds of which a VPC's routes are made. */
const ROUTED: readonly Kind[] = ['hub', 'site', 'edge'];

/** What the stream's events are, as far as they are believed. */
export interface StreamEvent {
  readonly Records?: unknown;
}

export interface BatchAnswer {
  batchItemFailures: { itemIdentifier: string }[];
}

export interface StreamDependencies {
  readonly onChange: (change: Change) => Promise<void>;
  /** Looks after the routes of VPCs; absent where there are none. The schedule does the same, so its failure is only told. */
  readonly keepRoutes?: (() => Promise<unknown>) | undefined;
  readonly onFailure: (failure: { readonly what: string; readonly error: unknown }) => void;
}

/** A record that was read: whose change it tells of, if of any. */
interface Hint {
  /** Empty if the record has none. */
  readonly number: string;
  readonly change: Change | 'none' | 'unreadable';
}

export function createStreamHandler(dependencies: StreamDependencies) {
  return async (event: StreamEvent): Promise<BatchAnswer> => {
    if (!Array.isArray(event.Records)) throw new Error('This event has no list of records.');
    const hints = event.Records.map(readRecord);
    const failed = await tell(dependencies, hints);
    await keepRoutes(dependencies, hints);
    for (const { number } of hints.filter(({ change }) => change === 'unreadable')) {
      failed.push(number);
      dependencies.onFailure({
        what: `record ${number}`,
        error: new Error('The record has no key to read.'),
      });
    }
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  };
}

/** All together, because they share a round; if that fails one after the other, so that one bad change spoils no other. */
async function tell(dependencies: StreamDependencies, hints: readonly Hint[]): Promise<string[]> {
  const changes = changesOf(hints);
  const together = await Promise.allSettled(changes.map(({ change }) => dependencies.onChange(change)));
  if (together.every(({ status }) => status === 'fulfilled')) return [];
  const failed: string[] = [];
  let inARow = 0;
  for (const { change, numbers } of changes) {
    const { kind, tenant, name } = change.key;
    const failure =
      inARow < FAILURES_MAX ? await failureOf(() => dependencies.onChange(change)) : { error: 'not tried' };
    inARow = failure === undefined ? 0 : inARow + 1;
    if (failure === undefined) continue;
    failed.push(...numbers);
    dependencies.onFailure({ what: `reconciling ${kind} ${tenant}/${name}`, error: failure.error });
  }
  return failed;
}

async function keepRoutes(dependencies: StreamDependencies, hints: readonly Hint[]): Promise<void> {
  const { keepRoutes: keep, onFailure } = dependencies;
  if (keep === undefined || !changesOf(hints).some(({ change }) => ROUTED.includes(change.key.kind))) return;
  const failure = await failureOf(keep);
  if (failure !== undefined) onFailure({ what: 'looking after the routes', error: failure.error });
}

/** Each changed resource once, with the records that tell of it. */
function changesOf(hints: readonly Hint[]): { change: Change; numbers: string[] }[] {
  const changes = new Map<string, { change: Change; numbers: string[] }>();
  for (const { change, number } of hints) {
    if (typeof change === 'string') continue;
    const { kind, tenant, name } = change.key;
    const id = `${kind} ${tenant} ${name}`;
    const numbers = changes.get(id)?.numbers ?? [];
    changes.set(id, { change, numbers: [...numbers, number] });
  }
  return [...changes.values()];
}

function readRecord(record: unknown): Hint {
  const dynamodb = memberOf(record, 'dynamodb');
  const number = memberOf(dynamodb, 'SequenceNumber');
  const keys = memberOf(dynamodb, 'Keys');
  const pk = memberOf(memberOf(keys, 'pk'), 'S');
  const sk = memberOf(memberOf(keys, 'sk'), 'S');
  const isReadable = typeof pk === 'string' && typeof sk === 'string';
  return {
    number: typeof number === 'string' ? number : '',
    change: isReadable ? (changeOf({ pk, sk }) ?? 'none') : 'unreadable',
  };
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  const member: unknown = Reflect.get(value, name);
  return member;
}

async function failureOf(work: () => Promise<unknown>): Promise<{ readonly error: unknown } | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return { error };
  }
}
