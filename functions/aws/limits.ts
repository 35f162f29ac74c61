/** How long a call to AWS may take, and how often it is tried: a function that waits is paid for. */
import { limited } from '../../vpc/limits.ts';

const CONNECT_MS = 1_000;
const ANSWER_MS = 5_000;
const ATTEMPTS_MAX = 4;

/** Settings of every client. */
export const LIMITS = {
  maxAttempts: ATTEMPTS_MAX,
  ...limited({ connectMs: CONNECT_MS, requestMs: ANSWER_MS }),
};
