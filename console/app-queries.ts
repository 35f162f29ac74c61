/** What the pages of a tenant's apps and policies ask of the API, and what they change. Every change is of the version that was seen. */
import { queryOptions } from '@tanstack/react-query';
import type { ApiClient, Schemas } from '../client/client.ts';
import { allOf, dataOf, doneOf } from './answer.ts';
import { POLLED } from './pace.ts';

const LIMIT = 500;

type Tenant = { readonly api: ApiClient; readonly tenant: string };

function ask(tenant: string, page: string | undefined) {
  return { params: { path: { tenant }, query: { limit: LIMIT, ...(page === undefined ? {} : { page }) } } };
}

export const appsQuery = ({ api, tenant }: Tenant) =>
  queryOptions({
    ...POLLED,
    queryKey: ['apps', tenant],
    queryFn: () => allOf((page) => dataOf(api.GET('/v1/tenants/{tenant}/apps', ask(tenant, page)))),
  });

export const appQuery = ({ api, tenant }: Tenant, app: string) =>
  queryOptions({
    ...POLLED,
    queryKey: ['apps', tenant, app],
    queryFn: () => dataOf(api.GET('/v1/tenants/{tenant}/apps/{app}', { params: { path: { tenant, app } } })),
  });

export const releasesQuery = ({ api, tenant }: Tenant, app: string) =>
  queryOptions({
    ...POLLED,
    queryKey: ['apps', tenant, app, 'releases'],
    queryFn: async () =>
      (
        await dataOf(
          api.GET('/v1/tenants/{tenant}/apps/{app}/releases', { params: { path: { tenant, app } } }),
        )
      ).items,
  });

export const policiesQuery = ({ api, tenant }: Tenant) =>
  queryOptions({
    ...POLLED,
    queryKey: ['policies', tenant],
    queryFn: () => allOf((page) => dataOf(api.GET('/v1/tenants/{tenant}/policies', ask(tenant, page)))),
  });

export const explanationQuery = (
  { api, tenant }: Tenant,
  query: { readonly from: string; readonly to: string; readonly port?: string },
) =>
  queryOptions({
    ...POLLED,
    queryKey: ['explanation', tenant, query],
    queryFn: () =>
      dataOf(api.GET('/v1/tenants/{tenant}/explanation', { params: { path: { tenant }, query } })),
  });

export const previewQuery = (
  { api, tenant }: Tenant,
  { policy, body }: { readonly policy: string; readonly body: Schemas['PolicyPreviewRequest'] },
) =>
  queryOptions({
    queryKey: ['preview', tenant, policy, body],
    queryFn: () =>
      dataOf(
        api.POST('/v1/tenants/{tenant}/policies/{policy}/preview', {
          params: { path: { tenant, policy } },
          body,
        }),
      ),
  });

const matching = (generation: number) => ({ 'If-Match': `"${generation}"` });

export interface SpecWanted<Spec> {
  readonly name: string;
  readonly spec: Spec;
  /** Of the version that was seen; undefined: there is none yet. */
  readonly generation: number | undefined;
}

export function applyApp(
  { api, tenant }: Tenant,
  { name, spec, generation }: SpecWanted<Schemas['AppSpec']>,
): Promise<Schemas['App']> {
  if (generation === undefined)
    return dataOf(
      api.POST('/v1/tenants/{tenant}/apps', {
        params: { path: { tenant } },
        body: { metadata: { name }, spec },
      }),
    );
  const params = { path: { tenant, app: name }, header: matching(generation) };
  return dataOf(api.PUT('/v1/tenants/{tenant}/apps/{app}', { params, body: { spec } }));
}

export function applyPolicy(
  { api, tenant }: Tenant,
  { name, spec, generation }: SpecWanted<Schemas['PolicySpec']>,
): Promise<Schemas['Policy']> {
  if (generation === undefined)
    return dataOf(
      api.POST('/v1/tenants/{tenant}/policies', {
        params: { path: { tenant } },
        body: { metadata: { name }, spec },
      }),
    );
  const params = { path: { tenant, policy: name }, header: matching(generation) };
  return dataOf(api.PUT('/v1/tenants/{tenant}/policies/{policy}', { params, body: { spec } }));
}

export async function removePolicy(
  { api, tenant }: Tenant,
  { metadata: { name, generation } }: Schemas['Policy'],
): Promise<void> {
  const params = { path: { tenant, policy: name }, header: matching(generation) };
  await doneOf(api.DELETE('/v1/tenants/{tenant}/policies/{policy}', { params }));
}

/** The stage that is looked at is meant, no other. */
export function moveStage(
  { api, tenant }: Tenant,
  {
    app,
    stage,
    verb,
  }: { readonly app: string; readonly stage: string; readonly verb: 'promotion' | 'abort' },
): Promise<Schemas['App']> {
  const options = { params: { path: { tenant, app } }, body: { stage } };
  return dataOf(
    verb === 'abort'
      ? api.POST('/v1/tenants/{tenant}/apps/{app}/abort', options)
      : api.POST('/v1/tenants/{tenant}/apps/{app}/promotion', options),
  );
}
