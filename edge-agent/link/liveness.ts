/**
 * A hub's batch about all its edges: sent when an edge went up or down or was spoofed, otherwise now and then,
 * so that ages and counters stay fresh at a cost that does not depend on how often hubs look.
 */
import { canonicalJson } from '../../protocol/canonical.ts';
import type { Liveness } from '../../protocol/report.ts';
import type { Caller } from './fetch.ts';
import { failureOf } from './problem.ts';
import type { Sent } from './report.ts';

const REFRESH_MS = 30_000;
/** Of the longest names these make 950 kB, and the control plane takes bodies of 1 MiB. */
const PEERS_PER_REQUEST = 3_000;

export class LivenessSender {
  readonly #caller: Caller;
  readonly #now: () => number;
  #sentMs = Number.NEGATIVE_INFINITY;
  #essence = '';
  #round = 0;

  /** `now`: monotonic milliseconds. */
  constructor(caller: Caller, now: () => number) {
    this.#caller = caller;
    this.#now = now;
  }

  async send(liveness: Liveness): Promise<Sent> {
    const essence = essenceOf(liveness);
    if (essence === this.#essence && this.#now() - this.#sentMs < REFRESH_MS) return { kind: 'unchanged' };
    for (const request of requestsOf(liveness, this.#round)) {
      const body = canonicalJson(request);
      const answer = await this.#caller.call({ method: 'POST', path: '/v1/agent/liveness', body });
      if (answer.kind !== 'answer' || answer.status !== 204) return failureOf(answer);
    }
    this.#round += 1;
    this.#essence = essence;
    this.#sentMs = this.#now();
    return { kind: 'sent' };
  }
}

/** In the order in which they go: the part that makes the round whole is the last. */
export function requestsOf({ peers }: Liveness, round: number): Liveness[] {
  const count = Math.ceil(peers.length / PEERS_PER_REQUEST);
  if (count <= 1) return [{ peers }];
  const parts = Array.from({ length: count }, (_, index) => ({
    part: { round, index, count },
    peers: peers.slice(index * PEERS_PER_REQUEST, (index + 1) * PEERS_PER_REQUEST),
  }));
  return parts.reverse();
}

/** What somebody waits for; ages and byte counters always differ. */
function essenceOf(liveness: Liveness): string {
  return canonicalJson(liveness.peers.map(({ agent, up, spoofedPackets }) => [agent, up, spoofedPackets]));
}
