/**
 * A stream of a table and the event source mapping in front of a function, with everything that goes wrong there: records
 * are lost, doubled, reordered and poisoned. It retries, halves and gives up as Lambda does (AWS: "Configuring
 * partial batch response with DynamoDB and Lambda"), and keeps what it gave up.
 */
import type { BatchAnswer } from '../../../functions/reconcile/stream.ts';
import { itemKey } from '../../../functions/store/keys.ts';
import type { ItemKey } from '../../../functions/store/port.ts';

const RETRIES_MAX = 5;
const BATCH_MAX = 10;

export interface StreamRecord {
  readonly eventID: string;
  readonly poisoned: boolean;
  readonly dynamodb: unknown;
}

/** A number from 0 to 1, always the same ones for the same seed. */
export type Chance = () => number;

export function seeded(seed: number): Chance {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What a stream may carry that no function can read. The last one has no number either. */
const POISONS: readonly ((number: string) => unknown)[] = [
  (number) => ({ SequenceNumber: number }),
  (number) => ({ SequenceNumber: number, Keys: { pk: { N: '1' }, sk: { S: 'x' } } }),
  (number) => ({ SequenceNumber: number, Keys: null }),
  () => 'no record at all',
];

/** Records of these changes after the faults of the way, in the order in which they come out. */
export function faultyStream(
  keys: readonly ItemKey[],
  chance: Chance,
  { lossRate }: { readonly lossRate: number },
): StreamRecord[] {
  const records: StreamRecord[] = [];
  let count = 0;
  const add = (poisoned: boolean, make: (number: string) => unknown) => {
    count += 1;
    records.push({ eventID: `event-${count}`, poisoned, dynamodb: make(String(1_000 + count)) });
  };
  for (const key of keys) {
    const { pk, sk } = itemKey(key);
    const genuine = (number: string) => ({ SequenceNumber: number, Keys: { pk: { S: pk }, sk: { S: sk } } });
    if (chance() < lossRate) continue;
    add(false, genuine);
    if (chance() < 0.2) add(false, genuine);
    if (chance() < 0.15) add(true, POISONS[Math.floor(chance() * POISONS.length)] ?? genuine);
    if (chance() < 0.2)
      add(false, (number) => ({ SequenceNumber: number, Keys: { pk: { S: 'ledger' }, sk: { S: 'x' } } }));
  }
  for (let index = records.length - 1; index > 0; index -= 1) {
    const other = Math.max(0, index - Math.floor(chance() * 5));
    const [here, there] = [records[index], records[other]];
    if (here !== undefined && there !== undefined) [records[index], records[other]] = [there, here];
  }
  return records;
}

export interface Delivered {
  /** Given up after all retries. */
  readonly deadLetters: readonly StreamRecord[];
  readonly invocations: number;
}

export type Handler = (event: { Records: readonly StreamRecord[] }) => Promise<BatchAnswer>;

/** Takes the stream to the function, batch by batch. */
export async function deliver(stream: readonly StreamRecord[], handler: Handler): Promise<Delivered> {
  const deadLetters: StreamRecord[] = [];
  let invocations = 0;
  const invoke = async (batch: readonly StreamRecord[]): Promise<readonly StreamRecord[]> => {
    invocations += 1;
    return handler({ Records: batch }).then(
      ({ batchItemFailures }) => remaining(batch, batchItemFailures),
      () => batch,
    );
  };
  const pass = async (batch: readonly StreamRecord[], retries: number): Promise<void> => {
    const rest = await invoke(batch);
    if (rest.length === 0) return;
    // Halving does not count as a retry.
    if (rest.length < batch.length) return pass(rest, retries);
    if (rest.length > 1) {
      const middle = Math.ceil(rest.length / 2);
      await pass(rest.slice(0, middle), retries);
      return pass(rest.slice(middle), retries);
    }
    if (retries < RETRIES_MAX) return pass(rest, retries + 1);
    deadLetters.push(...rest);
  };
  for (let start = 0; start < stream.length; start += BATCH_MAX)
    await pass(stream.slice(start, start + BATCH_MAX), 0);
  return { deadLetters, invocations };
}

/** What comes again: everything from the first reported record on; all of it for a number that Lambda does not know. */
function remaining(
  batch: readonly StreamRecord[],
  failures: BatchAnswer['batchItemFailures'],
): readonly StreamRecord[] {
  if (failures.length === 0) return [];
  const places = failures.map(({ itemIdentifier }) =>
    batch.findIndex((record) => itemIdentifier !== '' && numberOf(record) === itemIdentifier),
  );
  return places.includes(-1) ? batch : batch.slice(Math.min(...places));
}

export function numberOf({ dynamodb }: StreamRecord): unknown {
  return typeof dynamodb === 'object' && dynamodb !== null && 'SequenceNumber' in dynamodb
    ? dynamodb.SequenceNumber
    : undefined;
}
