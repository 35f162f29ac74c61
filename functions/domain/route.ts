/** Routes: what the hubs' gateway serves. A route without a reachable service is kept, and served by nobody. */
import type { RoutesLeaf } from '../../protocol/document.ts';
import type { Refusal } from '../../protocol/problem.ts';
import { mappingsOf, type RouteFacts, type ServiceFacts, type TenantEstate } from './estate.ts';
import { distinctBy, sortedBy } from './order.ts';
import { virtualAddress } from './service.ts';

/** A route with the service that it leads to, as the tunnel sees it. */
export interface ServedRoute {
  readonly route: RouteFacts;
  readonly service: ServiceFacts;
  readonly address: string;
}

/** Refuses a route to a service that does not exist or is not TCP, and a second one of the same host and path. */
export function checkRoute(
  route: RouteFacts,
  tenant: { readonly services: readonly ServiceFacts[]; readonly routes: readonly RouteFacts[] },
): Refusal | undefined {
  const { site, name } = route.service;
  const service = tenant.services.find((candidate) => candidate.site === site && candidate.name === name);
  if (!service) return fault('invalid', '/spec/service', `There is no service ${name} at site ${site}.`);
  if (service.protocol !== 'tcp')
    return fault('invalid', '/spec/service', `The service ${name} is ${service.protocol}; HTTPS needs TCP.`);
  const twin = tenant.routes.find((other) => other.name !== route.name && placeOf(other) === placeOf(route));
  if (twin) return fault('already_exists', '/spec/path', `The route ${twin.name} serves this host and path.`);
  return undefined;
}

/** Routes whose service has an address inside an exposed prefix, by name; of one host and path, the first. */
export function servedRoutes(tenant: TenantEstate): ServedRoute[] {
  const distinct = distinctBy(
    sortedBy(tenant.routes, (route) => route.name),
    placeOf,
  );
  return distinct.flatMap((route) => {
    const { site, name } = route.service;
    const service = tenant.services.find((candidate) => candidate.site === site && candidate.name === name);
    const address = service && virtualAddress(service.address, mappingsOf(tenant, site));
    return service?.protocol === 'tcp' && address !== undefined ? [{ route, service, address }] : [];
  });
}

export function routesLeaf(tenant: TenantEstate): RoutesLeaf {
  const routes = servedRoutes(tenant).map(({ route, service, address }) => ({
    name: route.name,
    host: route.host,
    path: route.path,
    address,
    port: service.port,
  }));
  return { kind: 'routes', tenant: tenant.name, routes };
}

/** `/shop` and `/shop/` are one prefix of whole segments. */
function placeOf(route: RouteFacts): string {
  return `${route.host}${route.path.replace(/\/$/, '')}`;
}

function fault(code: Refusal['code'], pointer: string, detail: string): Refusal {
  return { code, detail, errors: [{ pointer, detail }] };
}
