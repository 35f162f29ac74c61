/** What the pages of services, routes and pools ask of the API, and what they have it change: always the version that a person saw. */
import type { ApiClient, Schemas } from '../client/client.ts';
import { allOf, dataOf } from './answer.ts';
import { pollOf } from './asked.tsx';
import { done, listOf, seen } from './site-calls.ts';

export const serviceKey = (tenant: string) => ['tenant', tenant, 'services'];
export const routeKey = (tenant: string) => ['tenant', tenant, 'routes'];
export const poolKey = (tenant: string) => ['tenant', tenant, 'pools'];

/** Of all sites. */
export function servicesPoll(api: ApiClient, tenant: string) {
  return pollOf(serviceKey(tenant), async () => {
    const sites = await allOf((page) => dataOf(api.GET('/v1/tenants/{tenant}/sites', listOf(tenant, page))));
    const lists = await Promise.all(
      sites.map(({ metadata: { name: site } }) =>
        allOf((page) => {
          const { query } = listOf(tenant, page).params;
          const params = { path: { tenant, site }, query };
          return dataOf(api.GET('/v1/tenants/{tenant}/sites/{site}/services', { params }));
        }),
      ),
    );
    return lists.flat();
  });
}

export function servicePoll(api: ApiClient, path: ServicePath) {
  return pollOf([...serviceKey(path.tenant), path.site, path.service], () =>
    dataOf(api.GET('/v1/tenants/{tenant}/sites/{site}/services/{service}', { params: { path } })),
  );
}

export interface ServicePath {
  readonly tenant: string;
  readonly site: string;
  readonly service: string;
}

export function createService(
  api: ApiClient,
  { service: name, ...path }: ServicePath,
  spec: Schemas['ServiceSpec'],
) {
  return dataOf(
    api.POST('/v1/tenants/{tenant}/sites/{site}/services', {
      params: { path },
      body: { metadata: { name }, spec },
    }),
  );
}

export function changeService(api: ApiClient, before: Schemas['Service'], spec: Schemas['ServiceSpec']) {
  return dataOf(
    api.PUT('/v1/tenants/{tenant}/sites/{site}/services/{service}', {
      params: { path: pathOf(before), header: seen(before.metadata) },
      body: { spec },
    }),
  );
}

export function deleteService(api: ApiClient, before: Schemas['Service']) {
  const params = { path: pathOf(before), header: seen(before.metadata) };
  return done(api.DELETE('/v1/tenants/{tenant}/sites/{site}/services/{service}', { params }));
}

function pathOf({ metadata, status }: Schemas['Service']): ServicePath {
  return { tenant: metadata.tenant ?? '', site: status.site, service: metadata.name };
}

export function routesPoll(api: ApiClient, tenant: string) {
  return pollOf(routeKey(tenant), () =>
    allOf((page) => dataOf(api.GET('/v1/tenants/{tenant}/routes', listOf(tenant, page)))),
  );
}

export function routePoll(api: ApiClient, tenant: string, route: string) {
  return pollOf([...routeKey(tenant), route], () =>
    dataOf(api.GET('/v1/tenants/{tenant}/routes/{route}', { params: { path: { tenant, route } } })),
  );
}

export function createRoute(api: ApiClient, tenant: string, body: Schemas['RouteCreation']) {
  return dataOf(api.POST('/v1/tenants/{tenant}/routes', { params: { path: { tenant } }, body }));
}

export function changeRoute(api: ApiClient, { metadata }: Schemas['Route'], spec: Schemas['RouteSpec']) {
  const path = { tenant: metadata.tenant ?? '', route: metadata.name };
  const params = { path, header: seen(metadata) };
  return dataOf(api.PUT('/v1/tenants/{tenant}/routes/{route}', { params, body: { spec } }));
}

export function deleteRoute(api: ApiClient, { metadata }: Schemas['Route']) {
  const path = { tenant: metadata.tenant ?? '', route: metadata.name };
  const params = { path, header: seen(metadata) };
  return done(api.DELETE('/v1/tenants/{tenant}/routes/{route}', { params }));
}

export function poolsPoll(api: ApiClient, tenant: string) {
  return pollOf(poolKey(tenant), () =>
    allOf((page) => dataOf(api.GET('/v1/tenants/{tenant}/pools', listOf(tenant, page)))),
  );
}

export function poolPoll(api: ApiClient, tenant: string, pool: string) {
  return pollOf([...poolKey(tenant), pool], () =>
    dataOf(api.GET('/v1/tenants/{tenant}/pools/{pool}', { params: { path: { tenant, pool } } })),
  );
}

export function createPool(api: ApiClient, tenant: string, body: Schemas['PoolCreation']) {
  return dataOf(api.POST('/v1/tenants/{tenant}/pools', { params: { path: { tenant } }, body }));
}

export function changePool(api: ApiClient, { metadata }: Schemas['Pool'], spec: Schemas['PoolSpec']) {
  const path = { tenant: metadata.tenant ?? '', pool: metadata.name };
  const params = { path, header: seen(metadata) };
  return dataOf(api.PUT('/v1/tenants/{tenant}/pools/{pool}', { params, body: { spec } }));
}

export function deletePool(api: ApiClient, { metadata }: Schemas['Pool']) {
  const path = { tenant: metadata.tenant ?? '', pool: metadata.name };
  const params = { path, header: seen(metadata) };
  return done(api.DELETE('/v1/tenants/{tenant}/pools/{pool}', { params }));
}
