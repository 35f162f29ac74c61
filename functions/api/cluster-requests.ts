/** Who asks the API servers of clusters for what: for people as JSON, for Prometheus as text. What it says is the edge's; nothing is counted here. */
import { z } from 'zod';
import type { Cluster } from '../../protocol/cluster.ts';
import { RequestAnalysis } from '../../protocol/cluster-report.ts';
import { METRICS_TYPE, metricsText } from '../domain/relief-metrics.ts';
import { toldOf } from '../reconcile/told.ts';
import { type Collection, type Desk, findItem } from './collection.ts';
import { type Call, NO_BODY, NO_QUERY, type Operation, operation } from './operation.ts';
import { refuse } from './problems.ts';

export type ClusterPlace = Collection<'cluster', Cluster>;

export function requestOperations(desk: Desk, kind: ClusterPlace): Operation[] {
  return [readRequests(desk, kind), readMetrics(desk, kind)];
}

function readRequests(desk: Desk, kind: ClusterPlace): Operation {
  return operation({
    id: 'getClusterRequests',
    method: 'get',
    path: `${kind.path}/{cluster}/requests`,
    tag: 'clusters',
    summary: "Read who asks the cluster's API server for what, and what to do about it",
    guard: desk.guards.user('read', 'cluster'),
    body: NO_BODY,
    query: NO_QUERY,
    answers: [
      {
        status: 200,
        description: 'The newest analysis',
        schema: RequestAnalysis,
        headers: ['Last-Modified'],
      },
    ],
    problems: ['not_found'],
    async handle(call) {
      const { at, value } = await newest(desk, kind, call);
      return { status: 200, json: value, headers: { 'last-modified': new Date(at).toUTCString() } };
    },
  });
}

function readMetrics(desk: Desk, kind: ClusterPlace): Operation {
  return operation({
    id: 'getClusterMetrics',
    method: 'get',
    path: `${kind.path}/{cluster}/metrics`,
    tag: 'clusters',
    summary: 'Read the same figures in the text format of Prometheus',
    guard: desk.guards.user('read', 'cluster'),
    body: NO_BODY,
    query: NO_QUERY,
    answers: [
      { status: 200, description: 'The newest figures', schema: z.string(), mediaType: 'text/plain' },
    ],
    problems: ['not_found'],
    async handle(call) {
      const { at, value } = await newest(desk, kind, call);
      const text = metricsText({ analysis: value, cluster: call.param('cluster'), at });
      return { status: 200, text, headers: { 'content-type': METRICS_TYPE } };
    },
  });
}

async function newest(
  desk: Desk,
  kind: ClusterPlace,
  { param }: Pick<Call<unknown, unknown, unknown>, 'param'>,
): Promise<{ readonly at: string; readonly value: RequestAnalysis }> {
  const item = await findItem(desk.store, kind, param);
  const { requests } = await toldOf(desk.store, item, ['requests']);
  return (
    requests ??
    refuse(
      'not_found',
      `The edge of ${item.key.name} has told nothing of requests yet. Ask again in a minute.`,
    )
  );
}
