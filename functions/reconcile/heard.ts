/**
 * When the hubs heard of each edge last. Time in which no hub looked counts for nothing: hubs that are away, or whose reports do not arrive, make no edge silent.
 */
import { secondsOf } from '../../protocol/time.ts';
import type { Store } from '../store/port.ts';
import { present } from './estate.ts';

/** Milliseconds since 1970. */
export interface HeardEdge {
  readonly heardAtMs: number;
  /** When a hub that knows the edge reported last: its silence is as long as it was then. */
  readonly lookedAtMs: number;
}

/** By agent; edges that no hub knows are absent. */
export async function heardByHubs(
  store: Pick<Store, 'list' | 'liveness'>,
): Promise<ReadonlyMap<string, HeardEdge>> {
  const heard = new Map<string, HeardEdge>();
  const hubs = await present(store, 'hub', '*');
  for (const batch of await Promise.all(hubs.map(({ status }) => store.liveness(status.agent)))) {
    const lookedAtMs = secondsOf(batch?.at ?? '') * 1_000;
    for (const { agent, handshakeAgeSeconds, probeAgeSeconds } of batch?.liveness.peers ?? []) {
      const ages = [handshakeAgeSeconds, probeAgeSeconds].filter((age) => age !== undefined);
      const heardAtMs = lookedAtMs - Math.min(...ages) * 1_000;
      if (Number.isFinite(heardAtMs)) heard.set(agent, latest(heard.get(agent), { heardAtMs, lookedAtMs }));
    }
  }
  return heard;
}

function latest(before: HeardEdge | undefined, now: HeardEdge): HeardEdge {
  return {
    heardAtMs: Math.max(before?.heardAtMs ?? 0, now.heardAtMs),
    lookedAtMs: Math.max(before?.lookedAtMs ?? 0, now.lookedAtMs),
  };
}
