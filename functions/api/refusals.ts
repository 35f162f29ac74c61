/**
 * Refused writes in the audit log. Nobody can fill it with them: of a caller's refusals in a minute the first is told, then the tenth, the hundredth and so on,
 * each with how many there were. The count is of this process; where several answer, each tells its own.
 */
import type { Event, EventActor } from '../../protocol/event.ts';
import type { Refusal } from '../../protocol/problem.ts';
import { type Caller, callerId } from '../domain/authorize.ts';
import type { Store } from '../store/port.ts';
import type { Arrival } from './operation.ts';
import type { Wish } from './right.ts';

/** Callers that are told apart within a minute; all others count as one. */
const CALLERS_MAX = 1_000;
const DETAIL_MAX = 400;
const MINUTE_DIGITS = 16;

export interface RefusedWrite {
  readonly arrival: Arrival;
  readonly wish: Wish;
  /** Undefined if nobody was found behind the credential. */
  readonly caller: Caller | undefined;
  readonly refusal: Refusal;
}

export type RecordRefusal = (refused: RefusedWrite) => Promise<void>;

export function createRefusalRecord(store: Pick<Store, 'writeEvent'>): RecordRefusal {
  const counts = new Map<string, number>();
  let minute = '';
  return async (refused) => {
    if (refused.arrival.request.method === 'GET') return;
    const now = refused.arrival.now.slice(0, MINUTE_DIGITS);
    if (now !== minute) counts.clear();
    minute = now;
    const who = JSON.stringify(refused.caller === undefined ? [] : callerId(refused.caller));
    const key = counts.has(who) || counts.size < CALLERS_MAX ? who : 'others';
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    if (/^10*$/.test(String(count))) await store.writeEvent(eventOf(refused, count));
  };
}

/** In the log of the tenant where it was forbidden; of what the caller may not even see, in his own. */
function tenantOf({ arrival, caller, refusal }: RefusedWrite): string {
  if (caller === undefined) return '*';
  const asked = arrival.params['tenant'] ?? '*';
  const isHidden = refusal.code === 'not_found' || (asked === '*' && caller.tenant !== '*');
  return isHidden ? caller.tenant || '*' : asked;
}

function eventOf(refused: RefusedWrite, count: number): Event {
  const { arrival, wish, caller, refusal } = refused;
  const name = arrival.params[wish.kind] ?? '';
  const times = count === 1 ? '' : ` This was refused write ${count} of the caller within the minute.`;
  return {
    id: `${arrival.requestId}-refused`,
    time: arrival.now,
    tenant: tenantOf(refused),
    actor: caller === undefined ? 'nobody' : actorOf(caller),
    action: 'refuse',
    kind: wish.kind,
    name,
    detail:
      `Refused to ${wish.action} ${wish.kind}${name === '' ? '' : ` ${name}`}: ${refusal.detail}${times}`.slice(
        0,
        DETAIL_MAX,
      ),
    request: arrival.requestId,
    result: 'refused',
    by: caller === undefined ? { kind: 'nobody', name: '' } : actorOfCaller(caller),
    ...(arrival.source === undefined ? {} : { from: arrival.source }),
  };
}

export function actorOf({ kind, name, subject }: Caller): string {
  return `${kind}:${kind === 'key' ? name : (subject ?? name)}`;
}

export function actorOfCaller({ kind, name, tenant, issuer, subject }: Caller): EventActor {
  return kind === 'key'
    ? { kind, name, tenant }
    : {
        kind,
        name,
        ...(issuer === undefined ? {} : { issuer }),
        ...(subject === undefined ? {} : { subject }),
      };
}
