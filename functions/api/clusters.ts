/** Clusters: edges make them by attaching; users say who may use them, and delete them. Nobody moves one to another site. */
import {
  type Cluster,
  ClusterList,
  ClusterReplacement,
  Cluster as ClusterSchema,
} from '../../protocol/cluster.ts';
import { readAgentId } from '../domain/agent.ts';
import { browserAccess, publicHost } from '../domain/browsers.ts';
import { clusterHost } from '../domain/cluster.ts';
import { clusterConditions } from '../domain/cluster-status.ts';
import { isLive } from '../domain/estate.ts';
import { toldOf } from '../reconcile/told.ts';
import type { Item } from '../store/port.ts';
import { drillOperation } from './cluster-drill.ts';
import { requestOperations } from './cluster-requests.ts';
import { type Desk, findLive, type Replaceable, tenantPlace, type Wanted } from './collection.ts';
import { allLive, findDependent } from './dependent.ts';
import { refuseField } from './faults.ts';
import { metadataOf } from './item.ts';
import type { Operation } from './operation.ts';
import { refuse } from './problems.ts';
import { isEnrolled } from './progress.ts';
import { deleteOperation, listOperation, readOperation, replaceOperation } from './resource.ts';

export type ClusterCollection = Replaceable<'cluster', Cluster>;

export function clusterOperations(desk: Desk): Operation[] {
  const kind = clusterKind(desk);
  return [
    listOperation(desk, kind),
    readOperation(desk, kind),
    replaceOperation(desk, kind),
    deleteOperation(desk, kind),
    ...requestOperations(desk, kind),
    drillOperation(desk, kind),
  ];
}

export function clusterKind(desk: Desk): ClusterCollection {
  return {
    kind: 'cluster',
    path: '/v1/tenants/{tenant}/clusters',
    schemas: { one: ClusterSchema, list: ClusterList, replacement: ClusterReplacement },
    problems: [],
    place: tenantPlace,
    prepare: (wanted) => prepareCluster(wanted),
    show: (items) => showClusters(desk, items),
    release: (item) => releaseCluster(desk, item),
  };
}

async function prepareCluster({ spec, before }: Wanted<'cluster'>) {
  if (before === undefined) throw new Error('a cluster is only ever made by its edge');
  if (spec.site !== before.spec.site)
    refuseField(
      '/spec/site',
      `A cluster stays at its site, ${before.spec.site}. Delete it, and attach it from an edge of the other.`,
    );
  return { spec, status: before.status };
}

/** Apps and pools name clusters: nothing may be left that means another one later. */
async function releaseCluster({ store }: Desk, { key }: Item<'cluster'>): Promise<void> {
  const { tenant, name } = key;
  const app = await findDependent(
    store,
    { kind: 'app', tenant },
    ({ spec }) => spec.placement.clusters?.includes(name) === true,
  );
  if (app !== undefined)
    refuse(
      'in_use',
      `The app ${app.key.name} asks for ${name} by name. Place it elsewhere, or delete it first.`,
    );
  const pool = await findDependent(store, { kind: 'pool', tenant }, ({ spec }) =>
    spec.ranges.some(({ cluster }) => cluster === name),
  );
  if (pool !== undefined)
    refuse('in_use', `The pool ${pool.key.name} has a range of ${name}. Take it out first.`);
}

export async function showClusters(desk: Desk, items: readonly Item<'cluster'>[]): Promise<Cluster[]> {
  const hubs = await allLive(desk.store, { kind: 'hub', tenant: '*' });
  const servers = hubs.filter(isEnrolled).map(({ spec }) => `https://${spec.endpoint.replace(/:\d+$/, '')}`);
  return Promise.all(items.map((item) => showCluster(desk, item, servers)));
}

async function showCluster(
  { store, clock, deployment }: Desk,
  item: Item<'cluster'>,
  servers: string[],
): Promise<Cluster> {
  const { tenant, name } = item.key;
  const { kind, agent, authority } = item.status;
  const { browsers } = deployment;
  const edge = readAgentId(agent)?.name ?? agent;
  const [{ facts, published }, holder] = await Promise.all([
    toldOf(store, item, ['facts', 'published']),
    findLive(store, { kind: 'edge', tenant, name: edge }),
  ]);
  const isEdgeLive = holder !== undefined && isLive(holder.spec) && holder.spec.site === item.spec.site;
  return {
    metadata: metadataOf(item),
    spec: item.spec,
    status: {
      kind,
      edge,
      host: clusterHost(tenant, name, deployment.domain),
      servers,
      authority,
      browser: browserAccess({
        kind,
        host: browsers === undefined ? undefined : publicHost(tenant, name, browsers.domain),
        isEdgeLive,
        told: facts?.value.certificate,
        now: clock.now(),
      }),
      ...(facts === undefined ? {} : { facts: facts.value, observedAt: facts.at }),
      conditions: clusterConditions({
        now: clock.now(),
        updatedAt: item.updatedAt,
        isEdgeLive,
        told: facts,
        published,
      }),
    },
  };
}
