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
/** The size in use is checked so many times more seldom while nothing passes. */
const IDLE_FACTOR = 12;
/** The pause between attempts to raise doubles while they are in vain, up to so many times the first. */
const RAISE_FACTOR_MAX = 10;

export interface MtuSettings {
  /** How often the size in use is checked while packets pass. */
  readonly verifyMs: number;
  /** How soon larger sizes are tried again, if there are any. */
  readonly raiseMs: number;
}

export interface MtuNow {
  readonly atMs: number;
  /** The verdict of the small probes. */
  readonly isUp: boolean;
  /** Packets other than our own pass. */
  readonly isBusy: boolean;
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
  /** Attempts to raise that changed nothing, since something last changed. */
  readonly vain: number;
}

interface Sweep {
  /** What is tried, the largest first. */
  readonly sizes: readonly number[];
  /** What is taken if none of them gets through. */
  readonly otherwise: number;
  readonly rounds: number;
  /** When the last round was sent. */
  readonly sentMs: number;
  readonly answers: Readonly<Record<number, number>>;
}

const SMALLEST = MTU_SIZES[MTU_SIZES.length - 1] ?? MTU_SIZES[0];

export const UNMEASURED: MtuState = {
  sizeBytes: MTU_SIZES[0],
  isMeasured: false,
  window: [],
  sweptMs: Number.NEGATIVE_INFINITY,
  vain: 0,
};

interface Step {
  readonly state: MtuState;
  /** Sizes of the packets to send. */
  readonly send: readonly number[];
}

/** What to send now. Call it whenever the hub is asked. */
export function tickMtu(state: MtuState, now: MtuNow, settings: MtuSettings): Step {
  // A hub that comes back may come by another way, so nothing was in vain.
  if (!now.isUp)
    return { state: { ...state, sweep: undefined, verify: undefined, window: [], vain: 0 }, send: [] };
  if (state.sweep !== undefined) return tickSweep(state, state.sweep, now.atMs);
  if (!state.isMeasured) return beginSweep(state, now.atMs, { sizes: MTU_SIZES, otherwise: SMALLEST });
  const sizes = MTU_SIZES.filter((size) => size > state.sizeBytes);
  const raiseMs = settings.raiseMs * Math.min(2 ** state.vain, RAISE_FACTOR_MAX);
  if (sizes.length > 0 && now.atMs - state.sweptMs >= raiseMs)
    return beginSweep(state, now.atMs, { sizes, otherwise: state.sizeBytes });
  return tickVerify(state, now, settings);
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

function beginSweep(state: MtuState, atMs: number, tried: Pick<Sweep, 'sizes' | 'otherwise'>): Step {
  const sweep = { ...tried, rounds: 1, sentMs: atMs, answers: {} };
  return {
    state: { ...state, sweep, verify: undefined, window: [], sweptMs: atMs },
    send: sweep.sizes,
  };
}

function tickSweep(state: MtuState, sweep: Sweep, atMs: number): Step {
  if (sweep.rounds < SWEEP_ROUNDS)
    return {
      state: { ...state, sweep: { ...sweep, rounds: sweep.rounds + 1, sentMs: atMs } },
      send: sweep.sizes,
    };
  if (atMs - sweep.sentMs < ANSWER_WAIT_MS) return { state, send: [] };
  const sizeBytes =
    sweep.sizes.find((size) => (sweep.answers[size] ?? 0) >= ANSWERS_NEEDED) ?? sweep.otherwise;
  const vain = sizeBytes === state.sizeBytes ? state.vain + 1 : 0;
  return { state: { ...state, sizeBytes, isMeasured: true, sweep: undefined, vain }, send: [] };
}

/** A check that stays unanswered is repeated soon, whether packets pass or not. */
function tickVerify(state: MtuState, { atMs, isBusy }: MtuNow, { verifyMs }: MtuSettings): Step {
  const { verify } = state;
  const pauseMs =
    verify?.answered === true ? verifyMs * (isBusy ? 1 : IDLE_FACTOR) : Math.min(verifyMs, ANSWER_WAIT_MS);
  if (verify !== undefined && atMs - verify.sentMs < pauseMs) return { state, send: [] };
  const window = [...state.window, ...(verify === undefined ? [] : [verify.answered])].slice(-WINDOW);
  if (window.filter((answered) => !answered).length >= MISSES_NEEDED)
    return beginSweep(state, atMs, { sizes: MTU_SIZES, otherwise: SMALLEST });
  return { state: { ...state, window, verify: { sentMs: atMs, answered: false } }, send: [state.sizeBytes] };
}
