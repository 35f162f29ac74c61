/** `isthmus requests CLUSTER`: who asks the API server for what, how much of it the cache took over, and what would help. */
import { RequestAnalysis } from '../protocol/cluster-report.ts';
import { at as addressAt } from './address.ts';
import type { Api } from './api.ts';
import { ageSince, ageText, bytesText, tableOf } from './table.ts';

/** What the cluster's edge told last. */
export interface ToldRequests {
  readonly value: RequestAnalysis;
  readonly at: string | undefined;
}

export async function readRequests(api: Api, cluster: string): Promise<ToldRequests> {
  return api.told(
    addressAt('/v1/tenants/{tenant}/clusters/{cluster}/requests', { tenant: await api.tenant(), cluster }),
    RequestAnalysis,
  );
}

export function requestsText({ value: analysis, at }: ToldRequests, nowMs: number): string {
  const { windowSeconds, requests, fromCache, coalesced, upstream, usedBytes, budgetBytes } = analysis;
  const share = (part: number) => (requests === 0 ? '-' : `${Math.round((100 * part) / requests)} %`);
  const head = [
    `${requests} requests in ${ageText(windowSeconds)}${at === undefined ? '' : `, told ${ageSince(at, nowMs)} ago`}: ${share(fromCache)} from memory, ${share(coalesced)} shared a read, ${share(upstream)} went upstream`,
    `upstream: ${analysis.upstreamLists} lists, ${analysis.upstreamWatches} watches, ${analysis.accessReviews} access reviews; ${analysis.openStreams} streams are open`,
    `memory: ${bytesText(usedBytes)} of ${bytesText(budgetBytes)}`,
  ];
  const talkers = analysis.talkers.map((one) => [
    one.subject,
    one.program,
    `${one.verb} ${one.resource}`,
    one.perMinute.toFixed(one.perMinute < 10 ? 1 : 0),
    bytesText(one.bytes),
    `${one.p50Ms.toFixed(1)} / ${one.p99Ms.toFixed(1)} ms`,
    one.requests === 0 ? '-' : `${Math.round((100 * (one.fromCache + one.coalesced)) / one.requests)} %`,
    String(one.errors),
  ]);
  const types = analysis.types.map((one) => [
    one.resource,
    one.state,
    String(one.objects),
    bytesText(one.bytes),
    String(one.watchers),
    ageText(one.lastUsedSeconds),
  ]);
  return [
    ...head,
    ...(talkers.length === 0
      ? []
      : [
          '',
          tableOf(
            ['WHO', 'PROGRAM', 'ASKS', 'A MINUTE', 'BYTES', 'P50 / P99', 'RELIEVED', 'ERRORS'],
            talkers,
          ),
        ]),
    ...(types.length === 0
      ? []
      : ['', tableOf(['IN MEMORY', 'STATE', 'OBJECTS', 'BYTES', 'WATCHERS', 'USED'], types)]),
    ...(analysis.advice.length === 0 ? [] : ['', ...analysis.advice.map((line) => `* ${line}`)]),
  ].join('\n');
}
