/**
 * The guards that operations are declared with: everyone, a user who may, an agent, a hub. Each answers with a typed
 * principal or ends the request; what a role may do is decided in `functions/domain/authorize.ts`.
 */
import type { Principal } from '../../protocol/key.ts';
import { type Action, mayUser, type ScopeKind } from '../domain/authorize.ts';
import type { Store } from '../store/port.ts';
import type { Guard } from './operation.ts';
import { authenticateUser } from './principal.ts';
import { refuse, refuseIf } from './problems.ts';
import { type Agent, authenticateAgent, type HubAgent } from './signature.ts';

/** A user's guard for an action on a kind, in the tenant of the path or else in the deployment. */
export type UserGuard = (action: Action, kind: ScopeKind) => Guard<Principal>;

export interface Guards {
  /** No credential is looked at: what needs none, and enrolment, whose proof is in its body. */
  readonly anyone: Guard<undefined>;
  /** Any valid key. */
  readonly anyUser: Guard<Principal>;
  readonly user: UserGuard;
  readonly agent: Guard<Agent>;
  readonly hub: Guard<HubAgent>;
}

export function createGuards(store: Store): Guards {
  const user: UserGuard = (action, kind) => ({
    who: 'user',
    problems: ['unauthenticated', 'forbidden', 'not_found'],
    async admit({ request, params }) {
      const principal = await authenticateUser(request.headers.get('authorization'), store);
      const allowed = mayUser(principal, action, { tenant: params['tenant'] ?? '*', kind });
      refuseIf(allowed === true ? undefined : allowed);
      return principal;
    },
  });
  return {
    anyone: { who: 'anyone', problems: [], admit: async () => undefined },
    anyUser: {
      who: 'user',
      problems: ['unauthenticated'],
      admit: ({ request }) => authenticateUser(request.headers.get('authorization'), store),
    },
    user,
    agent: {
      who: 'agent',
      problems: ['unauthenticated', 'clock_skew', 'too_large'],
      admit: (arrival) => authenticateAgent(arrival, store),
    },
    hub: {
      who: 'hub',
      problems: ['unauthenticated', 'clock_skew', 'forbidden', 'too_large'],
      async admit(arrival) {
        const agent = await authenticateAgent(arrival, store);
        return agent.role === 'hub' ? agent : refuse('forbidden', 'Only hubs do this.');
      },
    },
  };
}
