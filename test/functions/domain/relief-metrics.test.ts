/** Figures as text for Prometheus. */
import { expect, test } from 'vitest';
import { metricsText } from '../../../functions/domain/relief-metrics.ts';

test('figures are told under the cluster, with labels escaped', () => {
  const text = metricsText({
    at: '2026-01-01T00:00:00.000Z',
    cluster: 'prod',
    analysis: {
      windowSeconds: 60,
      requests: 6,
      fromCache: 3,
      coalesced: 2,
      upstream: 1,
      upstreamLists: 4,
      upstreamWatches: 1,
      accessReviews: 5,
      openStreams: 7,
      budgetBytes: 100,
      usedBytes: 50,
      types: [{ resource: 'pods', state: 'synced', objects: 2, bytes: 40, watchers: 3, lastUsedSeconds: 0 }],
      talkers: [
        {
          subject: 'demo/"ci"',
          program: 'kube\\ctl',
          verb: 'list',
          resource: 'pods',
          requests: 6,
          perMinute: 6,
          bytes: 60,
          p50Ms: 1,
          p99Ms: 250,
          fromCache: 3,
          coalesced: 2,
          upstream: 1,
          errors: 0,
        },
      ],
      advice: [],
    },
  });
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const who = 'cluster="prod",subject="demo/\\"ci\\"",program="kube\\\\ctl",verb="list",resource="pods"';
  expect(samples).toEqual([
    'isthmus_relief_window_requests{cluster="prod",by="cache"} 3',
    'isthmus_relief_window_requests{cluster="prod",by="coalesced"} 2',
    'isthmus_relief_window_requests{cluster="prod",by="upstream"} 1',
    'isthmus_relief_window_seconds{cluster="prod"} 60',
    'isthmus_relief_upstream_lists_total{cluster="prod"} 4',
    'isthmus_relief_upstream_watches_total{cluster="prod"} 1',
    'isthmus_relief_access_reviews_total{cluster="prod"} 5',
    'isthmus_relief_open_streams{cluster="prod"} 7',
    'isthmus_relief_budget_bytes{cluster="prod"} 100',
    'isthmus_relief_used_bytes{cluster="prod"} 50',
    'isthmus_relief_type_objects{cluster="prod",resource="pods",state="synced"} 2',
    'isthmus_relief_type_bytes{cluster="prod",resource="pods"} 40',
    'isthmus_relief_type_watchers{cluster="prod",resource="pods"} 3',
    `isthmus_relief_talker_window_requests{${who}} 6`,
    `isthmus_relief_talker_window_bytes{${who}} 60`,
    `isthmus_relief_talker_p99_seconds{${who}} 0.25`,
    'isthmus_relief_told_timestamp_seconds{cluster="prod"} 1767225600',
  ]);
});
