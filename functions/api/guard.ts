/**
 * The guards that operations are declared with: everyone, a user who may, an agent, a hub. Each answers with a typed
 * principal or ends the request; what a role may do is decided in `functions/domain/authorize.ts`.
 */
import { type Action, type Caller, callerId, mayList, type ScopeKind } from '../domain/authorize.ts';
import type { Arrival, Guard } from './operation.ts';
import { authenticateUser, type Credentials } from './principal.ts';
import { Rejection, refuse, refuseIf } from './problems.ts';
import type { Rates } from './rates.ts';
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
  /** Who may see some of a list, of one of these kinds: what, is for the list to say. */
  readonly list: (kind: ScopeKind, ...others: readonly ScopeKind[]) => Guard<Caller>;
  readonly agent: Guard<Agent>;
  readonly hub: Guard<HubAgent>;
}

export type GuardDependencies = Credentials & { readonly rates?: Rates | undefined };

export function createGuards(dependencies: GuardDependencies): Guards {
  const { store, rates } = dependencies;
  const record = createRefusalRecord(store);
  const callerOf = async (arrival: Arrival, place: string): Promise<Caller> => {
    const authorization = arrival.request.headers.get('authorization');
    const caller = await limited(arrival, rates, () => authenticateUser(dependencies, authorization, place));
    rates?.take('user', JSON.stringify(callerId(caller)), arrival.now);
    return caller;
  };
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
    problems: ['unauthenticated', 'forbidden', 'not_found', 'rate_limited', 'busy'],
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
      problems: ['unauthenticated', 'rate_limited', 'busy'],
      admit: (arrival) => callerOf(arrival, 'everywhere'),
    },
    user,
    list: (kind, ...others) => ({
      ...user('read', kind),
      async admit(arrival) {
        const tenant = arrival.params['tenant'] ?? '*';
        const caller = await known(arrival, { action: 'read', kind });
        const answers = [kind, ...others].map((one) => mayList(caller, { tenant, kind: one }));
        const [refused] = answers.filter((answer) => answer !== true);
        refuseIf(answers.includes(true) ? undefined : refused);
        return caller;
      },
    }),
    ...agentGuards(dependencies),
  };
}

/** An address that sends wrong credentials too often is told so. Good ones are let in all the same: others may stand behind the same address. */
async function limited<T>(
  arrival: Arrival,
  rates: Rates | undefined,
  authenticate: () => Promise<T>,
): Promise<T> {
  const { source, now } = arrival;
  if (rates === undefined || source === undefined) return authenticate();
  try {
    return await authenticate();
  } catch (error) {
    if (error instanceof Rejection && error.refusal.code === 'unauthenticated')
      rates.take('stranger', source, now);
    throw error;
  }
}

function agentGuards({ store, rates }: GuardDependencies): Pick<Guards, 'agent' | 'hub'> {
  const agentOf = async (arrival: Arrival): Promise<Agent> => {
    const agent = await limited(arrival, rates, () => authenticateAgent(arrival, store));
    rates?.take('agent', agent.id, arrival.now);
    return agent;
  };
  return {
    agent: {
      who: 'agent',
      problems: ['unauthenticated', 'clock_skew', 'too_large', 'rate_limited'],
      admit: agentOf,
    },
    hub: {
      who: 'hub',
      problems: ['unauthenticated', 'clock_skew', 'forbidden', 'too_large', 'rate_limited'],
      async admit(arrival) {
        const agent = await agentOf(arrival);
        return agent.role === 'hub' ? agent : refuse('forbidden', 'Only hubs do this.');
      },
    },
  };
}
