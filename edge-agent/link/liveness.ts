/**
 * A hub's batch about all its edges: sent when an edge went up or down or was spoofed, otherwise now and then,
 * so that ages and counters stay fresh at a cost that does not depend on how often hubs look.
 */
import { canonicalJson } from '../../protocol/canonical.ts';
import { heardSecondsAgo, type Liveness } from '../../protocol/report.ts';
import { SCALING_TOLERANCE } from '../../protocol/scaling.ts';
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
  #requests: Liveness['requests'];
  #round = 0;

  /** `now`: monotonic milliseconds. */
  constructor(caller: Caller, now: () => number) {
    this.#caller = caller;
    this.#now = now;
  }

  async send(liveness: Liveness): Promise<Sent> {
    const essence = essenceOf(liveness);
    const isSame = essence === this.#essence && !isMoved(liveness.requests, this.#requests);
    if (isSame && this.#now() - this.#sentMs < REFRESH_MS) return { kind: 'unchanged' };
    for (const request of requestsOf(liveness, this.#round)) {
      const body = canonicalJson(request);
      const answer = await this.#caller.call({ method: 'POST', path: '/v1/agent/liveness', body });
      if (answer.kind !== 'answer' || answer.status !== 204) return failureOf(answer);
    }
    this.#round += 1;
    this.#essence = essence;
    this.#requests = liveness.requests;
    this.#sentMs = this.#now();
    return { kind: 'sent' };
  }
}

/** In the order in which they go: the part that makes the round whole is the last. */
export function requestsOf({ peers, requests }: Liveness, round: number): Liveness[] {
  const beside = requests === undefined ? {} : { requests };
  const count = Math.ceil(peers.length / PEERS_PER_REQUEST);
  if (count <= 1) return [{ peers, ...beside }];
  const parts = Array.from({ length: count }, (_, index) => ({
    part: { round, index, count },
    peers: peers.slice(index * PEERS_PER_REQUEST, (index + 1) * PEERS_PER_REQUEST),
    ...(index === 0 ? beside : {}),
  }));
  return parts.reverse();
}

/** What somebody waits for; ages and byte counters always differ. */
function essenceOf({ peers }: Liveness): string {
  return canonicalJson(peers.map((peer) => [peer.agent, peer.up, peer.spoofedPackets, silenceOf(peer)]));
}

/** Of these seconds: apps are replaced after as many as each says. */
const SILENCES = [10, 15, 20, 30, 45, 60, 120, 300];

function silenceOf(peer: Liveness['peers'][number]): number {
  const age = heardSecondsAgo(peer) ?? 0;
  return SILENCES.filter((seconds) => age >= seconds).length;
}

/** What hardly anybody asks is no reason to scale either. */
const MOVED_LEAST = 0.5;

function isMoved(now: Liveness['requests'] = [], told: Liveness['requests'] = []): boolean {
  const known = new Map(told.map((rate) => [nameOf(rate), rate.perSecond]));
  return now.some((rate) => {
    const before = known.get(nameOf(rate));
    return (
      before === undefined ||
      Math.abs(rate.perSecond - before) > Math.max(MOVED_LEAST, before * SCALING_TOLERANCE)
    );
  });
}

function nameOf({ tenant, app, port }: NonNullable<Liveness['requests']>[number]): string {
  return `${tenant}/${app}/${port}`;
}
