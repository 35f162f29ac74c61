/**
 * Who should own a VPC's routes. EC2 checks no fencing number, so ownership is an epoch that is written by
 * compare-and-set. Two deciders: each hub, from what it hears of the others several times a second, and the arbiter in
 * the control plane, from the age of their last report. Neither has a clock here; ticks and ages are arguments.
 */
import type { RouteOwner } from '../../protocol/slot.ts';

/** Ticks in a row without a word of the owner, until it is taken for dead. */
export const MISSED_MAX = 4;
/** Ticks that a hub leaves to each one before it in the order of names, while nobody owns the routes. */
export const TURN_TICKS = 25;
/** An owner that has not reported for so long is taken for dead by the arbiter. */
export const SILENT_SECONDS = 90;
/** Who reported within this time is alive. */
export const FRESH_SECONDS = 60;

/** What a hub remembers from one tick to the next. */
export interface ClaimState {
  /** Epoch that it last saw in the table; 0: none. */
  readonly epoch: number;
  /**
   * True once it has heard the owner in that epoch. Without it there is no claim: of two hubs that can't see each other
   * the one that lost ownership would otherwise take it back, in turns for ever.
   */
  readonly armed: boolean;
  /** Ticks in a row without a word of the owner, or without an owner. */
  readonly missed: number;
  readonly owns: boolean;
}

export const FIRST_CLAIM_STATE: ClaimState = { epoch: 0, armed: false, missed: 0, owns: false };

/** What a hub sees at a tick. */
export interface ClaimView {
  readonly self: string;
  /** Names of all hubs with a slot in the VPC, itself included. */
  readonly hubs: readonly string[];
  /** As last read from the table, consistently; undefined: the table has none. Not asked before the first reading. */
  readonly owner: RouteOwner | undefined;
  /** Hubs that answered since the tick before. */
  readonly heard: readonly string[];
  /** Its own timer came late, so that answers may wait unread: nobody is blamed for this tick. */
  readonly late: boolean;
}

/**
 * - `own`: it owns the routes, keep them.
 * - `yield`: it owned them until now; stop writing.
 * - `claim`: write itself as the owner of `epoch`, if `epoch - 1` still stands.
 * - `wait`: somebody else's, or not yet its turn.
 */
export type ClaimDecision =
  | { readonly do: 'own' | 'yield' | 'wait' }
  | { readonly do: 'claim'; readonly epoch: number; readonly reason: string };

export interface Claiming {
  readonly state: ClaimState;
  readonly decision: ClaimDecision;
}

export function claimByHub(state: ClaimState, view: ClaimView): Claiming {
  const { owner, self } = view;
  if (owner === undefined) return claimUnowned(state, view);
  if (owner.hub === self)
    return {
      state: { epoch: owner.epoch, armed: false, missed: 0, owns: true },
      decision: { do: 'own' },
    };
  const next = listen(state, view, owner);
  if (state.owns) return { state: next, decision: { do: 'yield' } };
  if (!next.armed || next.missed < MISSED_MAX) return { state: next, decision: { do: 'wait' } };
  const reason = `${self} no longer hears ${owner.hub}`;
  return { state: next, decision: { do: 'claim', epoch: owner.epoch + 1, reason } };
}

function listen(state: ClaimState, view: ClaimView, owner: RouteOwner): ClaimState {
  const known = state.epoch === owner.epoch && !state.owns;
  const hears = view.heard.includes(owner.hub);
  return {
    epoch: owner.epoch,
    armed: hears || (known && state.armed),
    missed: hears || view.late || !known ? 0 : state.missed + 1,
    owns: false,
  };
}

/** The first by name claims at once, each later one after its turn, so that one of them alone tries. */
function claimUnowned(state: ClaimState, { self, hubs, late }: ClaimView): Claiming {
  // Something was there before: the table was restored from an older state, so it begins again.
  const before = state.epoch > 0 ? 0 : state.missed;
  const turn = [...hubs].sort().indexOf(self);
  const missed = late ? before : before + 1;
  const isDue = turn >= 0 && missed > turn * TURN_TICKS;
  const decision: ClaimDecision = isDue
    ? { do: 'claim', epoch: 1, reason: `${self} is the first hub here` }
    : { do: 'wait' };
  return { state: { ...FIRST_CLAIM_STATE, missed }, decision };
}

/** A hub as the control plane knows it. */
export interface HubLiveness {
  readonly name: string;
  readonly enrolled: boolean;
  /** Since its last report; undefined: there is none. */
  readonly ageSeconds: number | undefined;
}

export type Arbitration =
  | { readonly do: 'keep' }
  | { readonly do: 'claim'; readonly hub: string; readonly epoch: number; readonly reason: string };

/** Moves ownership only from an owner that is silent, or gone, to a hub that is not. */
export function arbitrate(owner: RouteOwner | undefined, hubs: readonly HubLiveness[]): Arbitration {
  const current = hubs.find((hub) => hub.name === owner?.hub);
  const [heir] = hubs
    .filter((hub) => hub !== current && isFresh(hub))
    .map((hub) => hub.name)
    .sort();
  const why = owner === undefined ? 'nobody owned the routes' : faultOf(owner.hub, current);
  if (heir === undefined || why === undefined) return { do: 'keep' };
  return { do: 'claim', hub: heir, epoch: (owner?.epoch ?? 0) + 1, reason: `The control plane: ${why}` };
}

function isFresh({ enrolled, ageSeconds }: HubLiveness): boolean {
  return enrolled && ageSeconds !== undefined && ageSeconds <= FRESH_SECONDS;
}

/** Why the owner can't go on, in words; undefined if it can. */
function faultOf(name: string, hub: HubLiveness | undefined): string | undefined {
  if (hub === undefined) return `${name} is no hub of this VPC any more`;
  if (!hub.enrolled) return `${name} is not enrolled`;
  if (hub.ageSeconds === undefined) return `${name} has never reported`;
  return hub.ageSeconds >= SILENT_SECONDS
    ? `${name} has been silent for ${hub.ageSeconds} seconds`
    : undefined;
}
