/**
 * One hour of an idle estate, on a clock that is set: what edges, hubs and the scheduler ask, in the order in which they
 * would. Requests are signed before they are measured, because that is the agents' work.
 */

import { requestsOf } from '../edge-agent/link/liveness.ts';
import { POLL_SECONDS } from '../functions/aws/facts.ts';
import { canonicalJson } from '../protocol/canonical.ts';
import type { Liveness } from '../protocol/report.ts';
import { signedRequest, type Wanted } from './cost-agent.ts';
import { inParallel, type RunAgent, type RunEstate } from './cost-estate.ts';
import type { Counts } from './cost-model.ts';
import type { Plane } from './cost-plane.ts';

const HOUR_SECONDS = 3_600;
/** How often a hub tells of its peers although none went up or down (`edge-agent/link/liveness.ts`). */
const LIVENESS_SECONDS = 30;
/** As `infra/reconcile.ts` schedules them. */
const SWEEP_SECONDS = 900;
const ROUTES_SECONDS = 60;
/** A body of the HTTP API is paid for in pieces of this size. */
const METERED_BYTES = 512 * 1024;

const SCHEDULED = { invocations: 1, scheduled: 1 };

interface Sent {
  readonly agent: RunAgent;
  readonly wanted: Wanted;
  readonly status: number;
}

/** Counts by function for the hour, after one round of everything that is not counted. */
export async function runHour(plane: Plane, estate: RunEstate): Promise<ReadonlyMap<string, Counts>> {
  const agents = [...estate.edges, ...estate.hubs];
  const etags = await fetchAll(plane, agents);
  await sendBeats(plane, estate, 0);
  await plane.routes();
  plane.changes.length = 0;
  plane.meter.reset();
  for (let second = 0; second < HOUR_SECONDS; second += LIVENESS_SECONDS) {
    plane.clock.pass(LIVENESS_SECONDS);
    const due = agents.filter((_, index) => isDue(index / agents.length, second));
    await poll(plane, due, etags);
    await sendBeats(plane, estate, second);
    if (second % ROUTES_SECONDS === 0) await plane.meter.measure('routes', SCHEDULED, plane.routes);
    if (second % SWEEP_SECONDS === 0) await plane.meter.measure('sweep', SCHEDULED, plane.sweep);
  }
  if (plane.changes.length > 0) throw new Error(`an idle hour changed ${plane.changes.length} resources`);
  return plane.meter.counts();
}

/** Each agent asks at its own time; `phase` is from 0 up to 1. */
function isDue(phase: number, second: number): boolean {
  const at = phase * POLL_SECONDS;
  const since = second % POLL_SECONDS;
  return at >= since && at < since + LIVENESS_SECONDS;
}

async function fetchAll(plane: Plane, agents: readonly RunAgent[]): Promise<Map<string, string>> {
  const etags = new Map<string, string>();
  await inParallel(agents, async ({ id, keys }) => {
    const request = signedRequest({ id, keys }, plane.clock.now(), {
      method: 'GET',
      path: '/v1/agent/document',
    });
    const answer = await plane.api.fetch(request);
    etags.set(id, answer.headers.get('etag') ?? `${id} got ${answer.status}`);
  });
  return etags;
}

async function poll(
  plane: Plane,
  agents: readonly RunAgent[],
  etags: ReadonlyMap<string, string>,
): Promise<void> {
  const sent = agents.map((agent) => ({
    agent,
    wanted: { method: 'GET' as const, path: '/v1/agent/document', etag: etags.get(agent.id) },
    status: 304,
  }));
  await sendAll(plane, 'document', sent);
}

/** The parts of a hub's one after the other, as it sends them. */
async function sendBeats(plane: Plane, { hubs, edges }: RunEstate, second: number): Promise<void> {
  const round = second / LIVENESS_SECONDS;
  for (const [index, agent] of hubs.entries())
    for (const request of requestsOf(beatOf(edges, second * 2 + index), round)) {
      const wanted = { method: 'POST' as const, path: '/v1/agent/liveness', body: canonicalJson(request) };
      await sendAll(plane, 'liveness', [{ agent, wanted, status: 204 }]);
    }
}

async function sendAll(plane: Plane, name: string, sent: readonly Sent[]): Promise<void> {
  if (sent.length === 0) return;
  const requests = sent.map(({ agent, wanted, status }) => ({
    request: signedRequest(agent, plane.clock.now(), wanted),
    status,
  }));
  const pieces = sent.map(({ wanted }) => Math.max(1, Math.ceil((wanted.body?.length ?? 0) / METERED_BYTES)));
  const httpRequests = pieces.reduce((sum, count) => sum + count, 0);
  await plane.meter.measure(name, { invocations: sent.length, httpRequests }, () =>
    inParallel(requests, async ({ request, status }) => {
      const answer = await plane.api.fetch(request);
      if (answer.status !== status) throw new Error(`${name}: ${answer.status} ${await answer.text()}`);
    }),
  );
}

/** A batch about all edges, with ages and counters that differ from edge to edge and from time to time. */
function beatOf(edges: readonly RunAgent[], seed: number): Liveness {
  const chance = chanceFrom(seed);
  const peers = edges.map(({ id }) => ({
    agent: id,
    up: true,
    handshakeAgeSeconds: Math.floor(chance() * 130),
    probeAgeSeconds: 0,
    receivedBytes: Math.floor(chance() * 1e10),
    sentBytes: Math.floor(chance() * 1e10),
    spoofedPackets: 0,
  }));
  return { peers };
}

/** Numbers from 0 up to 1 that look like chance and are the same in every run (mulberry32). */
function chanceFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
