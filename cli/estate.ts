/** All of a tenant that most questions are about, in one reading. */
import { App } from '../protocol/app.ts';
import { Attention } from '../protocol/attention.ts';
import { Cluster } from '../protocol/cluster.ts';
import { Edge } from '../protocol/edge.ts';
import { Site } from '../protocol/site.ts';
import type { Api } from './api.ts';
import { attempt } from './fault.ts';
import { joined } from './resource/status.ts';

export interface Estate {
  readonly sites: readonly Site[];
  readonly edges: readonly Edge[];
  readonly clusters: readonly Cluster[];
  readonly apps: readonly App[];
}

export async function readEstate(api: Api): Promise<Estate> {
  const own = `/v1/tenants/${encodeURIComponent(await api.tenant())}`;
  const [sites, edges, clusters, apps] = await Promise.all([
    api.list(`${own}/sites`, Site),
    api.list(`${own}/edges`, Edge),
    api.list(`${own}/clusters`, Cluster),
    api.list(`${own}/apps`, App),
  ]);
  return { sites, edges, clusters, apps };
}

/** What needs a person in the tenant and, if the caller may know, among the hubs. */
export async function readAttention(api: Api): Promise<Attention> {
  const own = `/v1/tenants/${encodeURIComponent(await api.tenant())}/attention`;
  const [tenant, hubs] = await Promise.all([
    api.get(own, Attention),
    attempt(() => api.get('/v1/attention', Attention)),
  ]);
  return joined(tenant, hubs.value ?? { items: [], omitted: 0 });
}
