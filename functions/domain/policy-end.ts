/**
 * Where the ends of policies are: the named things of a tenant as places at its sites. A flow begins at origins, where packets come from, and ends at targets,
 * where something listens: of an app these differ, because a container may be reached at its node and speak for itself.
 */
import { isAddressIn, parsePrefix } from '../../protocol/address.ts';
import type { AppEndpoint } from '../../protocol/app-endpoint.ts';
import type { PolicyEnd, PolicyPort } from '../../protocol/policy.ts';
import type { Mapping } from '../../protocol/site.ts';
import { servingOf } from './endpoint.ts';
import { type AppFacts, mappingsOf, type TenantEstate } from './estate.ts';
import { sortedBy } from './order.ts';
import { virtualAddress } from './service.ts';

/** Prefixes: what the thing is at the site, by real and by virtual address. */
export interface Place {
  readonly site: string;
  /** The exposed prefix that it lies in; all of it, if the whole site is meant. */
  readonly mapping: Mapping;
  readonly real: string;
  readonly virtual: string;
}

export interface Target extends Place {
  /** Its own, as they are reached there; a whole site has none. */
  readonly ports: readonly TargetPort[];
  /** Then its own ports are all that can be meant: at the same address others may be reached, of somebody else. */
  readonly isApp: boolean;
}

export interface TargetPort extends PolicyPort {
  /** What the manifest of an app calls it. */
  readonly named: number;
}

export function originsOf(end: PolicyEnd, tenant: TenantEstate): Place[] {
  if (end.site !== undefined) return ofSite(end, tenant);
  return appsOf(end, tenant).flatMap((app) => appOrigins(app, tenant));
}

export function targetsOf(end: PolicyEnd, tenant: TenantEstate): Target[] {
  if (end.site !== undefined) return ofSite(end, tenant);
  return appsOf(end, tenant).flatMap((app) => appTargets(app, tenant));
}

/** Apps that an end stands for; none of a site. */
export function appsOf({ app, group }: PolicyEnd, { apps }: TenantEstate): AppFacts[] {
  if (app === undefined && group === undefined) return [];
  return apps.filter(({ name, template }) =>
    app === undefined ? template.access.group === group : name === app,
  );
}

function ofSite({ site = '', service }: PolicyEnd, tenant: TenantEstate): Target[] {
  const mappings = mappingsOf(tenant, site);
  if (service === undefined)
    return mappings.map((mapping) => ({ site, mapping, ...mapping, ports: [], isApp: false }));
  const found = tenant.services.find((one) => one.site === site && one.name === service);
  if (found === undefined) return [];
  const ports = [{ protocol: found.protocol, port: found.port, named: found.port }];
  return placesAt(found.address, { site, mappings }).map((place) => ({ ...place, ports, isApp: false }));
}

export function appOrigins({ origins }: AppFacts, tenant: TenantEstate): Place[] {
  return distinct(
    origins.flatMap(({ cluster, address }) => placesAt(address, homeOf(cluster, tenant))),
    ({ site, real }) => `${site} ${real}`,
  );
}

export function appTargets(app: AppFacts, tenant: TenantEstate): Target[] {
  const found = servingOf(app).flatMap((endpoint) =>
    placesAt(endpoint.address, homeOf(endpoint.cluster, tenant)).map((place) => ({
      ...place,
      ports: portsOf(app, endpoint),
      isApp: true,
    })),
  );
  return distinct(found, ({ site, real, ports }) => `${site} ${real} ${textOf(ports)}`);
}

/** Site of a cluster, and what it exposes. */
function homeOf(cluster: string, tenant: TenantEstate) {
  const site = tenant.clusters.find(({ name }) => name === cluster)?.site ?? '';
  return { site, mappings: mappingsOf(tenant, site) };
}

interface Home {
  readonly site: string;
  readonly mappings: readonly Mapping[];
}

/** One place, or none if the site does not expose the address. */
function placesAt(address: string, { site, mappings }: Home): Place[] {
  const mapping = mappings.find(({ real }) => isAddressIn(address, [parsePrefix(real)]));
  const virtual = mapping && virtualAddress(address, [mapping]);
  if (mapping === undefined || virtual === undefined) return [];
  return [{ site, mapping, real: `${address}/32`, virtual: `${virtual}/32` }];
}

function portsOf({ template }: AppFacts, endpoint: AppEndpoint): TargetPort[] {
  return endpoint.ports.flatMap(({ name, port }) => {
    const own = template.ports.find((one) => one.name === name);
    return own === undefined ? [] : [{ protocol: own.protocol, port, named: own.port }];
  });
}

/** Which ports of a target a policy means: empty is every one; undefined that there is none of these. */
export function portsAt(
  asked: readonly PolicyPort[],
  { ports, isApp }: Pick<Target, 'ports' | 'isApp'>,
): readonly PolicyPort[] | undefined {
  if (asked.length > 0 && !isApp) return asked;
  const isAsked = ({ protocol, named }: TargetPort) =>
    asked.length === 0 || asked.some((one) => one.protocol === protocol && one.port === named);
  const meant = ports.filter(isAsked).map(({ protocol, port }) => ({ protocol, port }));
  return isApp && meant.length === 0 ? undefined : meant;
}

function textOf(ports: readonly TargetPort[]): string {
  return ports.map(({ protocol, port, named }) => `${protocol}:${port}:${named}`).join(' ');
}

function distinct<T>(places: readonly T[], key: (place: T) => string): T[] {
  return sortedBy([...new Map(places.map((place) => [key(place), place])).values()], key);
}
