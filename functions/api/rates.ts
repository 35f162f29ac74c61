/**
 * Rate limits of callers, in three classes that take nothing from each other: people and programs, agents (their reports are the heartbeat of the estate), and
 * addresses whose credentials were wrong. Exact for one process. Where several answer, each counts its own: what is before them bounds the sum.
 */
import { type Bucket, isFull, type RateLimit, take } from '../domain/rate.ts';
import { Rejection } from './problems.ts';

export type RateClass = 'user' | 'agent' | 'stranger';

/**
 * An agent reports every few seconds and asks after each nudge; a hub speaks for thousands. A stranger is an address: others may stand behind the same one,
 * with good credentials, so only failures count, and only failures are refused.
 */
export const RATE_LIMITS: Readonly<Record<RateClass, RateLimit>> = {
  user: { perSecond: 100, burst: 1_000 },
  agent: { perSecond: 20, burst: 500 },
  stranger: { perSecond: 1, burst: 60 },
};

/** Callers of a class that are kept apart; beyond that full buckets go first, and then the oldest. */
const BUCKETS_MAX = 10_000;

export interface Rates {
  /** Ends the request with `rate_limited` if the caller has no token left. */
  take(kind: RateClass, caller: string, now: string): void;
}

export function createRates(limits: Readonly<Record<RateClass, RateLimit>>): Rates {
  const buckets: Record<RateClass, Map<string, Bucket>> = {
    user: new Map(),
    agent: new Map(),
    stranger: new Map(),
  };
  return {
    take(kind, caller, now) {
      const nowMs = Date.parse(now);
      const { bucket, waitSeconds } = take(limits[kind], buckets[kind].get(caller), nowMs);
      buckets[kind].delete(caller);
      makeRoom(buckets[kind], limits[kind], nowMs);
      buckets[kind].set(caller, bucket);
      if (waitSeconds > 0) refuseRate(waitSeconds);
    },
  };
}

/** Those who came last stand last. */
function makeRoom(buckets: Map<string, Bucket>, limit: RateLimit, nowMs: number): void {
  if (buckets.size < BUCKETS_MAX) return;
  for (const [caller, bucket] of buckets) if (isFull(limit, bucket, nowMs)) buckets.delete(caller);
  const [oldest] = buckets.keys();
  if (buckets.size >= BUCKETS_MAX && oldest !== undefined) buckets.delete(oldest);
}

function refuseRate(waitSeconds: number): never {
  const detail = `This caller asks too often. Wait ${waitSeconds} s, and ask less often after that.`;
  throw new Rejection({ code: 'rate_limited', detail }, { 'retry-after': String(waitSeconds) });
}
