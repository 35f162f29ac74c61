/**
 * Whose documents a change may touch. A document that then compiles to the same text is not written, so naming one
 * too many costs a compile; naming one too few costs the wait for the next sweep. What was there before the change is
 * not known here, so where it matters (a policy's former destination, the site of a deleted edge) the whole tenant is named.
 */
import type { ResourceKind } from '../../protocol/role.ts';
import type { EdgeFacts, Estate, HubFacts, TenantEstate } from './estate.ts';
import { isLive } from './estate.ts';
import { grantsOf } from './policy.ts';
import { isGuarded } from './policy-lock.ts';
import { askersOf } from './proof.ts';

export interface ChangedItem {
  readonly kind: ResourceKind;
  /** `*` for what belongs to the deployment. */
  readonly tenant: string;
  /** Services are `SITE/NAME`. */
  readonly name: string;
}

type AffectedEstate = Pick<Estate, 'hubs' | 'tenants'>;

/** Ids of the agents to compile, sorted. An edge that is not live is named only if it is what changed. */
export function affectedAgents(change: ChangedItem, estate: AffectedEstate): string[] {
  if (UNTOLD.includes(change.kind)) return [];
  if (ONLY_CLUSTERS.includes(change.kind)) return holdersOf(change, estate);
  if (change.kind === 'app' && isUnnamed(change, estate)) return holdersOf(change, estate);
  const hubs = estate.hubs.map((hub: HubFacts) => hub.id);
  return [...new Set([...hubs, ...edgesOf(change, estate)])].sort();
}

/** What no document tells of. */
const UNTOLD: readonly ChangedItem['kind'][] = ['token'];

/** What hubs know nothing of, and other edges neither. */
const ONLY_CLUSTERS: readonly ChangedItem['kind'][] = ['key', 'role', 'binding', 'pool'];

/** An app that nobody reaches by its name, and that is there: no document names where it is reached, nor where it speaks from. */
function isUnnamed({ tenant, name }: ChangedItem, { tenants }: AffectedEstate): boolean {
  const own = tenants.find((one) => one.name === tenant);
  const app = own?.apps.find((one) => one.name === name);
  if (own === undefined || app === undefined) return false;
  if (app.endpoints.length > 0 || app.template.ports.length > 0) return false;
  const isOrigin = own.policies.some(({ from }) => from.site === undefined) || own.apps.some(isGuarded);
  return !isOrigin && app.residency === 'anywhere';
}

/** The edges that hold clusters: of the tenant, or of all if what changed is the deployment's. */
function holdersOf({ tenant }: ChangedItem, { tenants }: AffectedEstate): string[] {
  const concerned = tenants.filter(({ name }) => tenant === '*' || name === tenant);
  return [...new Set(concerned.flatMap(({ clusters }) => clusters.map(({ agent }) => agent)))].sort();
}

function edgesOf(change: ChangedItem, estate: AffectedEstate): string[] {
  if (change.kind === 'hub')
    return idsOf(
      estate.tenants.flatMap((tenant) => tenant.edges),
      () => true,
    );
  const name = change.kind === 'tenant' ? change.name : change.tenant;
  const tenant = estate.tenants.find((candidate) => candidate.name === name);
  if (!tenant) return change.kind === 'edge' ? [`edge.${change.tenant}.${change.name}`] : [];
  return [...ownEdge(change), ...idsOf(tenant.edges, concernedBy(change, tenant))];
}

function ownEdge(change: ChangedItem): string[] {
  return change.kind === 'edge' ? [`edge.${change.tenant}.${change.name}`] : [];
}

function idsOf(edges: readonly EdgeFacts[], isConcerned: (edge: EdgeFacts) => boolean): string[] {
  return edges.filter((edge) => isLive(edge) && isConcerned(edge)).map((edge) => edge.id);
}

/** Which live edges of the tenant a change within it concerns. */
function concernedBy(change: ChangedItem, tenant: TenantEstate): (edge: EdgeFacts) => boolean {
  if (change.kind === 'tenant') return () => true;
  if (change.kind === 'route' || change.kind === 'policy')
    return () => tenant.isolation === 'isolated' || tenant.apps.some(isGuarded);
  const changed = tenant.edges.find((edge) => change.kind === 'edge' && edge.name === change.name);
  if (changed) {
    // Who asked it before it was not live is not known, nor who asks beyond those that policies join.
    if (!isLive(changed) || isWidened(tenant)) return () => true;
    const askers = new Set(askersOf(changed.site, tenant).map(({ site }) => site));
    return (edge) => edge.site === changed.site || askers.has(edge.site);
  }
  // Which edge held it before is not known.
  if (change.kind === 'edge' || change.kind === 'cluster') return () => true;
  if (change.kind === 'app') {
    const holding = new Set([...tenant.clusters.map(({ site }) => site), ...calledBy(change.name, tenant)]);
    return (edge) => holding.has(edge.site);
  }
  const sites = sitesOf(change, tenant);
  return (edge) => sites.has(edge.site);
}

/** Policies may make edges ask others for proofs than those that are next. */
function isWidened({ isolation, policies }: TenantEstate): boolean {
  return isolation === 'isolated' && policies.length > 0;
}

/** Sites that the app may have a policy to: by the words of policies, because an app that is gone is nobody's end any more. */
function calledBy(app: string, tenant: TenantEstate): string[] {
  return grantsOf(tenant)
    .filter(({ policy: { from } }) => from.app === app || from.group !== undefined)
    .flatMap(({ targets }) => targets.map(({ site }) => site));
}

/** Sites whose edges name the changed thing: its own; and those that a native route or a policy joins to a site. */
function sitesOf(change: ChangedItem, tenant: TenantEstate): Set<string> {
  if (change.kind === 'service') return new Set([change.name.split('/')[0] ?? '']);
  const site = tenant.sites.find((candidate) => candidate.name === change.name);
  const joined = tenant.sites
    .filter((other) => other.native.includes(change.name))
    .map((other) => other.name);
  // What a policy's end is follows from the containers there.
  const allowed = grantsOf(tenant)
    .filter(({ origins }) => origins.some((origin) => origin.site === change.name))
    .flatMap(({ targets }) => targets.map((target) => target.site));
  const askers = isWidened(tenant) ? tenant.edges : askersOf(change.name, tenant);
  return new Set([
    change.name,
    ...(site?.native ?? []),
    ...joined,
    ...allowed,
    ...askers.map((edge) => edge.site),
  ]);
}
