/**
 * The guards that operations are declared with: everyone, a user who may, an agent, a hub. Each answers with a typed
 * principal or ends the request; what a role may do is decided in `functions/domain/authorize.ts`.
 */
import { type Action, type Caller, mayList, type ScopeKind } from '../domain/authorize.ts';
import type { Arrival, Guard } from './operation.ts';
import { authenticateUser, type Credentials } from './principal.ts';
import { refuse, refuseIf } from './problems.ts';
import { mayCall } from './right.ts';
import { type Agent, authenticateAgent, type HubAgent } from './signature.ts';

/** A user's guard for an action on a kind, in the tenant of the path or else in the deployment. */
export type UserGuard = (action: Action, kind: ScopeKind) => Guard<Caller>;

export interface Guards {
  /** No credential is looked at: what needs none, and enrolment, whose proof is in its body. */
  readonly anyone: Guard<undefined>;
  /** Any valid credential, with what it may do everywhere. */
  readonly anyUser: Guard<Caller>;
  /** With what it may do in the tenant that the query names, for what asks about it. */
  readonly user: UserGuard;
  /** Who may see some of a list: what, is for the list to say. */
  readonly list: (kind: ScopeKind) => Guard<Caller>;
  readonly agent: Guard<Agent>;
  readonly hub: Guard<HubAgent>;
}

export function createGuards(credentials: Credentials): Guards {
  const { store } = credentials;
  const callerOf = ({ request }: Arrival, place: string) =>
    authenticateUser(credentials, request.headers.get('authorization'), place);
  const user: UserGuard = (action, kind) => ({
    who: 'user',
    problems: ['unauthenticated', 'forbidden', 'not_found', 'busy'],
    async admit(arrival) {
      // What everybody may read who has a role anywhere.
      const place = kind === 'deployment' ? 'everywhere' : (arrival.params['tenant'] ?? '*');
      const caller = await callerOf(arrival, place);
      const allowed = await mayCall(store, caller, { wish: { action, kind }, arrival });
      refuseIf(allowed === true ? undefined : allowed);
      return caller;
    },
  });
  return {
    anyone: { who: 'anyone', problems: [], admit: async () => undefined },
    anyUser: {
      who: 'user',
      problems: ['unauthenticated', 'busy'],
      admit: (arrival) => callerOf(arrival, 'everywhere'),
    },
    user,
    list: (kind) => ({
      ...user('read', kind),
      async admit(arrival) {
        const tenant = arrival.params['tenant'] ?? '*';
        const caller = await callerOf(arrival, tenant);
        const allowed = mayList(caller, { tenant, kind });
        refuseIf(allowed === true ? undefined : allowed);
        return caller;
      },
    }),
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
