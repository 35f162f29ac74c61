/**
 * The estate: what the compilers read, as small values of this room's own. Whoever reads the table makes them; a
 * deleted item is not among them. It holds no rule but who carries a site's prefixes.
 */
import { contains, parsePrefix } from '../../protocol/address.ts';
import type { AppAssignment, AppTemplate } from '../../protocol/app.ts';
import type { AppEndpoint, AppOrigin } from '../../protocol/app-endpoint.ts';
import type { BackupSpec, DrillWish } from '../../protocol/backup.ts';
import type { BindingSpec } from '../../protocol/binding.ts';
import type { ClusterAccess, ClusterKind, ClusterSpec } from '../../protocol/cluster.ts';
import type { NodeRules } from '../../protocol/placement.ts';
import type { PolicySpec } from '../../protocol/policy.ts';
import type { PoolRange } from '../../protocol/pool.ts';
import type { Rule } from '../../protocol/role.ts';
import type { SigningRoot } from '../../protocol/signing-root.ts';
import type { Mapping } from '../../protocol/site.ts';
import type { Slot } from '../../protocol/slot.ts';
import type { StageOrder } from '../../protocol/track.ts';
import { sortedBy } from './order.ts';
import type { TrackOrder } from './rollout-stage.ts';

/** What is the same for every agent of the deployment. */
export interface DeploymentFacts {
  readonly pools: readonly string[];
  readonly domain: string;
  readonly roots: readonly SigningRoot[];
  readonly pollSeconds: number;
  /** Where browsers reach clusters, and from which origins; absent: nowhere. */
  readonly browsers?: BrowserFacts | undefined;
}

export interface BrowserFacts {
  /** The domain of clusters, which is public: a cluster is `CLUSTER.TENANT.DOMAIN`. */
  readonly domain: string;
  /** Of the console. */
  readonly origins: readonly string[];
}

export interface SiteFacts {
  readonly tenant: string;
  readonly name: string;
  readonly kind: 'datacenter' | 'vpc';
  readonly allotment: readonly string[];
  /** What is exposed, with its virtual prefixes: the status of the site. */
  readonly prefixes: readonly Mapping[];
  readonly lan: 'routed' | 'masquerade';
  readonly native: readonly string[];
}

export interface EdgeFacts {
  readonly id: string;
  readonly tenant: string;
  readonly name: string;
  readonly site: string;
  readonly approved: boolean;
  readonly quarantined: boolean;
  readonly publicKey: string;
  /** The key that is wanted, by its number; absent: nobody ever asked for another one. */
  readonly keyNumber?: number | undefined;
  readonly key?: { readonly number: number; readonly since: string } | undefined;
  /** Made by the edge, and not in use on all of its legs yet. */
  readonly nextKey?:
    | { readonly publicKey: string; readonly number: number; readonly since: string }
    | undefined;
  readonly features?: readonly string[] | undefined;
  readonly tunnelAddress: string;
  /** Real prefixes that it advertised and that were accepted. */
  readonly accepted: readonly string[];
  /** Real prefixes that its token lets it carry; null: all of its site. */
  readonly allowed: readonly string[] | null;
  /** When it enrolled, ISO 8601: the older of two with one key keeps it. */
  readonly since: string;
}

export interface HubFacts {
  readonly id: string;
  readonly name: string;
  readonly group: string;
  readonly endpoint: string;
  readonly tunnelAddress: string;
  /** Absent until the hub has enrolled, and until then nobody is told of it; with a slot it is there from the start. */
  readonly publicKey?: string | undefined;
  readonly features?: readonly string[] | undefined;
  readonly vpc?: { readonly tenant: string; readonly site: string } | undefined;
  /** What outlives the instance, if the hub is one. */
  readonly slot?: Slot | undefined;
}

export interface ServiceFacts {
  readonly site: string;
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
}

export interface PolicyFacts extends Pick<PolicySpec, 'from' | 'to' | 'ports'> {
  readonly name: string;
}

export interface RouteFacts {
  readonly name: string;
  readonly host: string;
  readonly path: string;
  readonly service?: { readonly site: string; readonly name: string } | undefined;
  readonly app?: { readonly name: string; readonly port: string } | undefined;
}

/** A binding with what its role gives. */
export interface BindingFacts extends Pick<BindingSpec, 'who' | 'role' | 'sites'> {
  /** `*` for the deployment. */
  readonly tenant: string;
  readonly name: string;
  readonly rules: readonly Rule[];
}

/** An API key, as a cluster may know it. `id` tells it from another that had or will have its name. */
export interface KeyFacts {
  /** `*` for the deployment. */
  readonly tenant: string;
  readonly name: string;
  readonly role: string;
  readonly id: string;
}

export interface ClusterPlace {
  readonly name: string;
  readonly kind: ClusterKind;
  readonly site: string;
  /** Id of the edge that holds its credentials. */
  readonly agent: string;
  readonly access: ClusterAccess;
  /** Signs its tokens. */
  readonly issuer: SigningRoot;
  readonly record: ClusterSpec['record'];
  /** Whether its edge is of a version that knows bindings. */
  readonly knowsBindings: boolean;
  /** Likewise, a public name for browsers. */
  readonly knowsBrowsers: boolean;
  readonly backup?: BackupSpec | undefined;
  readonly drill?: DrillWish | undefined;
}

export interface AppFacts {
  readonly name: string;
  readonly release: number;
  readonly namespace: string;
  /** Where it runs, as it was planned. */
  readonly assignments: readonly (Pick<AppAssignment, 'cluster' | 'replicas'> &
    Partial<Pick<AppAssignment, 'state'>>)[];
  /** Where it is reached, as was told last. */
  readonly endpoints: readonly AppEndpoint[];
  /** Where its containers speak from, as was told last: addresses of their own, inside exposed prefixes. */
  readonly origins: readonly AppOrigin[];
  readonly residency: 'inside' | 'anywhere';
  readonly nodes: NodeRules;
  readonly template: AppTemplate;
  /** While a release comes by stages: what is told of the stage, and what the second track is. */
  readonly stage?: StageOrder | undefined;
  readonly next?: TrackOrder | undefined;
}

export interface PoolFacts {
  readonly name: string;
  readonly ranges: readonly PoolRange[];
}

/** A tenant with all that is in it. Keys, bindings, apps and pools are read only where there are clusters. */
export interface TenantEstate {
  readonly name: string;
  readonly isolation: 'open' | 'isolated';
  readonly sites: readonly SiteFacts[];
  readonly edges: readonly EdgeFacts[];
  readonly services: readonly ServiceFacts[];
  readonly policies: readonly PolicyFacts[];
  readonly routes: readonly RouteFacts[];
  readonly clusters: readonly ClusterPlace[];
  readonly apps: readonly AppFacts[];
  readonly addressPools: readonly PoolFacts[];
  /** Of the tenant and of the deployment. */
  readonly keys: readonly KeyFacts[];
  readonly bindings: readonly BindingFacts[];
}

export interface Estate {
  readonly deployment: DeploymentFacts;
  readonly hubs: readonly HubFacts[];
  readonly tenants: readonly TenantEstate[];
}

/** True if the edge may have a tunnel. */
export function isLive(edge: Pick<EdgeFacts, 'approved' | 'quarantined'>): boolean {
  return edge.approved && !edge.quarantined;
}

/** Hubs with a WireGuard key, by name. */
export function enrolledHubs(hubs: readonly HubFacts[]): (HubFacts & { readonly publicKey: string })[] {
  const enrolled = hubs.flatMap((hub) =>
    hub.publicKey === undefined ? [] : [{ ...hub, publicKey: hub.publicKey }],
  );
  return sortedBy(enrolled, (hub) => hub.name);
}

/** Services of a site, in the order of reading. */
export function servicesOf(tenant: TenantEstate, site: string): ServiceFacts[] {
  return named(tenant.services, site, (service) => service.site);
}

/** Where in a list which name is; made once for a list, because each of many agents looks for a few of many items. */
const PLACES = new WeakMap<readonly object[], ReadonlyMap<string, readonly number[]>>();

/** The items of this name. A list is asked by one kind of name only, and never changes. */
function named<T extends object>(list: readonly T[], name: string, nameOf: (item: T) => string): T[] {
  const places = PLACES.get(list) ?? placesOf(list.map(nameOf));
  PLACES.set(list, places);
  return (places.get(name) ?? []).flatMap((place) => list[place] ?? []);
}

function placesOf(names: readonly string[]): ReadonlyMap<string, readonly number[]> {
  const places = new Map<string, number[]>();
  for (const [place, name] of names.entries()) {
    const known = places.get(name);
    if (known) known.push(place);
    else places.set(name, [place]);
  }
  return places;
}

/** A site's mappings, by virtual prefix. */
export function mappingsOf(tenant: TenantEstate, site: string): readonly Mapping[] {
  return siteOf(tenant, site)?.prefixes ?? [];
}

export function siteOf(tenant: TenantEstate, site: string): SiteFacts | undefined {
  return named(tenant.sites, site, ({ name }) => name)[0];
}

/**
 * Which mapping each live edge of a site carries, by edge id. A prefix has one carrier, since a hub takes a source
 * from one peer only: of the edges whose token allows it, the first that had it accepted, else the first (SITE before
 * SITE-2 before SITE-10).
 * The prefixes of a VPC that a hub stands in are the hub's, and no edge's.
 */
export function carriedBy(
  site: SiteFacts,
  edges: readonly EdgeFacts[],
  hubs: readonly HubFacts[],
): Map<string, Mapping[]> {
  const own = named(edges, site.name, (edge) => edge.site);
  const live = own.filter((edge) => edge.tenant === site.tenant && isLive(edge));
  const ranked = sortedBy(live, (edge) => edge.name).sort((a, b) => a.name.length - b.name.length);
  const carried = new Map<string, Mapping[]>(ranked.map((edge) => [edge.id, []]));
  if (hubs.some((hub) => hub.vpc?.tenant === site.tenant && hub.vpc.site === site.name)) return carried;
  for (const mapping of sortedBy(site.prefixes, ({ virtual }) => virtual)) {
    const able = ranked.filter(({ allowed }) => mayCarry(allowed, mapping.real));
    const carrier = able.find((edge) => edge.accepted.includes(mapping.real)) ?? able[0];
    if (carrier) carried.get(carrier.id)?.push(mapping);
  }
  return carried;
}

function mayCarry(allowed: readonly string[] | null, real: string): boolean {
  return allowed === null || allowed.some((prefix) => contains(parsePrefix(prefix), parsePrefix(real)));
}
