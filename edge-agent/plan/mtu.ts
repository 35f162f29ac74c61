/**
 * The largest packet that gets through a tunnel in both directions, from the answers to padded probes. Routers on
 * the way may swallow what is too large without a word, so nothing but an answer counts. It must not send anything.
 */

/** Sizes of inner IP packets, the largest first; the last one is what every IPv6-capable path carries. */
export const MTU_SIZES = [1420, 1380, 1340, 1300, 1280] as const;

const SWEEP_ROUNDS = 5;
const ANSWERS_NEEDED = 3;
const WINDOW = 5;
const MISSES_NEEDED = 3;
const ANSWER_WAIT_MS = 1_000;

export interface MtuSettings {
  /** How often the size in use is checked. */
  readonly verifyMs: number;
  /** How often larger sizes are tried again. */
  readonly raiseMs: number;
}

export interface MtuState {
  readonly sizeBytes: number;
  /** True once a sweep has decided. */
  readonly isMeasured: boolean;
  readonly sweep?: Sweep | undefined;
  readonly verify?: { readonly sentMs: number; readonly answered: boolean } | undefined;
  /** Outcomes of the last checks of the size in use; true is an answer. */
  readonly window: readonly boolean[];
  readonly sweptMs: number;
}

interface Sweep {
  readonly rounds: number;
  /** When the last round was sent. */
  readonly sentMs: number;
  readonly answers: Readonly<Record<number, number>>;
}

export const UNMEASURED: MtuState = {
  sizeBytes: MTU_SIZES[0],
  isMeasured: false,
  window: [],
  sweptMs: Number.NEGATIVE_INFINITY,
};

/** What to send now. Call it once a probe interval; `isUp` is the verdict of the small probes. */
export function tickMtu(
  state: MtuState,
  now: { readonly atMs: number; readonly isUp: boolean },
  settings: MtuSettings,
): { readonly state: MtuState; readonly send: readonly number[] } {
  if (!now.isUp) return { state: { ...state, sweep: undefined, verify: undefined, window: [] }, send: [] };
  if (state.sweep !== undefined) return tickSweep(state, state.sweep, now.atMs);
  if (!state.isMeasured || now.atMs - state.sweptMs >= settings.raiseMs) return beginSweep(state, now.atMs);
  return tickVerify(state, now.atMs, settings);
}

/** A padded probe of this size came back. */
export function answeredMtu(state: MtuState, sizeBytes: number): MtuState {
  if (state.sweep !== undefined) {
    const answers = { ...state.sweep.answers, [sizeBytes]: (state.sweep.answers[sizeBytes] ?? 0) + 1 };
    return { ...state, sweep: { ...state.sweep, answers } };
  }
  if (state.verify === undefined || sizeBytes !== state.sizeBytes) return state;
  return { ...state, verify: { ...state.verify, answered: true } };
}

function beginSweep(
  state: MtuState,
  atMs: number,
): { readonly state: MtuState; readonly send: readonly number[] } {
  const sweep = { rounds: 1, sentMs: atMs, answers: {} };
  return { state: { ...state, sweep, verify: undefined, window: [], sweptMs: atMs }, send: MTU_SIZES };
}

function tickSweep(
  state: MtuState,
  sweep: Sweep,
  atMs: number,
): { readonly state: MtuState; readonly send: readonly number[] } {
  if (sweep.rounds < SWEEP_ROUNDS)
    return {
      state: { ...state, sweep: { ...sweep, rounds: sweep.rounds + 1, sentMs: atMs } },
      send: MTU_SIZES,
    };
  if (atMs - sweep.sentMs < ANSWER_WAIT_MS) return { state, send: [] };
  const smallest = MTU_SIZES[MTU_SIZES.length - 1] ?? MTU_SIZES[0];
  const sizeBytes = MTU_SIZES.find((size) => (sweep.answers[size] ?? 0) >= ANSWERS_NEEDED) ?? smallest;
  return { state: { ...state, sizeBytes, isMeasured: true, sweep: undefined }, send: [] };
}

function tickVerify(
  state: MtuState,
  atMs: number,
  settings: MtuSettings,
): { readonly state: MtuState; readonly send: readonly number[] } {
  const { verify } = state;
  if (verify !== undefined && atMs - verify.sentMs < settings.verifyMs) return { state, send: [] };
  const window = [...state.window, ...(verify === undefined ? [] : [verify.answered])].slice(-WINDOW);
  if (window.filter((answered) => !answered).length >= MISSES_NEEDED) return beginSweep(state, atMs);
  return { state: { ...state, window, verify: { sentMs: atMs, answered: false } }, send: [state.sizeBytes] };
}
