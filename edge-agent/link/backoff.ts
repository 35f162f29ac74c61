/**
 * When to ask the control plane again. After an outage thousands of agents find it at once, so every wait has
 * chance in it; chance is an argument, so that this stays a pure function.
 */

const FIRST_MS = 1_000;
const CAP_MS = 120_000;
const JITTER = 0.1;
const POLL_MS_MAX = 3_600_000;

/** Wait after the n-th failure in a row (n from 1): between half and the whole of a doubling step. */
export function retryDelayMs(failures: number, chance: number): number {
  const step = Math.min(CAP_MS, FIRST_MS * 2 ** Math.min(failures - 1, 20));
  return Math.round(step * (0.5 + chance / 2));
}

/** Wait after an answer that said when to come back, give or take a tenth. */
export function pollDelayMs(pollSeconds: number, chance: number): number {
  const asked = Math.min(POLL_MS_MAX, Math.max(FIRST_MS, pollSeconds * 1_000));
  return Math.round(asked * (1 - JITTER + 2 * JITTER * chance));
}
