/** Services: names for addresses at a site. Stored as SITE/NAME; what is virtual about them is read from the site. */
import {
  type Service,
  ServiceCreation,
  ServiceList,
  ServiceReplacement,
  Service as ServiceSchema,
} from '../../protocol/service.ts';
import { serviceConditions } from '../domain/readiness.ts';
import { checkService, hostnameOf, virtualAddress } from '../domain/service.ts';
import type { Item, Store } from '../store/port.ts';
import { type Creatable, type Desk, findLive, type Params, type Place, type Wanted } from './collection.ts';
import { disowned, foundIn } from './found-items.ts';
import { metadataOf } from './item.ts';
import type { Operation } from './operation.ts';
import { refuse, refuseIf } from './problems.ts';
import { crudOperations } from './resource.ts';

export function serviceOperations(desk: Desk): Operation[] {
  const kind: Creatable<'service', Service> = {
    kind: 'service',
    path: '/v1/tenants/{tenant}/sites/{site}/services',
    schemas: {
      one: ServiceSchema,
      list: ServiceList,
      creation: ServiceCreation,
      replacement: ServiceReplacement,
    },
    problems: ['address_outside_site'],
    place: placeOf,
    begin: (evidence) => evidence,
    prepare: (wanted) => prepareService(desk, wanted),
    show: (items) => showServices(desk.store, items),
    adopt: disowned,
  };
  return crudOperations(desk, kind);
}

function placeOf(param: Params): Place {
  const tenant = param('tenant');
  return {
    tenant,
    prefix: `${param('site')}/`,
    parents: [
      { kind: 'tenant', tenant: '*', name: tenant },
      { kind: 'site', tenant, name: param('site') },
    ],
  };
}

async function prepareService({ store, deployment }: Desk, { key, spec }: Wanted<'service'>) {
  const { site } = namesOf(key.name);
  const item = await findLive(store, { kind: 'site', tenant: key.tenant, name: site });
  if (item === undefined) return refuse('not_found', `There is no site named ${site} in ${key.tenant}.`);
  const prefixes = item.status.prefixes.map(({ real }) => real);
  refuseIf(checkService(spec, { prefixes, pools: deployment.pools }));
  return { spec, status: {} };
}

export async function showServices(store: Store, items: readonly Item<'service'>[]): Promise<Service[]> {
  const [first] = items;
  if (first === undefined) return [];
  const { site } = namesOf(first.key.name);
  const item = await store.get({ kind: 'site', tenant: first.key.tenant, name: site });
  return items.map((service) => showService(service, item));
}

/** All services of a list are of one site. */
function showService(item: Item<'service'>, site: Item<'site'> | undefined): Service {
  const { service, site: siteName } = namesOf(item.key.name);
  const facts = site && { name: siteName, prefixes: site.status.prefixes };
  const virtual = virtualAddress(item.spec.address, site?.status.prefixes ?? []);
  return {
    metadata: metadataOf(item, service),
    spec: item.spec,
    status: {
      site: siteName,
      hostname: hostnameOf(service, siteName, item.key.tenant),
      ...(virtual === undefined ? {} : { virtualAddress: virtual }),
      ...foundIn(item),
      conditions: serviceConditions(item.spec, facts, item.updatedAt),
    },
  };
}

function namesOf(key: string): { site: string; service: string } {
  const [site = '', service = ''] = key.split('/');
  return { site, service };
}
