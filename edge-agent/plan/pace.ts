/**
 * How often a hub is asked, and from when its silence counts. Probes are most of what an idle tunnel sends, so a question is rare while
 * nothing is at stake; but a hub is found down by questions of every round alone. It must not send probes, nor judge.
 */
import type { HubPath } from './path.ts';

/** Half of what a hub waits before it takes a leg for lost (`LEG_LOST_MS`): one lost question, and the next, stay below. */
const IDLE_MS = 500;
/** A hub whose answers take longer is asked in every round: after a lost question the next one would come too late. */
const WAIT_TO_REST_MS_MAX = 300;
/** An answer may take so much longer than the last one. */
const WAIT_FACTOR = 1.25;
const WAIT_MS_MAX = 2_000;

/** As many open questions as the longest wait can hold, at the shortest interval. */
const OPEN_MAX = 128;

export interface PaceSettings {
  readonly probeIntervalMs: number;
  /** A standby that answers is asked in every so manieth round. */
  readonly standbyEvery: number;
}

/** What was asked of one hub, and what it answered. */
export interface Asking {
  /** Rounds in a row, up to the last one, in which it was asked as one that carries packets or is in doubt. */
  readonly roundsAsked: number;
  /** Rounds since it was asked. */
  readonly roundsRested: number;
  /** In the round that ends now. */
  readonly isAnswered: boolean;
  /** When questions went out that nothing has answered since, the oldest first. */
  readonly open: readonly number[];
  /** How long the last answer took. */
  readonly rttMs: number | undefined;
}

export interface PaceNow {
  readonly atMs: number;
  /** Packets other than our own pass the tunnels. */
  readonly isBusy: boolean;
  readonly isActive: boolean;
  readonly path: HubPath;
}

export const NOT_ASKED: Asking = {
  roundsAsked: 0,
  roundsRested: 0,
  isAnswered: false,
  open: [],
  rttMs: undefined,
};

/** True if silence counts: the hub was asked in so many rounds in a row that an answer should have come in this one. */
export function isJudged({ roundsAsked, rttMs }: Asking, probeIntervalMs: number): boolean {
  return roundsAsked >= waitRounds(rttMs, probeIntervalMs);
}

/** Begins a round: whether to ask in it. */
export function nextAsking(
  asking: Asking,
  now: PaceNow,
  settings: PaceSettings,
): { readonly asking: Asking; readonly isDue: boolean } {
  const every = roundsBetween(asking, now, settings);
  const isDue = asking.roundsRested + 1 >= every;
  const open = isDue ? [...asking.open, now.atMs].slice(0, OPEN_MAX) : asking.open;
  const roundsAsked = every === 1 ? asking.roundsAsked + 1 : 0;
  const roundsRested = isDue ? 0 : asking.roundsRested + 1;
  return { asking: { roundsAsked, roundsRested, isAnswered: false, open, rttMs: asking.rttMs }, isDue };
}

/** The question that was sent at this time is answered, and so are those before it. */
export function answered(asking: Asking, sentMs: number): Asking {
  return { ...asking, isAnswered: true, open: asking.open.filter((openMs) => openMs > sentMs) };
}

/** Rounds from one question to the next while nothing passes. */
export function idleEvery(probeIntervalMs: number): number {
  return Math.max(1, Math.floor(IDLE_MS / probeIntervalMs));
}

/** 1: in every round. */
function roundsBetween(asking: Asking, now: PaceNow, settings: PaceSettings): number {
  const { probeIntervalMs, standbyEvery } = settings;
  const { state, misses } = now.path;
  const isCertain = state === 'up' && misses === 0 && !isOverdue(asking, now.atMs, probeIntervalMs);
  const isQuick = waitRounds(asking.rttMs, probeIntervalMs) * probeIntervalMs <= WAIT_TO_REST_MS_MAX;
  if (!isCertain || !isQuick) return 1;
  if (!now.isBusy) return idleEvery(probeIntervalMs);
  return now.isActive ? 1 : standbyEvery;
}

/** Timers are not exact, hence half a round. */
function isOverdue({ open, rttMs }: Asking, atMs: number, probeIntervalMs: number): boolean {
  const [oldestMs] = open;
  const waitMs = (waitRounds(rttMs, probeIntervalMs) - 0.5) * probeIntervalMs;
  return oldestMs !== undefined && atMs - oldestMs > waitMs;
}

/** Rounds that an answer may take, at least one. */
function waitRounds(rttMs: number | undefined, probeIntervalMs: number): number {
  const waitMs = Math.min((rttMs ?? 0) * WAIT_FACTOR, WAIT_MS_MAX);
  return Math.max(1, Math.ceil(waitMs / probeIntervalMs));
}
