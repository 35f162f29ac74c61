/** Enrolment tokens: one-off, and the same key may ask again. The conditional write that marks it used is the table's. */
import type { Refusal } from '../../protocol/problem.ts';
import { isBefore } from '../../protocol/time.ts';

/**
 * `fresh`: mark it used by this key, then enrol. `repeat`: this very key redeemed it, so give the same answer, also
 * after it has expired: the first answer may have been lost. `now` and `expiresAt` are ISO 8601 in UTC.
 */
export function redeem(
  token: { readonly expiresAt: string; readonly usedKey?: string | undefined },
  request: { readonly now: string; readonly identityKey: string },
): 'fresh' | 'repeat' | Refusal {
  if (token.usedKey === request.identityKey) return 'repeat';
  if (token.usedKey !== undefined)
    return { code: 'token_used', detail: 'Another agent enrolled with this token; create a new one.' };
  if (isBefore(request.now, token.expiresAt)) return 'fresh';
  return { code: 'token_expired', detail: `The token expired at ${token.expiresAt}; create a new one.` };
}
