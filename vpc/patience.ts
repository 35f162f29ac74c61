/** Trying again where EC2 asks to slow down or does not answer, and doing many things a few at a time. It decides nothing else. */
import { VpcError } from './port.ts';

const TRIES_MAX = 8;
const WAIT_MS = 100;
const WAIT_MS_MAX = 3_000;

/** The timer and the chance of whoever calls. */
export interface Patience {
  readonly pause: (milliseconds: number) => Promise<void>;
  /** From 0 to below 1. */
  readonly chance: () => number;
}

/** Full jitter under a ceiling that doubles with each failure, counted from 1. */
export function waitMs(failures: number, chance: number): number {
  return Math.floor(Math.min(WAIT_MS_MAX, WAIT_MS * 2 ** failures) * chance);
}

/** The call's answer; throws its last VpcError if it is no matter of waiting, or if waiting did not help. */
export async function patiently<T>(patience: Patience, call: () => Promise<T>): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await call();
    } catch (fault) {
      if (failures === TRIES_MAX || !isPassing(fault)) throw fault;
    }
    await patience.pause(waitMs(failures, patience.chance()));
  }
}

function isPassing(fault: unknown): boolean {
  return fault instanceof VpcError && (fault.code === 'throttled' || fault.code === 'unreachable');
}

/** What the call answered, or the VpcError that it threw. */
export async function settled<T>(call: () => Promise<T>): Promise<T | VpcError> {
  try {
    return await call();
  } catch (fault) {
    if (fault instanceof VpcError) return fault;
    throw fault;
  }
}

/** Runs a step for each item, at most so many at a time. */
export async function inParallel<T>(
  items: readonly T[],
  atOnce: number,
  step: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await step(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}
