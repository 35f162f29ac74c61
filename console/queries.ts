/** What the screens ask of the API, and how often. Nothing is asked while the page is hidden. */
import { queryOptions } from '@tanstack/react-query';
import type { ApiClient, Schemas } from '../client/client.ts';
import { allOf, dataOf } from './answer.ts';
import { POLLED } from './pace.ts';

const LIMIT = 500;
const EVENTS_SHOWN = 12;
const EVENTS_LISTED = 200;

export type Principal = Schemas['Principal'];

export interface TenantState {
  readonly tenant: Schemas['Tenant'];
  readonly sites: Schemas['Site'][];
  readonly edges: Schemas['Edge'][];
  readonly events: Schemas['Event'][];
}

export interface Estate {
  readonly tenants: TenantState[];
  /** Absent where the key may not see hubs. */
  readonly hubs: Schemas['Hub'][] | undefined;
  /** When the answers came, in this browser's time. */
  readonly at: string;
}

export function principalQuery(api: ApiClient) {
  return queryOptions({ queryKey: ['whoami'], queryFn: () => dataOf(api.GET('/v1/whoami')), retry: false });
}

export function estateQuery(api: ApiClient, principal: Principal) {
  return queryOptions({
    queryKey: ['estate', principal.tenant],
    queryFn: () => readEstate(api, principal),
    ...POLLED,
  });
}

/** Of each tenant and, where the caller may see hubs, of the deployment. A change of anything in the estate makes it stale. */
export function attentionQuery(api: ApiClient, { tenants, hubs }: Estate) {
  const names = tenants.map(({ tenant }) => tenant.metadata.name);
  return queryOptions({
    queryKey: ['estate', 'attention', hubs !== undefined, ...names],
    queryFn: () =>
      Promise.all([
        ...(hubs === undefined ? [] : [ofDeployment(api)]),
        ...names.map((name) => ofTenant(api, name)),
      ]),
    ...POLLED,
  });
}

async function ofDeployment(api: ApiClient) {
  return { tenant: undefined, attention: await dataOf(api.GET('/v1/attention')) };
}

async function ofTenant(api: ApiClient, tenant: string) {
  const params = { path: { tenant } };
  return { tenant, attention: await dataOf(api.GET('/v1/tenants/{tenant}/attention', { params })) };
}

export function eventsQuery(api: ApiClient, principal: Principal) {
  return queryOptions({
    queryKey: ['events', principal.tenant],
    queryFn: () => readEvents(api, principal),
    ...POLLED,
  });
}

async function readEstate(api: ApiClient, principal: Principal): Promise<Estate> {
  const ofDeployment = principal.tenant === '*';
  const [tenants, hubs] = await Promise.all([
    readTenants(api, principal),
    ofDeployment
      ? allOf((page) => dataOf(api.GET('/v1/hubs', { params: { query: { limit: LIMIT, ...at(page) } } })))
      : undefined,
  ]);
  const states = await Promise.all(tenants.map((tenant) => readTenant(api, tenant)));
  return { tenants: states, hubs, at: new Date().toISOString() };
}

async function readTenants(api: ApiClient, { tenant, grants }: Principal): Promise<Schemas['Tenant'][]> {
  if (tenant !== '*') {
    const names = [...new Set(grants.map((grant) => grant.tenant))];
    const read = (name: string) =>
      dataOf(api.GET('/v1/tenants/{tenant}', { params: { path: { tenant: name } } }));
    return Promise.all(names.map(read));
  }
  return allOf((page) =>
    dataOf(api.GET('/v1/tenants', { params: { query: { limit: LIMIT, ...at(page) } } })),
  );
}

async function readTenant(api: ApiClient, tenant: Schemas['Tenant']): Promise<TenantState> {
  const path = { tenant: tenant.metadata.name };
  const params = (page: string | undefined) => ({ params: { path, query: { limit: LIMIT, ...at(page) } } });
  const [sites, edges, events] = await Promise.all([
    allOf((page) => dataOf(api.GET('/v1/tenants/{tenant}/sites', params(page)))),
    allOf((page) => dataOf(api.GET('/v1/tenants/{tenant}/edges', params(page)))),
    dataOf(api.GET('/v1/tenants/{tenant}/events', { params: { path, query: { limit: EVENTS_SHOWN } } })),
  ]);
  return { tenant, sites, edges, events: events.items };
}

async function readEvents(api: ApiClient, principal: Principal): Promise<Schemas['Event'][]> {
  const query = { limit: EVENTS_LISTED };
  const tenants = await readTenants(api, principal);
  const lists = await Promise.all([
    ...(principal.tenant === '*' ? [dataOf(api.GET('/v1/events', { params: { query } }))] : []),
    ...tenants.map(({ metadata }) =>
      dataOf(api.GET('/v1/tenants/{tenant}/events', { params: { path: { tenant: metadata.name }, query } })),
    ),
  ]);
  return newestFirst(lists.flatMap(({ items }) => items)).slice(0, EVENTS_LISTED);
}

export function newestFirst(events: readonly Schemas['Event'][]): Schemas['Event'][] {
  return [...events].sort((a, b) => b.time.localeCompare(a.time));
}

function at(page: string | undefined): { page?: string } {
  return page === undefined ? {} : { page };
}

/** The whole spec, of the version that was seen: whoever changed it meanwhile is not overwritten. */
export function setIsolation(api: ApiClient, { metadata, spec }: Schemas['Tenant'], isolated: boolean) {
  return dataOf(
    api.PUT('/v1/tenants/{tenant}', {
      params: { path: { tenant: metadata.name }, header: { 'If-Match': `"${metadata.generation}"` } },
      body: { spec: { ...spec, isolation: isolated ? 'isolated' : 'open' } },
    }),
  );
}

export function approveEdge(api: ApiClient, { metadata, spec }: Schemas['Edge']) {
  return dataOf(
    api.PUT('/v1/tenants/{tenant}/edges/{edge}', {
      params: {
        path: { tenant: metadata.tenant ?? '', edge: metadata.name },
        header: { 'If-Match': `"${metadata.generation}"` },
      },
      body: { spec: { ...spec, approved: true } },
    }),
  );
}
