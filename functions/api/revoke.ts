/**
 * Ends enrolment tokens. A used one still gives its own key the same answer again, so it must not outlive the agent, the
 * site or the hub that it was for: it would bring back what was removed.
 */
import type { Item, Store } from '../store/port.ts';
import { allLive } from './dependent.ts';
import { type Cause, nextItem, withEvent } from './item.ts';
import { refuse } from './problems.ts';

export interface Revocation {
  /** `*` for hubs' tokens. */
  readonly tenant: string;
  readonly revokes: (token: Item<'token'>) => boolean;
}

export async function revokeTokens(
  store: Store,
  { tenant, revokes }: Revocation,
  cause: Cause,
): Promise<void> {
  const tokens = await allLive(store, { kind: 'token', tenant });
  for (const token of tokens.filter(revokes)) {
    const deed = {
      action: 'delete',
      detail: `Revoked token ${token.key.name} with what it was for.`,
    } as const;
    const next = withEvent({ ...nextItem(token, {}, cause), deletedAt: cause.now }, cause, deed);
    if ((await store.replace(next)) === 'stale')
      refuse('busy', `The token ${token.key.name} is being used right now. Try again.`);
  }
}
