/**
 * What trials of an isolation show, and when to try again. A trial asks another site by the control port and by the judged one at the same time, and reads what the
 * firewalls refused before and after. It must not send anything. See `protocol/proof.ts`.
 */
import type { Proof } from '../../protocol/report.ts';

export type Verdict = Proof['verdict'];

/** What the firewalls say that they have refused between two addresses; undefined: not answered. */
export interface RefusedCounts {
  /** Of the hub that this edge's packets pass. */
  readonly hub: number | undefined;
  /** Of the other edge; its answer is the control probe's as well. */
  readonly peer: number | undefined;
}

export interface Trial {
  readonly before: RefusedCounts;
  readonly after: RefusedCounts;
  /** An answer came by the judged port, on a flow that began in this trial. */
  readonly freshAnswered: boolean;
  /** The same, on the flow that runs all the time. */
  readonly runningAnswered: boolean;
}

export interface ProofState {
  readonly verdict: Verdict;
  readonly cut: boolean;
  /** When the running flow was last answered. */
  readonly ranMs?: number | undefined;
  /** Since the isolation was told here, or this peer. */
  readonly toldMs: number;
  /** Trials in a row that showed no refusal. */
  readonly failed: number;
}

/** Hubs and edges apply their documents each in its time: what passes within it may be what was open before. */
export const APPLY_MS_MAX = 10_000;
/** A lost packet is no change: so many trials must fail before a proof is given up. */
const FAILED_MAX = 3;
/** A flow that was answered this lately was running; it is kept alive every half minute. */
const RAN_MS_MAX = 90_000;

const EAGER_MS = 250;
const EAGER_FOR_MS = 30_000;
const DOUBTFUL_MS = 5_000;
const SETTLED_MS = 60_000;
const OPEN_MS = 30_000;
/** Whoever joined may need a moment before it answers at all. */
const OPEN_EAGER_MS = 1_000;

export function beginProof(toldMs: number, ranMs?: number): ProofState {
  return { verdict: 'pending', cut: false, ranMs, toldMs, failed: 0 };
}

/** What one trial shows by itself. */
export function verdictOf(trial: Trial): Exclude<Verdict, 'pending'> {
  if (trial.freshAnswered || trial.runningAnswered) return 'passed';
  if (trial.before.peer === undefined || trial.after.peer === undefined) return 'unreached';
  return hasMoved(trial.before.hub, trial.after.hub) || hasMoved(trial.before.peer, trial.after.peer)
    ? 'refused'
    : 'uncounted';
}

/** A firewall that is loaded anew counts from zero. */
function hasMoved(before: number | undefined, after: number | undefined): boolean {
  return before !== undefined && after !== undefined && after > 0 && after !== before;
}

/** After a trial while the tenant is isolated. */
export function afterTrial(state: ProofState, trial: Trial, atMs: number): ProofState {
  const verdict = verdictOf(trial);
  const ranMs = trial.runningAnswered ? atMs : state.ranMs;
  if (verdict === 'refused') {
    const wasRunning = ranMs !== undefined && state.toldMs - ranMs <= RAN_MS_MAX;
    return { ...state, ranMs, verdict, cut: state.cut || wasRunning, failed: 0 };
  }
  const failed = state.failed + 1;
  const isEarly = atMs - state.toldMs < APPLY_MS_MAX;
  const isKept = verdict === 'passed' ? isEarly : isEarly || failed < FAILED_MAX;
  if (isKept) return { ...state, ranMs, failed };
  return { ...state, ranMs, verdict, failed };
}

/** After a trial while the tenant is open: only whether a flow runs is of interest. */
export function afterOpenTrial(state: ProofState, runningAnswered: boolean, atMs: number): ProofState {
  return runningAnswered ? { ...state, ranMs: atMs } : state;
}

/** How long to rest after a trial. */
export function restMs(states: readonly ProofState[], atMs: number, isolated: boolean): number {
  if (!isolated) {
    const isNew = states.some(({ ranMs, toldMs }) => ranMs === undefined && atMs - toldMs < EAGER_FOR_MS);
    return isNew ? OPEN_EAGER_MS : OPEN_MS;
  }
  const inDoubt = states.filter(({ verdict, failed }) => verdict !== 'refused' || failed > 0);
  if (inDoubt.length === 0) return SETTLED_MS;
  const isNew = inDoubt.some(({ toldMs, verdict }) => verdict === 'refused' || atMs - toldMs < EAGER_FOR_MS);
  return isNew ? EAGER_MS : DOUBTFUL_MS;
}
