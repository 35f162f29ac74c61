/**
 * What the isolation switch of a tenant shows, by what the API says of it: which edges and hubs hold it, and which are not seen to. It is never settled while one of
 * them is not.
 */
import type { ConditionFacts } from './facts.ts';

const REASONS = {
  Compiling: 'compiling',
  Applying: 'behind',
  Refused: 'refused',
  Silent: 'silent',
  Proving: 'proving',
  Passed: 'leaks',
  Unreached: 'unreached',
  Uncounted: 'uncounted',
} as const;
export type WaitReason = (typeof REASONS)[keyof typeof REASONS];

export interface Waiting {
  /** Condition that says so. */
  readonly type: string;
  readonly agent: string;
  readonly reason: WaitReason;
  /** When the evidence for it is from. */
  readonly since: string;
}

export type SwitchState =
  /** `proved`: edges whose packets were refused and counted while a control probe was answered. */
  | {
      readonly kind: 'settled';
      readonly isolated: boolean;
      readonly agents: number;
      readonly proved: number;
    }
  /** It does not hold: an agent refused its document, or packets passed. */
  | { readonly kind: 'broken'; readonly isolated: true; readonly waiting: readonly Waiting[] }
  | { readonly kind: 'applying'; readonly isolated: true; readonly waiting: readonly Waiting[] }
  /** No agent can carry the rules yet, so nothing flows that could be isolated. */
  | { readonly kind: 'without-agents'; readonly isolated: true };

/** `conditions`: of the tenant. */
export function switchState(
  isolation: 'open' | 'isolated',
  conditions: readonly ConditionFacts[],
): SwitchState {
  if (isolation === 'open') return { kind: 'settled', isolated: false, agents: 0, proved: 0 };
  const together = conditions.find(({ type }) => type === 'Isolated');
  const each = conditions.filter(({ type }) => type.startsWith('Isolated/'));
  if (together?.reason === 'NothingJoined') return { kind: 'without-agents', isolated: true };
  const waiting = each.filter(({ status }) => status !== 'True').map(waitFor);
  if (together?.status === 'True' && waiting.length === 0)
    return {
      kind: 'settled',
      isolated: true,
      agents: each.length,
      proved: each.filter(({ reason }) => reason === 'Proved').length,
    };
  const kind = together?.status === 'False' ? 'broken' : 'applying';
  return { kind, isolated: true, waiting };
}

function waitFor({ type, reason, lastTransitionTime }: ConditionFacts): Waiting {
  const known = Object.entries(REASONS).find(([name]) => name === reason);
  return {
    type,
    agent: type.slice(type.lastIndexOf('/') + 1),
    reason: known?.[1] ?? 'compiling',
    since: lastTransitionTime,
  };
}
