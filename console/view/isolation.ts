/**
 * What the isolation switch of a tenant shows. The API says what is wished and what each agent reported; this only asks whether every report is newer than
 * the wish. It must never show a state as settled on the word of an agent that was not heard since.
 */
import { isBefore, secondsOf } from '../../protocol/time.ts';
import type { AgentFacts, ConditionFacts } from './facts.ts';

/** A document is compiled a moment after the wish is stored, so that a report from within this moment may be about the one before. */
export const COMPILE_SECONDS_MAX = 5;

export type WaitReason = 'silent' | 'behind' | 'refused' | 'not-heard-since';

export interface Waiting {
  readonly agent: string;
  readonly reason: WaitReason;
  /** When the evidence for it is from. */
  readonly since: string;
}

export type SwitchState =
  | { readonly kind: 'settled'; readonly isolated: boolean; readonly agents: number }
  | { readonly kind: 'applying'; readonly isolated: boolean; readonly waiting: readonly Waiting[] }
  /** No agent can carry the rules yet, so nothing flows that could be isolated. */
  | { readonly kind: 'without-agents'; readonly isolated: boolean };

export interface Wish {
  readonly isolation: 'open' | 'isolated';
  /** When the tenant was last written. */
  readonly writtenAt: string;
}

export function switchState(wish: Wish, agents: readonly AgentFacts[]): SwitchState {
  const isolated = wish.isolation === 'isolated';
  const carrying = agents.filter(carries);
  if (carrying.length === 0) return { kind: 'without-agents', isolated };
  const waiting = carrying.flatMap((agent) => waitFor(agent, wish.writtenAt));
  if (waiting.length > 0) return { kind: 'applying', isolated, waiting };
  return { kind: 'settled', isolated, agents: carrying.length };
}

/** An edge without approval, or a hub that nobody enrolled as, has no tunnel. */
function carries({ conditions }: AgentFacts): boolean {
  const first = find(conditions, 'Approved') ?? find(conditions, 'Enrolled');
  return first?.status === 'True';
}

function waitFor({ name, conditions }: AgentFacts, writtenAt: string): Waiting[] {
  const heard = find(conditions, 'Connected') ?? find(conditions, 'Reporting');
  if (heard?.status !== 'True')
    return [{ agent: name, reason: 'silent', since: heard?.lastTransitionTime ?? writtenAt }];
  const applied = find(conditions, 'Applied');
  const since = applied?.lastTransitionTime ?? writtenAt;
  if (applied?.reason === 'Refused') return [{ agent: name, reason: 'refused', since }];
  if (applied?.status !== 'True') return [{ agent: name, reason: 'behind', since }];
  const surely = secondsOf(writtenAt) + COMPILE_SECONDS_MAX;
  if (isBefore(since, writtenAt) || secondsOf(since) < surely)
    return [{ agent: name, reason: 'not-heard-since', since }];
  return [];
}

function find(conditions: readonly ConditionFacts[], type: string): ConditionFacts | undefined {
  return conditions.find((condition) => condition.type === type);
}
