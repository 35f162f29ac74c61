/** All of a tenant that most questions are about, in one reading. */

import { App } from '../protocol/app.ts';
import { Attention } from '../protocol/attention.ts';
import { Cluster } from '../protocol/cluster.ts';
import { Edge } from '../protocol/edge.ts';
import { Site } from '../protocol/site.ts';
import { at } from './address.ts';
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
  const own = { tenant: await api.tenant() };
  const [sites, edges, clusters, apps] = await Promise.all([
    api.list(at('/v1/tenants/{tenant}/sites', own), Site),
    api.list(at('/v1/tenants/{tenant}/edges', own), Edge),
    api.list(at('/v1/tenants/{tenant}/clusters', own), Cluster),
    api.list(at('/v1/tenants/{tenant}/apps', own), App),
  ]);
  return { sites, edges, clusters, apps };
}

/** What needs a person in the tenant and, if the caller may know, among the hubs. */
export async function readAttention(api: Api): Promise<Attention> {
  const own = { tenant: await api.tenant() };
  const [tenant, hubs] = await Promise.all([
    api.get(at('/v1/tenants/{tenant}/attention', own), Attention),
    attempt(() => api.get(at('/v1/attention', {}), Attention)),
  ]);
  return joined(tenant, hubs.value ?? { items: [], omitted: 0 });
}
