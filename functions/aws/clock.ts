/** The clock and the chance of the functions' processes. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../reconcile/ports.ts';

export const systemClock: Clock = {
  now: () => new Date().toISOString(),
  randomHex: (bytes) => randomBytes(bytes).toString('hex'),
};
