/**
 * One conditional write: whether its condition held, with faults translated. The SDK sends a request again after throttling
 * or a broken connection; nothing here retries beyond that.
 */
import { randomUUID } from 'node:crypto';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { StoreError } from './port.ts';

/**
 * Marks one write, and rides in the item. When the SDK had to send a write twice because the first answer was lost, the
 * condition of the second fails on the very item that the first wrote; the mark tells that apart from a lost race.
 */
export function newMark(): string {
  return randomUUID();
}

export interface ConditionalWrite {
  send(): Promise<unknown>;
  /** Asked only when the write was sent more than once: is the table as this write leaves it? */
  landed(): Promise<boolean>;
}

/** True if the condition held and the item is written. */
export async function writeIf(write: ConditionalWrite): Promise<boolean> {
  try {
    await write.send();
    return true;
  } catch (fault) {
    if (!(fault instanceof ConditionalCheckFailedException)) throw translate(fault);
    const attempts = fault.$metadata.attempts ?? 1;
    return attempts > 1 && (await write.landed());
  }
}

/** A write without a condition that could fail. */
export async function write(send: () => Promise<unknown>): Promise<void> {
  try {
    await send();
  } catch (fault) {
    throw translate(fault);
  }
}

function translate(fault: unknown): unknown {
  const tooLarge =
    fault instanceof Error && fault.name === 'ValidationException' && /item size/i.test(fault.message);
  return tooLarge
    ? new StoreError('store.too_large', 'The item is larger than 400 kB, which the table does not take', {
        cause: fault,
      })
    : fault;
}
