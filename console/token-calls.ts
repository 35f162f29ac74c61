/** What the page of tokens asks of the API and has it change. A secret is handed on and kept nowhere. */
import type { ApiClient, Schemas } from '../client/client.ts';
import { allOf, dataOf } from './answer.ts';
import { pollOf } from './asked.tsx';
import { done, listOf, seen } from './site-calls.ts';

export const tokenKey = (tenant: string) => ['tenant', tenant, 'tokens'];

export function tokensPoll(api: ApiClient, tenant: string) {
  return pollOf(tokenKey(tenant), () =>
    allOf((page) => dataOf(api.GET('/v1/tenants/{tenant}/tokens', listOf(tenant, page)))),
  );
}

export function createToken(api: ApiClient, tenant: string, spec: Schemas['TokenSpec']) {
  return dataOf(api.POST('/v1/tenants/{tenant}/tokens', { params: { path: { tenant } }, body: { spec } }));
}

export function deleteToken(api: ApiClient, tenant: string, { metadata }: Schemas['Token']) {
  const path = { tenant, token: metadata.name };
  return done(
    api.DELETE('/v1/tenants/{tenant}/tokens/{token}', { params: { path, header: seen(metadata) } }),
  );
}
