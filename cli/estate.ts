/** All of a tenant that most questions are about, in one reading. */
import { App } from '../protocol/app.ts';
import { Cluster } from '../protocol/cluster.ts';
import { Edge } from '../protocol/edge.ts';
import { Site } from '../protocol/site.ts';
import type { Api } from './api.ts';
import type { Estate } from './resource/attention.ts';

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
