/**
 * The guards that operations are declared with: everyone, a user who may, an agent, a hub. Each answers with a typed
 * principal or ends the request; what a role may do is decided in `functions/domain/authorize.ts`.
 */
import { type Action, type Caller, mayList, type ScopeKind } from '../domain/authorize.ts';
import type { Store } from '../store/port.ts';
import type { Arrival, Guard } from './operation.ts';
import { authenticateUser, type Credentials } from './principal.ts';
import { Rejection, refuse, refuseIf } from './problems.ts';
import { createRefusalRecord } from './refusals.ts';
import { mayCall, type Wish } from './right.ts';
import { type Agent, authenticateAgent, type HubAgent } from './signature.ts';

/** A user's guard for an action on a kind, in the tenant of the path or else in the deployment. */
export type UserGuard = (action: Action, kind: ScopeKind) => Guard<Caller>;

export interface Guards {
  /** No credential is looked at: what needs none, and enrolment, whose proof is in its body. */
  readonly anyone: Guard<undefined>;
  /** Any valid credential, with what it may do everywhere. */
  readonly anyUser: Guard<Caller>;
  readonly user: UserGuard;
  /** Who may see some of a list: what, is for the list to say. */
  readonly list: (kind: ScopeKind) => Guard<Caller>;
  readonly agent: Guard<Agent>;
  readonly hub: Guard<HubAgent>;
}

export function createGuards(credentials: Credentials): Guards {
  const { store } = credentials;
  const record = createRefusalRecord(store);
  const callerOf = ({ request }: Arrival, place: string) =>
    authenticateUser(credentials, request.headers.get('authorization'), place);
  const known = async (arrival: Arrival, wish: Wish): Promise<Caller> => {
    // What everybody may read who has a role anywhere.
    const place = wish.kind === 'deployment' ? 'everywhere' : (arrival.params['tenant'] ?? '*');
    try {
      return await callerOf(arrival, place);
    } catch (error) {
      if (error instanceof Rejection && error.refusal.code === 'unauthenticated')
        await record({ arrival, wish, caller: undefined, refusal: error.refusal });
      throw error;
    }
  };
  const user: UserGuard = (action, kind) => ({
    who: 'user',
    problems: ['unauthenticated', 'forbidden', 'not_found', 'busy'],
    async admit(arrival) {
      const wish = { action, kind };
      const caller = await known(arrival, wish);
      const allowed = await mayCall(store, caller, { wish, arrival });
      if (allowed === true) return caller;
      await record({ arrival, wish, caller, refusal: allowed });
      throw new Rejection(allowed);
    },
    refused: (arrival, caller, refusal) => record({ arrival, wish: { action, kind }, caller, refusal }),
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
        const caller = await known(arrival, { action: 'read', kind });
        const allowed = mayList(caller, { tenant, kind });
        refuseIf(allowed === true ? undefined : allowed);
        return caller;
      },
    }),
    ...agentGuards(store),
  };
}

function agentGuards(store: Store): Pick<Guards, 'agent' | 'hub'> {
  return {
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
