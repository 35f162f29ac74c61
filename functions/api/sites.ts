/**
 * Sites: what may be exposed, what is, and under which virtual prefixes. The ledger is written before the item, so that
 * a crash in between costs an entry that is swept, never a prefix with two owners.
 */
import { contains, parsePrefix } from '../../protocol/address.ts';
import {
  type Site,
  SiteCreation,
  SiteList,
  SiteReplacement,
  Site as SiteSchema,
} from '../../protocol/site.ts';
import { mayUser } from '../domain/authorize.ts';
import { checkNative } from '../domain/native.ts';
import { isInside } from '../domain/pool.ts';
import { checkSite, isSameNetwork } from '../domain/site.ts';
import type { Allocator } from '../reconcile/allocate.ts';
import type { Item, ItemKey, Store } from '../store/port.ts';
import { type Creatable, type Desk, tenantPlace, type Wanted } from './collection.ts';
import { readSiteConditions } from './conditions.ts';
import { allLive, findDependent } from './dependent.ts';
import { type Cause, metadataOf } from './item.ts';
import { everySite } from './native.ts';
import type { Operation } from './operation.ts';
import { Rejection, refuse, refuseIf } from './problems.ts';
import { crudOperations } from './resource.ts';
import { revokeTokens } from './revoke.ts';

export function siteOperations(desk: Desk): Operation[] {
  const kind: Creatable<'site', Site> = {
    kind: 'site',
    path: '/v1/tenants/{tenant}/sites',
    schemas: { one: SiteSchema, list: SiteList, creation: SiteCreation, replacement: SiteReplacement },
    problems: [
      'prefix_outside_allotment',
      'prefix_overlaps',
      'prefix_reserved',
      'prefix_too_wide',
      'pool_exhausted',
      'native_collision',
      'in_use',
      'busy',
    ],
    place: tenantPlace,
    begin: (evidence) => evidence,
    prepare: (wanted) => prepareSite(desk, wanted),
    show: (items) => showSites(desk, items),
    release: (item, cause) => releaseSite(desk.store, item, cause),
  };
  return crudOperations(desk, kind);
}

/** Of a site that a hub stands in, what the hub does for it to everybody's network is the deployment's to change. */
async function requireOwnNetwork(store: Store, { key, spec, before, principal }: Wanted<'site'>) {
  if (
    before === undefined ||
    mayUser(principal, 'write', { tenant: '*', kind: 'hub' }) === true ||
    isSameNetwork(before.spec, spec)
  )
    return;
  const hub = await findHubIn(store, key);
  if (hub !== undefined)
    refuse(
      'forbidden',
      `The hub ${hub.key.name} stands in this VPC: its kind, allotment, prefixes and lan take a key of the whole deployment.`,
    );
}

function findHubIn(store: Store, { tenant, name }: ItemKey<'site'>) {
  const standsIn = ({ spec }: Item<'hub'>) => spec.vpc?.tenant === tenant && spec.vpc.site === name;
  return findDependent(store, { kind: 'hub', tenant: '*' }, standsIn);
}

async function prepareSite(desk: Desk, wanted: Wanted<'site'>) {
  const { key, spec, before } = wanted;
  await requireOwnNetwork(desk.store, wanted);
  const others = before === undefined ? [] : await advertisedWithin(desk.store, before, spec.allotment);
  refuseIf(checkSite(spec, { pools: desk.deployment.pools, others }));
  const prefixes = [...new Set([...spec.prefixes, ...others])];
  if (before !== undefined) await requireNoPool(desk.store, before, prefixes);
  if (spec.native.length > 0 || spec.kind === 'vpc') {
    const site = { ...spec, tenant: key.tenant, name: key.name, prefixes };
    refuseIf(checkNative(site, await everySite(desk.store)));
  }
  const mappings = await allocateFor(desk.allocator, key, prefixes);
  return { spec, status: { prefixes: mappings, conditions: [] } };
}

/** A pool hands out real addresses of a site: what it has a range in stays exposed. */
async function requireNoPool(
  store: Store,
  { key: { tenant, name }, status }: Item<'site'>,
  prefixes: readonly string[],
): Promise<void> {
  const before = status.prefixes.map(({ real }) => real);
  if (before.every((real) => isInside(real, prefixes))) return;
  const clusters = await allLive(store, { kind: 'cluster', tenant });
  const here = new Set(clusters.filter(({ spec }) => spec.site === name).map(({ key }) => key.name));
  const pools = await allLive(store, { kind: 'pool', tenant });
  for (const pool of pools) {
    const range = pool.spec.ranges.find(
      ({ cluster, prefix }) => here.has(cluster) && isInside(prefix, before) && !isInside(prefix, prefixes),
    );
    if (range !== undefined)
      refuse(
        'in_use',
        `The pool ${pool.key.name} has the range ${range.prefix} of ${range.cluster}. Take it out of the pool first, then out of what is exposed.`,
      );
  }
}

/** Mappings of real prefixes, in their order; the same prefix of the same site always gets the same one. */
export async function allocateFor(
  allocator: Allocator,
  { tenant, name }: ItemKey<'site'>,
  prefixes: readonly string[],
) {
  const mappings = await allocator.prefixes(tenant, name, prefixes);
  if ('code' in mappings) throw new Rejection(mappings);
  return mappings;
}

/** Exposed prefixes that edges advertise and that the allotment still holds. */
async function advertisedWithin(
  store: Store,
  { key, status }: Item<'site'>,
  allotment: readonly string[],
): Promise<string[]> {
  const edges = await allLive(store, { kind: 'edge', tenant: key.tenant });
  const accepted = edges
    .filter(({ spec }) => spec.site === key.name && spec.approved)
    .flatMap((edge) => edge.status.accepted);
  return status.prefixes
    .map(({ real }) => real)
    .filter((real) => accepted.includes(real))
    .filter((real) => allotment.some((range) => contains(parsePrefix(range), parsePrefix(real))));
}

async function releaseSite(store: Store, { key }: Item<'site'>, cause: Cause): Promise<void> {
  const { tenant, name } = key;
  const edge = await findDependent(store, { kind: 'edge', tenant }, ({ spec }) => spec.site === name);
  const cluster = await findDependent(store, { kind: 'cluster', tenant }, ({ spec }) => spec.site === name);
  const service = await findDependent(store, { kind: 'service', tenant, prefix: `${name}/` }, () => true);
  const hub = await findHubIn(store, key);
  if (hub !== undefined)
    refuse(
      'in_use',
      `The hub ${hub.key.name} stands in the site ${name}. Take it out of there or delete it first.`,
    );
  const dependent = edge ?? cluster ?? service;
  if (dependent !== undefined)
    refuse(
      'in_use',
      `The ${dependent.key.kind} ${dependent.key.name} is at the site ${name}. Delete it first.`,
    );
  await revokeTokens(store, { tenant, revokes: (token) => token.spec.site === name }, cause);
}

export async function showSites(desk: Desk, items: readonly Item<'site'>[]): Promise<Site[]> {
  const [first] = items;
  if (first === undefined) return [];
  const conditionsOf = await readSiteConditions(desk, first.key.tenant);
  return items.map((item) => ({
    metadata: metadataOf(item),
    spec: item.spec,
    status: { prefixes: item.status.prefixes, conditions: conditionsOf(item) },
  }));
}
