/** Routes: what the hubs' gateway serves. A route without a reachable service is kept, and served by nobody. */
import type { AppTemplate } from '../../protocol/app.ts';
import type { Refusal } from '../../protocol/problem.ts';
import type { RoutesLeaf } from '../../protocol/reach-leaf.ts';
import { countsRequests } from '../../protocol/scaling.ts';
import { isClusterName } from './browsers.ts';
import { mappingsOf, type RouteFacts, type ServiceFacts, type TenantEstate } from './estate.ts';
import { distinctBy, sortedBy } from './order.ts';
import { virtualAddress } from './service.ts';

/** A route with the service that it leads to, as the tunnel sees it. */
export interface ServedRoute {
  readonly route: RouteFacts;
  readonly service: ServiceFacts;
  readonly address: string;
}

/** A route with the app and the port that it leads to. */
export interface AppRoute extends RouteFacts {
  readonly app: NonNullable<RouteFacts['app']>;
}

/** What a route may lead to, and what has its place already. */
export interface RouteSurroundings {
  readonly services: readonly ServiceFacts[];
  readonly routes: readonly RouteFacts[];
  /** The deployment's domain of clusters, if it has one: no host of a route. */
  readonly clusterDomain?: string | undefined;
  /** The app that it names, if there is one. */
  readonly app?: { readonly name: string; readonly ports: AppTemplate['ports'] } | undefined;
}

/** Refuses a route to something that does not exist or is not TCP, a second one of the same host and path, and one by a name of clusters. */
export function checkRoute(route: RouteFacts, surroundings: RouteSurroundings): Refusal | undefined {
  const lost = lostHost(route, surroundings.clusterDomain);
  if (lost !== undefined) return fault('invalid', '/spec/host', lost);
  const refusal =
    route.app === undefined ? serviceRefusal(route, surroundings) : appRefusal(route.app, surroundings);
  if (refusal !== undefined) return refusal;
  const twin = surroundings.routes.find(
    (other) => other.name !== route.name && placeOf(other) === placeOf(route),
  );
  if (twin) return fault('already_exists', '/spec/path', `The route ${twin.name} serves this host and path.`);
  return undefined;
}

function serviceRefusal(route: RouteFacts, { services }: RouteSurroundings): Refusal | undefined {
  const { site, name } = route.service ?? { site: '', name: '' };
  const service = services.find((candidate) => candidate.site === site && candidate.name === name);
  if (!service) return fault('invalid', '/spec/service', `There is no service ${name} at site ${site}.`);
  if (service.protocol !== 'tcp')
    return fault('invalid', '/spec/service', `The service ${name} is ${service.protocol}; HTTPS needs TCP.`);
  return undefined;
}

function appRefusal(
  { name, port }: NonNullable<RouteFacts['app']>,
  { app }: RouteSurroundings,
): Refusal | undefined {
  if (app?.name !== name) return fault('invalid', '/spec/app/name', `There is no app ${name} in the tenant.`);
  const found = app.ports.find((candidate) => candidate.name === port);
  const known = app.ports.map((candidate) => candidate.name).join(', ') || 'none';
  if (!found)
    return fault('invalid', '/spec/app/port', `The app ${name} has no port named ${port}; it has ${known}.`);
  if (found.protocol !== 'tcp')
    return fault('invalid', '/spec/app/port', `The port ${port} is ${found.protocol}; HTTPS needs TCP.`);
  return undefined;
}

/** Of routes with one host and path, the first by name. */
function distinctRoutes({ routes }: Pick<TenantEstate, 'routes'>): RouteFacts[] {
  return distinctBy(
    sortedBy(routes, (route) => route.name),
    placeOf,
  );
}

/** Routes whose service has an address inside an exposed prefix, by name. */
export function servedRoutes(tenant: TenantEstate): ServedRoute[] {
  return distinctRoutes(tenant).flatMap((route) => {
    if (route.service === undefined) return [];
    const { site, name } = route.service;
    const service = tenant.services.find((candidate) => candidate.site === site && candidate.name === name);
    const address = service && virtualAddress(service.address, mappingsOf(tenant, site));
    return service?.protocol === 'tcp' && address !== undefined ? [{ route, service, address }] : [];
  });
}

/** Routes to apps that are there and have the port, by name; whether anything is ready behind them is another matter. */
export function appRoutes(tenant: TenantEstate): AppRoute[] {
  return distinctRoutes(tenant).flatMap(({ app, ...route }) => {
    const found = tenant.apps.find(({ name }) => name === app?.name);
    const isThere = found?.template.ports.some(
      ({ name, protocol }) => name === app?.port && protocol === 'tcp',
    );
    return app !== undefined && isThere === true ? [{ ...route, app }] : [];
  });
}

/** Names below the domain of clusters are those of clusters, also where a route was there first. */
export function routesLeaf(all: TenantEstate, clusterDomain?: string): RoutesLeaf {
  const tenant = { ...all, routes: all.routes.filter(({ host }) => !isClusterName(host, clusterDomain)) };
  const routes = servedRoutes(tenant).map(({ route, service, address }) => ({
    name: route.name,
    host: route.host,
    path: route.path,
    address,
    port: service.port,
  }));
  const counted = new Set(
    tenant.apps.filter(({ template }) => countsRequests(template.replicas)).map(({ name }) => name),
  );
  const apps = appRoutes(tenant).map(({ name, host, path, app }) => ({
    name,
    host,
    path,
    app: app.name,
    port: app.port,
    ...(counted.has(app.name) ? { isCounted: true as const } : {}),
  }));
  return { kind: 'routes', tenant: tenant.name, routes, ...(apps.length === 0 ? {} : { apps }) };
}

/** Undefined: the host is no name of clusters. */
export function lostHost(
  { host }: Pick<RouteFacts, 'host'>,
  clusterDomain: string | undefined,
): string | undefined {
  return isClusterName(host, clusterDomain)
    ? `Names below ${clusterDomain} are those of clusters. Choose another host name.`
    : undefined;
}

/** `/shop` and `/shop/` are one prefix of whole segments. */
function placeOf(route: RouteFacts): string {
  return `${route.host}${route.path.replace(/\/$/, '')}`;
}

function fault(code: Refusal['code'], pointer: string, detail: string): Refusal {
  return { code, detail, errors: [{ pointer, detail }] };
}
