/** What the pages of clusters ask of the API, and the one thing that they have it change. */
import type { ApiClient, Schemas } from '../client/client.ts';
import { allOf, dataOf } from './answer.ts';
import { pollOf } from './asked.tsx';
import { done, listOf, seen } from './site-calls.ts';

export const clusterKey = (tenant: string) => ['tenant', tenant, 'clusters'];

export function clustersPoll(api: ApiClient, tenant: string) {
  return pollOf(clusterKey(tenant), () =>
    allOf((page) => dataOf(api.GET('/v1/tenants/{tenant}/clusters', listOf(tenant, page)))),
  );
}

export function clusterPoll(api: ApiClient, tenant: string, cluster: string) {
  return pollOf([...clusterKey(tenant), cluster], () =>
    dataOf(api.GET('/v1/tenants/{tenant}/clusters/{cluster}', { params: { path: { tenant, cluster } } })),
  );
}

export interface Requests {
  readonly analysis: Schemas['RequestAnalysis'];
  /** When the edge told it; to the second, and absent if that was not said. */
  readonly toldAt: string | undefined;
}

export function requestsPoll(api: ApiClient, tenant: string, cluster: string) {
  return pollOf([...clusterKey(tenant), cluster, 'requests'], async (): Promise<Requests> => {
    const path = { tenant, cluster };
    const asked = api.GET('/v1/tenants/{tenant}/clusters/{cluster}/requests', { params: { path } });
    const analysis = await dataOf(asked);
    const modified = (await asked).response.headers.get('last-modified');
    return { analysis, toldAt: modified === null ? undefined : new Date(modified).toISOString() };
  });
}

export function deleteCluster(api: ApiClient, { metadata }: Schemas['Cluster']) {
  const path = { tenant: metadata.tenant ?? '', cluster: metadata.name };
  return done(
    api.DELETE('/v1/tenants/{tenant}/clusters/{cluster}', { params: { path, header: seen(metadata) } }),
  );
}
