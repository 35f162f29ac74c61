/**
 * When the hubs heard of each edge last. Time in which no hub looked counts for nothing: hubs that are away, or whose reports do not arrive, make no edge silent.
 */
import { heardSecondsAgo } from '../../protocol/report.ts';
import { millisecondsOf } from '../../protocol/time.ts';
import type { Store } from '../store/port.ts';
import { present } from './present.ts';

/** Milliseconds since 1970. */
export interface HeardEdge {
  readonly heardAtMs: number;
  /** When a hub that knows the edge reported last: its silence is as long as it was then. */
  readonly lookedAtMs: number;
}

export type HubBatch = NonNullable<Awaited<ReturnType<Store['liveness']>>>;

/** What each hub told last. */
export async function hubBatches(store: Pick<Store, 'list' | 'liveness'>): Promise<readonly HubBatch[]> {
  const hubs = await present(store, 'hub', '*');
  const batches = await Promise.all(hubs.map(({ status }) => store.liveness(status.agent)));
  return batches.flatMap((batch) => batch ?? []);
}

/** By agent; edges that no hub knows are absent. */
export function heardIn(batches: readonly HubBatch[]): ReadonlyMap<string, HeardEdge> {
  const heard = new Map<string, HeardEdge>();
  for (const batch of batches) {
    const lookedAtMs = millisecondsOf(batch.at);
    for (const peer of batch.liveness.peers) {
      const age = heardSecondsAgo(peer);
      if (age === undefined) continue;
      const heardAtMs = lookedAtMs - age * 1_000;
      heard.set(peer.agent, latest(heard.get(peer.agent), { heardAtMs, lookedAtMs }));
    }
  }
  return heard;
}

/** Hubs report every half minute, whatever happens. */
const REQUESTS_MS_MAX = 90_000;

/** Requests a second for the apps of a tenant, by app; of hubs that have told lately. */
export function requestsIn(
  batches: readonly HubBatch[],
  tenant: string,
  nowMs: number,
): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const { at, liveness } of batches) {
    if (nowMs - millisecondsOf(at) > REQUESTS_MS_MAX) continue;
    for (const rate of liveness.requests ?? [])
      if (rate.tenant === tenant) sums.set(rate.app, (sums.get(rate.app) ?? 0) + rate.perSecond);
  }
  return sums;
}

function latest(before: HeardEdge | undefined, now: HeardEdge): HeardEdge {
  return {
    heardAtMs: Math.max(before?.heardAtMs ?? 0, now.heardAtMs),
    lookedAtMs: Math.max(before?.lookedAtMs ?? 0, now.lookedAtMs),
  };
}
