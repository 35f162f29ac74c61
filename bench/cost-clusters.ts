/**
 * One hour of an idle cluster: the edge's own reporter and attachment, on a clock that is set, decide when something is told; the real API takes
 * it. Of an idle cluster nothing changes but figures, which move all the time: those of its requests, and when its nodes were last heard.
 */
import { Attachment } from '../edge-agent/worker/attachment.ts';
import { ClusterReporter } from '../edge-agent/worker/reporter.ts';
import { ClusterFacts } from '../protocol/cluster.ts';
import { FoundService, RequestAnalysis } from '../protocol/cluster-report.ts';
import { signedRequest } from './cost-agent.ts';
import type { RunEstate } from './cost-estate.ts';
import { type Counts, NOTHING } from './cost-model.ts';
import type { Plane } from './cost-plane.ts';

const HOUR_SECONDS = 3_600;
/** Finer than anything that is told. */
const STEP_SECONDS = 1;
const NAME = 'prod';
/** Assumed of the cluster: who asks its API server, and what publishes itself. */
const TALKERS = 50;
const TYPES = 20;
const SERVICES = 10;

/** What the hour of one cluster of so many nodes takes of the control plane, held by the first edge. */
export async function runClusterHour(plane: Plane, { edges }: RunEstate, nodes: number): Promise<Counts> {
  const [edge] = edges;
  if (edge === undefined) throw new Error('There is no edge to hold a cluster.');
  const nowMs = () => Date.parse(plane.clock.now());
  const caller: ConstructorParameters<typeof Attachment>[0] = {
    async call({ method, path, body }) {
      const wanted = { method: method === 'GET' ? method : ('POST' as const), path, body };
      const request = signedRequest(edge, plane.clock.now(), wanted);
      const known = { invocations: 1, httpRequests: 1 };
      const answer = await plane.meter.measure('cluster', known, () =>
        Promise.resolve(plane.api.fetch(request)),
      );
      return { kind: 'answer', status: answer.status, headers: {}, body: await answer.text() };
    },
  };
  const log = (line: string) => {
    throw new Error(line);
  };
  const attachment = new Attachment(caller, NAME);
  const reporter = new ClusterReporter({ caller, cluster: NAME, now: nowMs, log });
  const step = async (second: number) => {
    await attachment.say({ kind: 'kubernetes', authority: 'PEM' }, nowMs());
    await reporter.send({
      facts: factsOf(nodes, second),
      apps: [],
      services: SERVICES_FOUND,
      requests: requestsAt(second),
    });
  };
  await step(0);
  await plane.sweep();
  plane.changes.length = 0;
  plane.meter.reset();
  for (let second = STEP_SECONDS; second <= HOUR_SECONDS; second += STEP_SECONDS) {
    plane.clock.pass(STEP_SECONDS);
    await step(second);
  }
  if (plane.changes.length > 0) throw new Error(`an idle cluster changed ${plane.changes.length} resources`);
  return plane.meter.counts().get('cluster') ?? NOTHING;
}

const SERVICES_FOUND = Array.from({ length: SERVICES }, (_, index) =>
  FoundService.parse({
    name: `service-${index}`,
    source: `default/service-${index}`,
    address: `10.1.0.${20 + index}`,
    port: 80,
    protocol: 'tcp',
  }),
);

/** That the edge heard the node is said anew with every look. */
function factsOf(nodes: number, second: number): ClusterFacts {
  const capacity = { cpuMillis: 8_000 * nodes, memoryMib: 32_768 * nodes, pods: 110 * nodes };
  const node = (_: unknown, index: number) => ({
    name: `worker-${index}.data-center.example.net`,
    addresses: [`10.1.${index >> 8}.${index & 255}`],
    ready: 'True',
    verdict: 'alive',
    evidence: `It answered this edge ${(second + index) % 7} s ago.`,
    schedulable: true,
    version: 'v1.34.4',
    capacity: { cpuMillis: 8_000, memoryMib: 32_768, pods: 110 },
    labels: { 'kubernetes.io/hostname': `worker-${index}`, zone: `zone-${index % 3}` },
  });
  const list = Array.from({ length: nodes }, node);
  return ClusterFacts.parse({
    version: 'v1.34.4',
    capacity,
    allocatable: capacity,
    nodes: list,
    statements: [],
  });
}

/** Counters that differ from second to second. */
function requestsAt(second: number): RequestAnalysis {
  const counter = (seed: number) => 1_000 + ((second * 7_919 + seed * 104_729) % 99_991);
  const talkers = Array.from({ length: TALKERS }, (_, index) => ({
    subject: `system:serviceaccount:team-${index}:controller`,
    program: `controller-${index}`,
    verb: 'list',
    resource: 'pods',
    requests: counter(index),
    perMinute: counter(index) / 60,
    bytes: counter(index) * 512,
    p50Ms: (counter(index) % 900) / 100,
    p99Ms: (counter(index) % 9_000) / 100,
    fromCache: counter(index + 1),
    coalesced: counter(index + 2),
    upstream: counter(index + 3),
    errors: 0,
  }));
  const types = Array.from({ length: TYPES }, (_, index) => ({
    resource: `type-${index}.example.com`,
    state: 'synced',
    objects: counter(index),
    bytes: counter(index) * 2_048,
    watchers: index,
    lastUsedSeconds: second % 60,
  }));
  const sums = { requests: counter(1), fromCache: counter(2), coalesced: counter(3), upstream: counter(4) };
  const more = { upstreamLists: counter(5), upstreamWatches: 20, accessReviews: counter(6), openStreams: 3 };
  const budget = { budgetBytes: 200_000_000, usedBytes: counter(7) * 1_000 };
  return RequestAnalysis.parse({
    windowSeconds: 60,
    ...sums,
    ...more,
    ...budget,
    types,
    talkers,
    advice: [],
  });
}
