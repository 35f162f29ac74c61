/** What the pages of sites and edges ask of the API, and what they have it change: always the version that a person saw. */
import type { ApiClient, Schemas } from '../client/client.ts';
import { allOf, dataOf } from './answer.ts';
import { pollOf } from './asked.tsx';

const LIMIT = 500;
const EVENTS_SHOWN = 20;

export const siteKey = (tenant: string) => ['tenant', tenant, 'sites'];
export const edgeKey = (tenant: string) => ['tenant', tenant, 'edges'];

export function sitesPoll(api: ApiClient, tenant: string) {
  return pollOf(siteKey(tenant), () =>
    allOf((page) => dataOf(api.GET('/v1/tenants/{tenant}/sites', listOf(tenant, page)))),
  );
}

export function sitePoll(api: ApiClient, tenant: string, site: string) {
  return pollOf([...siteKey(tenant), site], () =>
    dataOf(api.GET('/v1/tenants/{tenant}/sites/{site}', { params: { path: { tenant, site } } })),
  );
}

export function edgesPoll(api: ApiClient, tenant: string) {
  return pollOf(edgeKey(tenant), () =>
    allOf((page) => dataOf(api.GET('/v1/tenants/{tenant}/edges', listOf(tenant, page)))),
  );
}

export function edgePoll(api: ApiClient, tenant: string, edge: string) {
  return pollOf([...edgeKey(tenant), edge], () =>
    dataOf(api.GET('/v1/tenants/{tenant}/edges/{edge}', { params: { path: { tenant, edge } } })),
  );
}

/** What happened to the edge, the newest first. */
export function edgeEventsPoll(api: ApiClient, tenant: string, edge: string) {
  return pollOf([...edgeKey(tenant), edge, 'events'], () =>
    dataOf(
      api.GET('/v1/tenants/{tenant}/events', {
        params: { path: { tenant }, query: { kind: 'edge', name: edge, limit: EVENTS_SHOWN } },
      }),
    ),
  );
}

export function createSite(api: ApiClient, tenant: string, body: Schemas['SiteCreation']) {
  return dataOf(api.POST('/v1/tenants/{tenant}/sites', { params: { path: { tenant } }, body }));
}

export function changeSite(api: ApiClient, { metadata }: Schemas['Site'], spec: Schemas['SiteSpec']) {
  const path = { tenant: metadata.tenant ?? '', site: metadata.name };
  const params = { path, header: seen(metadata) };
  return dataOf(api.PUT('/v1/tenants/{tenant}/sites/{site}', { params, body: { spec } }));
}

export function deleteSite(api: ApiClient, { metadata }: Schemas['Site']) {
  const path = { tenant: metadata.tenant ?? '', site: metadata.name };
  return done(api.DELETE('/v1/tenants/{tenant}/sites/{site}', { params: { path, header: seen(metadata) } }));
}

export function changeEdge(
  api: ApiClient,
  { metadata, spec }: Schemas['Edge'],
  change: Partial<Schemas['EdgeSpec']>,
) {
  const path = { tenant: metadata.tenant ?? '', edge: metadata.name };
  return dataOf(
    api.PUT('/v1/tenants/{tenant}/edges/{edge}', {
      params: { path, header: seen(metadata) },
      body: { spec: { ...spec, ...change } },
    }),
  );
}

export function deleteEdge(api: ApiClient, { metadata }: Schemas['Edge']) {
  const path = { tenant: metadata.tenant ?? '', edge: metadata.name };
  return done(api.DELETE('/v1/tenants/{tenant}/edges/{edge}', { params: { path, header: seen(metadata) } }));
}

/** The version that was seen, as the API wants it before it changes anything. */
export function seen({ generation }: Schemas['Metadata']) {
  return { 'If-Match': `"${generation}"` };
}

/** For what is answered without a body. */
export async function done(
  asked: Promise<{ readonly error?: unknown; readonly response: Response }>,
): Promise<true> {
  const { error, response } = await asked;
  return dataOf(Promise.resolve(response.ok ? { data: true as const, response } : { error, response }));
}

export function listOf(tenant: string, page: string | undefined) {
  return {
    params: { path: { tenant }, query: { limit: LIMIT, ...(page !== undefined && { page }) } },
  };
}
