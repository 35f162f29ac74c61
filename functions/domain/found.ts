/**
 * What becomes of the services that a cluster publishes: from what was found and what is there to the services and routes to make, change and
 * delete. Nothing that a person could not make comes about, and nothing that is not the cluster's own is touched: such wishes are faults.
 */
import { canonicalJson } from '../../protocol/canonical.ts';
import type { FoundService } from '../../protocol/cluster-report.ts';
import { Name } from '../../protocol/metadata.ts';
import type { Refusal } from '../../protocol/problem.ts';
import { RouteSpec } from '../../protocol/route.ts';
import { ServiceSpec } from '../../protocol/service.ts';
import type { RouteFacts, ServiceFacts } from './estate.ts';
import { checkRoute, lostHost } from './route.ts';
import { checkService } from './service.ts';

/** An item that is there; `cluster` if it was found in one. */
interface Held<Spec> {
  /** Of a service `SITE/NAME`. */
  readonly name: string;
  readonly cluster?: string | undefined;
  readonly spec: Spec;
}

export interface FoundInput {
  readonly cluster: string;
  /** `prefixes`: the real ones that it exposes; `pools`: the virtual ones of the deployment. */
  readonly site: {
    readonly name: string;
    readonly prefixes: readonly string[];
    readonly pools: readonly string[];
  };
  readonly found: readonly FoundService[];
  /** All of the tenant, of people and of other clusters too. */
  readonly services: readonly Held<ServiceSpec>[];
  readonly routes: readonly Held<RouteSpec>[];
  /** Host names that belong to other tenants, as far as that is known. */
  readonly foreignHosts: ReadonlySet<string>;
  /** The deployment's domain of clusters, if it has one. */
  readonly clusterDomain?: string | undefined;
}

interface Wish<Spec> {
  readonly name: string;
  readonly spec: Spec;
  /** `NAMESPACE/NAME` in the cluster. */
  readonly source: string;
}

export type FoundStep =
  | ({ readonly do: 'createService' } & Wish<ServiceSpec>)
  | ({ readonly do: 'changeService' } & Wish<ServiceSpec>)
  | { readonly do: 'deleteService'; readonly name: string }
  | ({ readonly do: 'createRoute' } & Wish<RouteSpec>)
  | ({ readonly do: 'changeRoute' } & Wish<RouteSpec>)
  | { readonly do: 'deleteRoute'; readonly name: string };

export interface FoundFault {
  readonly source: string;
  readonly detail: string;
}

export interface FoundPlan {
  /** In the order of doing: services come before the routes to them, and go after them. */
  readonly steps: readonly FoundStep[];
  readonly faults: readonly FoundFault[];
  /** How many there are once the steps are done. */
  readonly services: number;
  readonly routes: number;
}

/** The same input always gives the same plan, and no steps once it is carried out. */
export function planFound(input: FoundInput): FoundPlan {
  const faults: FoundFault[] = [];
  const asking: FoundService[] = [];
  const services = wishes<ServiceSpec>(input.found, faults, (one, done) => {
    const wish = serviceWish(input, one, done);
    if (typeof wish !== 'string' && one.route !== undefined) asking.push(one);
    return wish;
  });
  const routes = wishes<RouteSpec>(asking, faults, (one, done) =>
    routeWish(input, one, { services, routes: done }),
  );
  const ofServices = changes(input.cluster, input.services, services);
  const ofRoutes = changes(input.cluster, input.routes, routes);
  const steps: FoundStep[] = [
    ...ofServices.create.map((wish) => ({ do: 'createService' as const, ...wish })),
    ...ofServices.change.map((wish) => ({ do: 'changeService' as const, ...wish })),
    ...ofRoutes.gone.map((name) => ({ do: 'deleteRoute' as const, name })),
    ...ofRoutes.create.map((wish) => ({ do: 'createRoute' as const, ...wish })),
    ...ofRoutes.change.map((wish) => ({ do: 'changeRoute' as const, ...wish })),
    ...ofServices.gone.map((name) => ({ do: 'deleteService' as const, name })),
  ];
  return { steps, faults, services: services.length, routes: routes.length };
}

/** One after the other, because what one is granted another can't have. */
function wishes<Spec>(
  found: readonly FoundService[],
  faults: FoundFault[],
  wishOf: (one: FoundService, done: readonly Wish<Spec>[]) => Wish<Spec> | string,
): Wish<Spec>[] {
  const granted: Wish<Spec>[] = [];
  for (const one of found) {
    const wish = wishOf(one, granted);
    if (typeof wish === 'string') faults.push({ source: one.source, detail: wish });
    else granted.push(wish);
  }
  return granted;
}

/** The service to have, or why it can't be had. */
function serviceWish(
  { cluster, site, services }: FoundInput,
  { name, source, address, port, protocol }: FoundService,
  granted: readonly Wish<ServiceSpec>[],
): Wish<ServiceSpec> | string {
  const key = `${site.name}/${name}`;
  if (granted.some((other) => other.name === key || other.source === source))
    return `another Service of the cluster has the name ${name} already, or this one was told twice.`;
  const holder = services.find((held) => held.name === key);
  if (holder !== undefined && holder.cluster !== cluster)
    return `${whose(holder)} the service ${name} at ${site.name}; give this one another name by isthmus.dev/name.`;
  const spec = ServiceSpec.safeParse({ address, port, protocol });
  if (!spec.success) return `${address} is no IPv4 address.`;
  const refusal = checkService(spec.data, site);
  return refusal === undefined ? { name: key, spec: spec.data, source } : refusal.detail;
}

interface Granted {
  readonly services: readonly Wish<ServiceSpec>[];
  readonly routes: readonly Wish<RouteSpec>[];
}

/** The route to have, or why it can't be had. Its service has been granted. */
function routeWish(
  { cluster, site, routes, foreignHosts, clusterDomain }: FoundInput,
  { name, source, route }: FoundService,
  granted: Granted,
): Wish<RouteSpec> | string {
  const key = `${cluster}-${name}`;
  if (!Name.safeParse(key).success)
    return `its route would be named ${key}, which is longer than 32 characters; give it a shorter name by isthmus.dev/name.`;
  const holder = routes.find((held) => held.name === key);
  if (holder !== undefined && holder.cluster !== cluster)
    return `${whose(holder)} the route ${key}; give this one another name by isthmus.dev/name.`;
  const spec = RouteSpec.safeParse({ ...route, service: { site: site.name, name } });
  if (!spec.success) return `${route?.host ?? ''}${route?.path ?? ''} is no host and path of a route.`;
  if (foreignHosts.has(spec.data.host)) return `${spec.data.host} belongs to another tenant.`;
  const lost = lostHost(spec.data, clusterDomain);
  if (lost !== undefined) return lost;
  const others = [...routes.filter((held) => held.cluster !== cluster), ...granted.routes];
  const refusal = checkAmong({ name: key, ...spec.data }, granted.services, others);
  return refusal === undefined ? { name: key, spec: spec.data, source } : refusal.detail;
}

function checkAmong(
  route: RouteFacts,
  services: readonly Wish<ServiceSpec>[],
  routes: readonly { readonly name: string; readonly spec: RouteSpec }[],
): Refusal | undefined {
  const facts = services.map(({ name: key, spec }): ServiceFacts => {
    const [site = '', name = ''] = key.split('/');
    return { site, name, ...spec };
  });
  return checkRoute(route, { services: facts, routes: routes.map(({ name, spec }) => ({ name, ...spec })) });
}

function whose({ cluster }: Held<unknown>): string {
  return cluster === undefined
    ? 'A person made, or took over,'
    : `The cluster ${cluster} was the first to have`;
}

interface Changes<Spec> {
  readonly create: readonly Wish<Spec>[];
  readonly change: readonly Wish<Spec>[];
  readonly gone: readonly string[];
}

/** What differs between the cluster's own items and its wishes. */
function changes<Spec extends ServiceSpec | RouteSpec>(
  cluster: string,
  held: readonly Held<Spec>[],
  wanted: readonly Wish<Spec>[],
): Changes<Spec> {
  const own = new Map(held.filter((one) => one.cluster === cluster).map((one) => [one.name, one.spec]));
  const names = new Set(wanted.map(({ name }) => name));
  return {
    create: wanted.filter(({ name }) => !own.has(name)),
    change: wanted.filter(({ name, spec }) => own.has(name) && textOf(own.get(name)) !== textOf(spec)),
    gone: [...own.keys()].filter((name) => !names.has(name)),
  };
}

/** Both sides come out of the schemas, but what is stored may have its members in another order. */
function textOf(spec: ServiceSpec | RouteSpec | undefined): string {
  return canonicalJson(JSON.parse(JSON.stringify(spec ?? null)));
}
