/** Routes: public host names that lead to services and apps. A host belongs to the tenant that claimed it first. */
import {
  type Route,
  RouteCreation,
  RouteList,
  RouteReplacement,
  Route as RouteSchema,
  type RouteSpec,
} from '../../protocol/route.ts';
import type { TenantEstate } from '../domain/estate.ts';
import { routeConditions } from '../domain/readiness.ts';
import { checkRoute, lostHost } from '../domain/route.ts';
import { condition } from '../domain/status.ts';
import type { Item, Store } from '../store/port.ts';
import { type Creatable, type Desk, findLive, tenantPlace, type Wanted } from './collection.ts';
import { readTenantEstate } from './conditions.ts';
import { allLive } from './dependent.ts';
import { disowned, foundIn } from './found-items.ts';
import { metadataOf } from './item.ts';
import type { Operation } from './operation.ts';
import { refuse, refuseIf } from './problems.ts';
import { crudOperations } from './resource.ts';

export function routeOperations(desk: Desk): Operation[] {
  const kind: Creatable<'route', Route> = {
    kind: 'route',
    path: '/v1/tenants/{tenant}/routes',
    schemas: { one: RouteSchema, list: RouteList, creation: RouteCreation, replacement: RouteReplacement },
    problems: ['already_exists', 'host_taken'],
    place: tenantPlace,
    begin: (evidence) => evidence,
    prepare: (wanted) => prepareRoute(desk, wanted),
    show: (items) => showRoutes(desk, items),
    settle: (before) => releaseHost(desk.store, before),
    adopt: disowned,
  };
  return crudOperations(desk, kind);
}

async function prepareRoute({ store, deployment }: Desk, { key, spec }: Wanted<'route'>) {
  const { tenant } = key;
  const services = await namedService(store, tenant, spec);
  const app = await namedApp(store, tenant, spec);
  const routes = (await allLive(store, { kind: 'route', tenant })).map((item) => ({
    name: item.key.name,
    ...item.spec,
  }));
  const clusterDomain = deployment.browsers?.domain;
  refuseIf(checkRoute({ name: key.name, ...spec }, { services, routes, app, clusterDomain }));
  if ((await store.claimHost(spec.host, tenant)) === 'taken')
    refuse('host_taken', `${spec.host} belongs to another tenant. Choose another host name.`, [
      { pointer: '/spec/host', detail: 'This host name belongs to another tenant.' },
    ]);
  return { spec, status: { conditions: [] } };
}

async function namedService(store: Store, tenant: string, { service }: RouteSpec) {
  if (service === undefined) return [];
  const { site, name } = service;
  const item = await findLive(store, { kind: 'service', tenant, name: `${site}/${name}` });
  return item === undefined ? [] : [{ site, name, ...item.spec }];
}

async function namedApp(store: Store, tenant: string, { app }: RouteSpec) {
  if (app === undefined) return undefined;
  const item = await findLive(store, { kind: 'app', tenant, name: app.name });
  return item === undefined ? undefined : { name: app.name, ports: item.spec.ports };
}

/** Frees the host that a route had, unless a route of the tenant still has it. */
export async function releaseHost(
  store: Store,
  { key, spec }: Pick<Item<'route'>, 'key' | 'spec'>,
): Promise<void> {
  const isUsed = async () =>
    (await allLive(store, { kind: 'route', tenant: key.tenant })).some(
      (route) => route.spec.host === spec.host,
    );
  if (await isUsed()) return;
  await store.releaseHost(spec.host, key.tenant);
  if (await isUsed()) await store.claimHost(spec.host, key.tenant);
}

function conditionsOf({ deployment }: Desk, { key, spec, updatedAt }: Item<'route'>, tenant: TenantEstate) {
  const lost = lostHost(spec, deployment.browsers?.domain);
  if (lost !== undefined) return [condition(['Served', 'False', 'HostOfClusters'], lost, updatedAt)];
  return routeConditions({ name: key.name, ...spec }, tenant, updatedAt);
}

export async function showRoutes(desk: Desk, items: readonly Item<'route'>[]): Promise<Route[]> {
  const tenant = await readTenantEstate(desk, items[0]?.key.tenant);
  return items.map((item) => ({
    metadata: metadataOf(item),
    spec: item.spec,
    status: {
      ...foundIn(item),
      conditions: conditionsOf(desk, item, tenant),
    },
  }));
}
