/** Pools: addresses kept for apps. Ranges are claimed in the tenant's ledger before a pool that names them is written. */
import {
  type Pool,
  PoolCreation,
  PoolList,
  PoolReplacement,
  Pool as PoolSchema,
  type PoolStatus,
} from '../../protocol/pool.ts';
import {
  accountOf,
  type PoolSurroundings,
  type PoolTelling,
  placeRanges,
  strandedBy,
} from '../domain/pool.ts';
import { claimRanges, forgetPool, settlePool } from '../reconcile/pools.ts';
import { toldOf } from '../reconcile/told.ts';
import type { Item, Store } from '../store/port.ts';
import { type Creatable, type Desk, tenantPlace, type Wanted } from './collection.ts';
import { allLive, findDependent } from './dependent.ts';
import { metadataOf } from './item.ts';
import type { Operation } from './operation.ts';
import { Rejection, refuse, refuseIf } from './problems.ts';
import { crudOperations } from './resource.ts';

/** Of a pool, as many as the edge of one cluster tells of. */
const SHOWN_MAX = 4_096;

export function poolOperations(desk: Desk): Operation[] {
  const kind: Creatable<'pool', Pool> = {
    kind: 'pool',
    path: '/v1/tenants/{tenant}/pools',
    schemas: { one: PoolSchema, list: PoolList, creation: PoolCreation, replacement: PoolReplacement },
    problems: ['address_outside_site', 'prefix_overlaps', 'in_use', 'busy'],
    place: tenantPlace,
    begin: (evidence) => evidence,
    prepare: (wanted) => preparePool(desk, wanted),
    show: (items) => showPools(desk, items),
    release: (item) => releasePool(desk.store, item),
    settle: ({ key }) => settlePool(desk, key),
    lost: (item) => forgetPool(desk, item),
  };
  return crudOperations(desk, kind);
}

/** The claim comes last: what is refused before it leaves nothing. */
async function preparePool(desk: Desk, { key, spec, before, cause }: Wanted<'pool'>) {
  const clusters = await allLive(desk.store, { kind: 'cluster', tenant: key.tenant });
  const around = await surroundingsOf(desk.store, key.tenant, clusters);
  const facts = await readFacts(desk.store, spec, clusters);
  const outcome = placeRanges(spec, { ...around, facts });
  if ('refusal' in outcome) throw new Rejection(outcome.refusal);
  if (before !== undefined) await requireUnused(desk.store, { before, spec, clusters });
  const version = (before?.version ?? 0) + 1;
  const stamp = { pool: key.name, createdAt: before?.createdAt ?? cause.now, version };
  refuseIf(await claimRanges(desk, key.tenant, { stamp, ranges: outcome.placed, at: cause.now }));
  return { spec, status: {} };
}

interface Change {
  readonly before: Item<'pool'>;
  readonly spec: Item<'pool'>['spec'];
  readonly clusters: readonly Item<'cluster'>[];
}

/** What an edge told last counts, however old: the address may be in use while the edge is silent. */
async function requireUnused(store: Store, { before, spec, clusters }: Change): Promise<void> {
  const tellings = await readTellings(store, before, clusters);
  const reservations = tellings.flatMap(({ told }) => told?.reservations ?? []);
  const stranded = strandedBy(before.spec, spec, reservations);
  if (stranded !== undefined)
    refuse(
      'in_use',
      `${stranded.address} is reserved for ${stranded.holder} of the app ${stranded.app} in ${stranded.cluster}. Move or delete it first, and wait until the edge of the cluster has told of that.`,
    );
}

async function releasePool(store: Store, { key }: Item<'pool'>): Promise<void> {
  const { tenant, name } = key;
  const app = await findDependent(store, { kind: 'app', tenant }, ({ spec }) => spec.pool === name);
  if (app !== undefined)
    refuse(
      'in_use',
      `The app ${app.key.name} has its addresses from the pool ${name}. Change or delete it first.`,
    );
}

async function surroundingsOf(
  store: Store,
  tenant: string,
  clusters: readonly Item<'cluster'>[],
): Promise<PoolSurroundings> {
  const sites = await allLive(store, { kind: 'site', tenant });
  return {
    clusters: new Map(clusters.map(({ key, spec }) => [key.name, spec.site])),
    onLan: new Set(clusters.filter(({ status }) => status.kind === 'docker').map(({ key }) => key.name)),
    sites: new Map(sites.map(({ key, status }) => [key.name, status.prefixes.map(({ real }) => real)])),
  };
}

/** Of the pool's clusters, as their edges told of them last. */
async function readFacts(
  store: Store,
  { ranges }: Item<'pool'>['spec'],
  clusters: readonly Item<'cluster'>[],
): Promise<NonNullable<PoolSurroundings['facts']>> {
  const names = new Set(ranges.map(({ cluster }) => cluster));
  const read = clusters
    .filter(({ key }) => names.has(key.name))
    .map(async (cluster) => {
      const { facts } = await toldOf(store, cluster, ['facts']);
      return facts === undefined ? [] : [[cluster.key.name, facts.value] as const];
    });
  return new Map((await Promise.all(read)).flat());
}

/** What the edges of a pool's clusters told of it, by cluster. */
async function readTellings(
  store: Store,
  { key, spec }: Item<'pool'>,
  clusters: readonly Item<'cluster'>[],
): Promise<PoolTelling[]> {
  const names = new Set(spec.ranges.map(({ cluster }) => cluster));
  const own = clusters.filter((cluster) => names.has(cluster.key.name));
  return Promise.all(
    own.map(async (cluster): Promise<PoolTelling> => {
      const { reservations } = await toldOf(store, cluster, ['reservations']);
      if (reservations === undefined) return { cluster: cluster.key.name };
      const ofPool = reservations.value.filter(
        (one) => one.pool === key.name && one.cluster === cluster.key.name,
      );
      const shown = ofPool.map(({ pool: _pool, ...reservation }) => reservation);
      return { cluster: cluster.key.name, told: { at: reservations.at, reservations: shown } };
    }),
  );
}

export async function showPools(desk: Desk, items: readonly Item<'pool'>[]): Promise<Pool[]> {
  const [first] = items;
  if (first === undefined) return [];
  const { tenant } = first.key;
  const clusters = await allLive(desk.store, { kind: 'cluster', tenant });
  const around = await surroundingsOf(desk.store, tenant, clusters);
  return Promise.all(
    items.map(async (item) => {
      const tellings = await readTellings(desk.store, item, clusters);
      return {
        metadata: metadataOf(item),
        spec: item.spec,
        status: statusOf(desk, item, { around, tellings }),
      };
    }),
  );
}

function statusOf(
  { clock }: Desk,
  { spec, updatedAt }: Item<'pool'>,
  known: { readonly around: PoolSurroundings; readonly tellings: readonly PoolTelling[] },
): PoolStatus {
  const { size, free, reservations, conditions } = accountOf({ spec, updatedAt, now: clock.now(), ...known });
  return {
    size,
    free,
    reservations: reservations.slice(0, SHOWN_MAX),
    told: known.tellings.map(({ cluster, told }) => ({
      cluster,
      ...(told === undefined ? {} : { observedAt: told.at }),
    })),
    conditions: [...conditions],
  };
}
