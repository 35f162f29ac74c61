/** The one timer of the reconcile steps: a jittered wait between two tries of a conditional write. */
import type { Clock } from './ports.ts';

const PAUSE_MS = 8;
const PAUSE_MS_MAX = 250;

/** Resolves after a wait. */
export type Pause = (milliseconds: number) => Promise<void>;

export function pauseByTimer(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}

/** How long to wait after so many conflicts: full jitter under a ceiling that doubles. */
export function jitterMs(conflicts: number, clock: Pick<Clock, 'randomHex'>): number {
  const ceiling = Math.min(PAUSE_MS * 2 ** conflicts, PAUSE_MS_MAX);
  return Math.floor((ceiling * Number.parseInt(clock.randomHex(1), 16)) / 256);
}
