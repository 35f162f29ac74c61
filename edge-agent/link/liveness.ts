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

export class LivenessSender {
  readonly #caller: Caller;
  readonly #now: () => number;
  #sentMs = Number.NEGATIVE_INFINITY;
  #essence = '';

  /** `now`: monotonic milliseconds. */
  constructor(caller: Caller, now: () => number) {
    this.#caller = caller;
    this.#now = now;
  }

  async send(liveness: Liveness): Promise<Sent> {
    const essence = essenceOf(liveness);
    if (essence === this.#essence && this.#now() - this.#sentMs < REFRESH_MS) return { kind: 'unchanged' };
    const body = canonicalJson(liveness);
    const answer = await this.#caller.call({ method: 'POST', path: '/v1/agent/liveness', body });
    if (answer.kind !== 'answer' || answer.status !== 204) return failureOf(answer);
    this.#essence = essence;
    this.#sentMs = this.#now();
    return { kind: 'sent' };
  }
}

/** What somebody waits for; ages and byte counters always differ. */
function essenceOf(liveness: Liveness): string {
  return canonicalJson(liveness.peers.map(({ agent, up, spoofedPackets }) => [agent, up, spoofedPackets]));
}
