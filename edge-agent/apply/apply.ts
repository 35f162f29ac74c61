/** Applies steps in order and stops at the first that fails. What it reports as done was done. */
import type { Step } from '../plan/steps.ts';
import { execute } from './executors.ts';
import type { Hands } from './hands.ts';

export interface Applied {
  readonly done: readonly Step[];
  readonly failed?: { readonly step: Step; readonly error: Error };
}

export async function applySteps(steps: readonly Step[], hands: Hands): Promise<Applied> {
  const done: Step[] = [];
  for (const step of steps) {
    const error = await execute(step, hands).then(() => undefined, asError);
    if (error) return { done, failed: { step, error } };
    done.push(step);
  }
  return { done };
}

function asError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error('a step failed', { cause });
}
