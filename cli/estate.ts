/** Readings of a tenant that several commands need. */
import { Attention } from '../protocol/attention.ts';
import { Edge } from '../protocol/edge.ts';
import { type Event, EventList } from '../protocol/event.ts';
import { Site } from '../protocol/site.ts';
import { at } from './address.ts';
import type { Api } from './api.ts';
import { attempt } from './fault.ts';
import { joined } from './resource/status.ts';

/** Of the tenant `of` if it is not the profile's. */
export async function readSites(api: Api, of?: string): Promise<Site[]> {
  return api.list(at('/v1/tenants/{tenant}/sites', { tenant: of ?? (await api.tenant()) }), Site);
}

export async function readEdges(api: Api): Promise<Edge[]> {
  return api.list(at('/v1/tenants/{tenant}/edges', { tenant: await api.tenant() }), Edge);
}

/** The newest first. */
export async function readEvents(api: Api, limit: string): Promise<Event[]> {
  const address = at('/v1/tenants/{tenant}/events', { tenant: await api.tenant() }, { limit });
  return (await api.get(address, EventList)).items;
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
