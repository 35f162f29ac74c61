/**
 * How an edge goes over from one WireGuard key to another, leg by leg: first traffic takes another hub, then the leg changes its key, and only when that hub answers the
 * next leg begins. A leg that stays silent goes back. It must not set keys or routes: it says which key each leg should have, and which hub to avoid.
 */

/** A leg on the new key that is silent for so long goes back to the other one. */
export const TRIAL_MS = 15_000;
/** And is tried again after this. */
export const RETRY_MS = 60_000;
/** After the route has moved, packets that are on their way still leave by the leg. */
const CLEAR_MS = 300;
/** What is heard sooner may answer what was asked with the key before. */
const PROOF_MS = 1_000;
/** A reason is told only once it has lasted. */
const REASON_MS = 5_000;

export interface LegSight {
  readonly hub: string;
  /** The key that the leg's device has. */
  readonly key: string | undefined;
  readonly isUp: boolean;
  /** When the hub was last heard, monotonic milliseconds; absent: never. */
  readonly heardMs: number | undefined;
  /** The hub has said that it takes the new key. */
  readonly accepts: boolean;
}

export interface SwitchInput {
  readonly legs: readonly LegSight[];
  readonly active: string | undefined;
  readonly target: string;
  readonly other: string;
  /** Monotonic milliseconds. */
  readonly nowMs: number;
}

interface Since {
  readonly what: string | undefined;
  readonly atMs: number;
}

export interface SwitchState {
  /** The key of each leg, and since when it has it. */
  readonly keys: Readonly<Record<string, Since>>;
  readonly failedMs: Readonly<Record<string, number>>;
  /** The hub that traffic has left. */
  readonly cleared: Since;
  readonly reason: Since;
}

export interface SwitchStep {
  readonly state: SwitchState;
  readonly keyByHub: Readonly<Record<string, string>>;
  readonly avoided?: string | undefined;
  readonly waitsFor?: string | undefined;
  /** Every leg has the new key, and its hub was heard since. */
  readonly isDone: boolean;
}

const NOTHING: Since = { what: undefined, atMs: 0 };
export const NOT_BEGUN: SwitchState = { keys: {}, failedMs: {}, cleared: NOTHING, reason: NOTHING };

export function nextSwitch(before: SwitchState, input: SwitchInput): SwitchStep {
  const { legs, target, other, nowMs } = input;
  const keys = Object.fromEntries(legs.map(({ hub, key }) => [hub, since(before.keys[hub], key, nowMs)]));
  const state = { ...before, keys };
  const silent = legs.filter((leg) => isSilent(leg, state, input));
  const trying = legs.filter((leg) => leg.key === target && !isProven(leg, state) && !silent.includes(leg));
  const failedMs = { ...before.failedMs, ...Object.fromEntries(silent.map(({ hub }) => [hub, nowMs])) };
  const chosen = trying.length === 0 ? choose({ ...state, failedMs }, input) : undefined;
  const cleared = since(before.cleared, chosen?.hub === input.active ? undefined : chosen?.hub, nowMs);
  const isClear = legs.length === 1 || (cleared.what !== undefined && nowMs - cleared.atMs >= CLEAR_MS);
  const keyOf = (leg: LegSight) => {
    if (silent.includes(leg)) return other;
    return leg.key === target || (leg === chosen && isClear) ? target : other;
  };
  const reason = since(before.reason, reasonOf({ ...state, failedMs }, input), nowMs);
  return {
    state: { keys, failedMs, cleared, reason },
    keyByHub: Object.fromEntries(legs.map((leg) => [leg.hub, keyOf(leg)])),
    avoided: (trying[0] ?? chosen)?.hub,
    waitsFor: nowMs - reason.atMs >= REASON_MS ? reason.what : undefined,
    isDone: legs.length > 0 && legs.every((leg) => leg.key === target && isProven(leg, state)),
  };
}

function since(before: Since | undefined, what: string | undefined, nowMs: number): Since {
  return before !== undefined && before.what === what ? before : { what, atMs: nowMs };
}

function isProven({ hub, heardMs, isUp }: LegSight, { keys }: SwitchState): boolean {
  const changedMs = keys[hub]?.atMs ?? Number.POSITIVE_INFINITY;
  return isUp && heardMs !== undefined && heardMs >= changedMs + PROOF_MS;
}

function isSilent({ hub, key, heardMs = 0 }: LegSight, { keys }: SwitchState, input: SwitchInput): boolean {
  const changedMs = keys[hub]?.atMs ?? input.nowMs;
  return key === input.target && input.nowMs - Math.max(changedMs, heardMs) >= TRIAL_MS;
}

/** The leg that is next: one that carries nothing, if there is one; the one that carries traffic only if another can. */
function choose(state: SwitchState, { legs, active, target, nowMs }: SwitchInput): LegSight | undefined {
  const ready = legs.filter(
    (leg) => leg.key !== target && leg.isUp && leg.accepts && !hasFailed(leg, state, nowMs),
  );
  const standby = ready.find(({ hub }) => hub !== active);
  const mayLeave = legs.length === 1 || legs.some(({ hub, isUp }) => hub !== active && isUp);
  return standby ?? (mayLeave ? ready[0] : undefined);
}

function hasFailed({ hub }: LegSight, { failedMs }: SwitchState, nowMs: number): boolean {
  const atMs = failedMs[hub];
  return atMs !== undefined && nowMs - atMs < RETRY_MS;
}

function reasonOf(state: SwitchState, { legs, target, nowMs }: SwitchInput): string | undefined {
  for (const leg of legs) {
    if (leg.key === target && isProven(leg, state)) continue;
    if (hasFailed(leg, state, nowMs)) return `${leg.hub} did not answer it, and is tried again.`;
    if (!leg.isUp && leg.key !== target) return `${leg.hub} is not heard: bring it back, or delete it.`;
    if (!leg.accepts && leg.key !== target)
      return `${leg.hub} does not take it yet: its agent is too old, or has not applied its document.`;
  }
  return undefined;
}
