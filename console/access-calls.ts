/** What the pages of access ask of the API and have it change, of a tenant or of the whole deployment. A secret is handed on and kept nowhere. */
import type { ApiClient, Schemas } from '../client/client.ts';
import { allOf, dataOf } from './answer.ts';
import { pollOf } from './asked.tsx';
import { done, listOf, seen } from './site-calls.ts';

/** The tenant; undefined: the deployment. */
export type Place = string | undefined;

interface At {
  readonly api: ApiClient;
  readonly place: Place;
}

export const accessKey = (place: Place, kind: 'keys' | 'roles' | 'bindings') => [
  'access',
  place ?? '*',
  kind,
];

function queryOf(page: string | undefined) {
  return { params: { query: listOf('', page).params.query } };
}

export function keysPoll({ api, place }: At) {
  return pollOf(accessKey(place, 'keys'), () =>
    allOf((page) =>
      dataOf(
        place === undefined
          ? api.GET('/v1/keys', queryOf(page))
          : api.GET('/v1/tenants/{tenant}/keys', listOf(place, page)),
      ),
    ),
  );
}

export function createKey({ api, place }: At, body: Schemas['KeyCreation']) {
  return dataOf(
    place === undefined
      ? api.POST('/v1/keys', { body })
      : api.POST('/v1/tenants/{tenant}/keys', { params: { path: { tenant: place } }, body }),
  );
}

export function deleteKey({ api, place }: At, { metadata }: Schemas['Key']) {
  const [key, header] = [metadata.name, seen(metadata)];
  return done(
    place === undefined
      ? api.DELETE('/v1/keys/{key}', { params: { path: { key }, header } })
      : api.DELETE('/v1/tenants/{tenant}/keys/{key}', {
          params: { path: { tenant: place, key }, header },
        }),
  );
}

export function rolesPoll({ api, place }: At) {
  return pollOf(accessKey(place, 'roles'), () =>
    allOf((page) =>
      dataOf(
        place === undefined
          ? api.GET('/v1/roles', queryOf(page))
          : api.GET('/v1/tenants/{tenant}/roles', listOf(place, page)),
      ),
    ),
  );
}

export function rolePoll({ api, place }: At, role: string) {
  return pollOf([...accessKey(place, 'roles'), role], () =>
    dataOf(
      place === undefined
        ? api.GET('/v1/roles/{role}', { params: { path: { role } } })
        : api.GET('/v1/tenants/{tenant}/roles/{role}', { params: { path: { tenant: place, role } } }),
    ),
  );
}

export function createRole({ api, place }: At, body: Schemas['RoleCreation']) {
  return dataOf(
    place === undefined
      ? api.POST('/v1/roles', { body })
      : api.POST('/v1/tenants/{tenant}/roles', { params: { path: { tenant: place } }, body }),
  );
}

export function changeRole({ api, place }: At, { metadata }: Schemas['Role'], spec: Schemas['RoleSpec']) {
  const [role, header, body] = [metadata.name, seen(metadata), { spec }];
  return dataOf(
    place === undefined
      ? api.PUT('/v1/roles/{role}', { params: { path: { role }, header }, body })
      : api.PUT('/v1/tenants/{tenant}/roles/{role}', {
          params: { path: { tenant: place, role }, header },
          body,
        }),
  );
}

export function deleteRole({ api, place }: At, { metadata }: Schemas['Role']) {
  const [role, header] = [metadata.name, seen(metadata)];
  return done(
    place === undefined
      ? api.DELETE('/v1/roles/{role}', { params: { path: { role }, header } })
      : api.DELETE('/v1/tenants/{tenant}/roles/{role}', {
          params: { path: { tenant: place, role }, header },
        }),
  );
}

export function bindingsPoll({ api, place }: At) {
  return pollOf(accessKey(place, 'bindings'), () =>
    allOf((page) =>
      dataOf(
        place === undefined
          ? api.GET('/v1/bindings', queryOf(page))
          : api.GET('/v1/tenants/{tenant}/bindings', listOf(place, page)),
      ),
    ),
  );
}

export function createBinding({ api, place }: At, body: Schemas['BindingCreation']) {
  return dataOf(
    place === undefined
      ? api.POST('/v1/bindings', { body })
      : api.POST('/v1/tenants/{tenant}/bindings', { params: { path: { tenant: place } }, body }),
  );
}

export function deleteBinding({ api, place }: At, { metadata }: Schemas['Binding']) {
  const [binding, header] = [metadata.name, seen(metadata)];
  return done(
    place === undefined
      ? api.DELETE('/v1/bindings/{binding}', { params: { path: { binding }, header } })
      : api.DELETE('/v1/tenants/{tenant}/bindings/{binding}', {
          params: { path: { tenant: place, binding }, header },
        }),
  );
}

export function askRight(api: ApiClient, body: Schemas['RightQuestion']) {
  return dataOf(api.POST('/v1/can-i', { body }));
}
