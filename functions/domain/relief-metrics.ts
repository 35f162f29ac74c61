/** The analysis of requests as text for Prometheus. Names follow its conventions: base units, `_total` for what only grows. */
import type { RequestAnalysis, Talker } from '../../protocol/cluster-report.ts';
import { secondsOf } from '../../protocol/time.ts';

type Labels = Readonly<Record<string, string>>;

interface Metric {
  readonly name: string;
  readonly kind: 'gauge' | 'counter';
  readonly help: string;
  readonly samples: readonly (readonly [Labels, number])[];
}

/** Media type of the text format. */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Sums over the window are gauges, because the window moves. `at`: when the edge told it, ISO 8601. */
export function metricsText({
  analysis,
  cluster,
  at,
}: {
  readonly analysis: RequestAnalysis;
  readonly cluster: string;
  readonly at: string;
}): string {
  return [...metricsOf(analysis), one('told_timestamp_seconds', 'When the edge told this.', secondsOf(at))]
    .map(({ name, kind, help, samples }) => {
      const full = `isthmus_relief_${name}`;
      const lines = samples.map(([labels, value]) => `${full}${labelText({ cluster, ...labels })} ${value}`);
      return [`# HELP ${full} ${help}`, `# TYPE ${full} ${kind}`, ...lines].join('\n');
    })
    .join('\n')
    .concat('\n');
}

function metricsOf(analysis: RequestAnalysis): Metric[] {
  const { fromCache, coalesced, upstream, types, talkers } = analysis;
  return [
    {
      name: 'window_requests',
      kind: 'gauge',
      help: 'Requests in the window, by how they were answered.',
      samples: [
        [{ by: 'cache' }, fromCache],
        [{ by: 'coalesced' }, coalesced],
        [{ by: 'upstream' }, upstream],
      ],
    },
    one('window_seconds', 'Length of the window.', analysis.windowSeconds),
    counter('upstream_lists_total', 'Lists that the cache asked of the API server.', analysis.upstreamLists),
    counter('upstream_watches_total', 'Watches that the cache began.', analysis.upstreamWatches),
    counter('access_reviews_total', 'SubjectAccessReviews asked of the API server.', analysis.accessReviews),
    one('open_streams', 'Requests and watches under way.', analysis.openStreams),
    one('budget_bytes', 'Memory that the cache may take.', analysis.budgetBytes),
    one('used_bytes', 'Memory that the cache takes, about.', analysis.usedBytes),
    {
      name: 'type_objects',
      kind: 'gauge',
      help: 'Objects kept of a type.',
      samples: types.map(({ resource, state, objects }) => [{ resource, state }, objects]),
    },
    {
      name: 'type_bytes',
      kind: 'gauge',
      help: 'Memory that a type takes, about.',
      samples: types.map(({ resource, bytes }) => [{ resource }, bytes]),
    },
    {
      name: 'type_watchers',
      kind: 'gauge',
      help: 'Watchers of a type.',
      samples: types.map(({ resource, watchers }) => [{ resource }, watchers]),
    },
    talker(
      'talker_window_requests',
      'Requests of a talker in the window.',
      talkers,
      ({ requests }) => requests,
    ),
    talker(
      'talker_window_bytes',
      'Bytes that a talker was sent in the window.',
      talkers,
      ({ bytes }) => bytes,
    ),
    talker(
      'talker_p99_seconds',
      'Its slowest answers but one in a hundred.',
      talkers,
      ({ p99Ms }) => p99Ms / 1_000,
    ),
  ];
}

function one(name: string, help: string, value: number): Metric {
  return { name, kind: 'gauge', help, samples: [[{}, value]] };
}

function counter(name: string, help: string, value: number): Metric {
  return { name, kind: 'counter', help, samples: [[{}, value]] };
}

function talker(
  ...[name, help, talkers, value]: [string, string, readonly Talker[], (talker: Talker) => number]
): Metric {
  return {
    name,
    kind: 'gauge',
    help,
    samples: talkers.map((each) => [
      { subject: each.subject, program: each.program, verb: each.verb, resource: each.resource },
      value(each),
    ]),
  };
}

function labelText(labels: Labels): string {
  const escape = (text: string) =>
    text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escape(value)}"`);
  return `{${parts.join(',')}}`;
}
