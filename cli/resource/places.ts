/** Where the things of each kind lie in the API. */
import { addressOf, type Taking } from '../address.ts';

interface Paths {
  /** Where all of it lie, and where one. */
  readonly all: Taking<'get'>;
  readonly one: Taking<'get'>;
}

const PLACES = {
  tenant: { all: '/v1/tenants', one: '/v1/tenants/{tenant}' },
  site: { all: '/v1/tenants/{tenant}/sites', one: '/v1/tenants/{tenant}/sites/{site}' },
  hub: { all: '/v1/hubs', one: '/v1/hubs/{hub}' },
  edge: { all: '/v1/tenants/{tenant}/edges', one: '/v1/tenants/{tenant}/edges/{edge}' },
  cluster: { all: '/v1/tenants/{tenant}/clusters', one: '/v1/tenants/{tenant}/clusters/{cluster}' },
  pool: { all: '/v1/tenants/{tenant}/pools', one: '/v1/tenants/{tenant}/pools/{pool}' },
  service: {
    all: '/v1/tenants/{tenant}/sites/{site}/services',
    one: '/v1/tenants/{tenant}/sites/{site}/services/{service}',
  },
  app: { all: '/v1/tenants/{tenant}/apps', one: '/v1/tenants/{tenant}/apps/{app}' },
  route: { all: '/v1/tenants/{tenant}/routes', one: '/v1/tenants/{tenant}/routes/{route}' },
  policy: { all: '/v1/tenants/{tenant}/policies', one: '/v1/tenants/{tenant}/policies/{policy}' },
  token: { all: '/v1/tenants/{tenant}/tokens', one: '/v1/tenants/{tenant}/tokens/{token}' },
  role: { all: '/v1/tenants/{tenant}/roles', one: '/v1/tenants/{tenant}/roles/{role}' },
  binding: { all: '/v1/tenants/{tenant}/bindings', one: '/v1/tenants/{tenant}/bindings/{binding}' },
  key: { all: '/v1/tenants/{tenant}/keys', one: '/v1/tenants/{tenant}/keys/{key}' },
} as const satisfies Readonly<Record<string, Paths>>;

export type KindName = keyof typeof PLACES;

interface Named {
  readonly name: KindName;
}

interface Within {
  readonly tenant: string;
  readonly site?: string | undefined;
}

export function collectionAddress({ name }: Named, { tenant, site }: Within) {
  return addressOf(PLACES[name].all, { tenant, site });
}

export function itemAddress(kind: Named, { tenant, site, name }: Within & { readonly name: string }) {
  return addressOf(PLACES[kind.name].one, { tenant, site, [kind.name]: name });
}
