/** Spends a token: the conditional write by which one key wins. It knows nothing of what the token buys. */
import { redeem } from '../domain/token.ts';
import type { Item } from '../store/port.ts';
import { findLive } from './collection.ts';
import type { CheckedEnrolment } from './enrol.ts';
import { type Cause, nextItem, withEvent } from './item.ts';
import { Rejection, refuse } from './problems.ts';

/** Writers of one token that a request bears; beside rivals there is only the delivery of its audit entries. */
const TRIES_MAX = 10;

/** Ends the request if the token is expired or another key's. */
export function requireRedeemable({ token, statement, now }: CheckedEnrolment): 'fresh' | 'repeat' {
  const facts = { expiresAt: token.status.expiresAt, usedKey: token.internal.usedKey };
  const verdict = redeem(facts, { now, identityKey: statement.identityKey });
  if (typeof verdict === 'object') throw new Rejection(verdict);
  return verdict;
}

/** Marks the token used by this key, for this agent; the same key may do so again. */
export async function spendToken(enrolment: CheckedEnrolment, agent: string): Promise<void> {
  const { desk, statement } = enrolment;
  let token: Item<'token'> | undefined = enrolment.token;
  for (let tries = 0; tries < TRIES_MAX && token !== undefined; tries += 1) {
    const verdict = requireRedeemable({ ...enrolment, token });
    if (verdict === 'repeat' && token.status.usedBy === agent) return;
    const next = spent(token, {
      agent,
      identityKey: statement.identityKey,
      cause: causeOf(enrolment, agent),
    });
    if ((await desk.store.replace(next)) === 'written') return;
    token = await findLive(desk.store, token.key);
  }
  if (token === undefined) refuse('token_invalid', 'The token was deleted. Create a new one.');
  refuse('busy', 'The token is being changed by others. Try again.');
}

export function causeOf({ requestId, now }: CheckedEnrolment, agent: string): Cause {
  return { actor: `agent:${agent}`, requestId, now };
}

interface Spending {
  readonly agent: string;
  readonly identityKey: string;
  readonly cause: Cause;
}

function spent(token: Item<'token'>, { agent, identityKey, cause }: Spending): Item<'token'> {
  const status = { ...token.status, usedBy: agent };
  const internal = { ...token.internal, usedKey: identityKey };
  const deed = { action: 'update', detail: `Token ${token.key.name} enrolled ${agent}.` } as const;
  return withEvent(nextItem(token, { status, internal }, cause), cause, deed);
}
