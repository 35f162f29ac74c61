/** When to fetch again, from what the last fetch brought: the control plane's wish, or a back-off while it is away. */
import { pollDelayMs, retryDelayMs } from './link/backoff.ts';
import type { Fetched } from './link/fetch.ts';

const POLL_SECONDS = 30;
const DENIED_SECONDS = 60;
/** A document on trial must prove itself in a minute: then nobody backs off far. */
const TRIAL_RETRY_MS = 5_000;
/** Who can't be nudged asks more often: the hub that it waits for may have come. */
const ALONE_MS = 10_000;

export interface PaceInput {
  readonly isOnTrial: boolean;
  /** No hub can reach this agent to nudge it. */
  readonly isAlone: boolean;
  /** Of the document in force, if there is one. */
  readonly pollSeconds?: number | undefined;
  /** From 0 up to 1. */
  readonly chance: number;
}

export class Pace {
  #failures = 0;

  nextMs(fetched: Pick<Fetched, 'kind' | 'pollSeconds'>, input: PaceInput): number {
    if (fetched.kind === 'unreachable') {
      this.#failures += 1;
      const delayMs = retryDelayMs(this.#failures, input.chance);
      return input.isOnTrial ? Math.min(delayMs, TRIAL_RETRY_MS) : delayMs;
    }
    this.#failures = 0;
    const usual = fetched.kind === 'denied' ? DENIED_SECONDS : (input.pollSeconds ?? POLL_SECONDS);
    const delayMs = pollDelayMs(fetched.pollSeconds ?? usual, input.chance);
    return input.isAlone && fetched.kind !== 'denied' ? Math.min(delayMs, ALONE_MS) : delayMs;
  }
}
