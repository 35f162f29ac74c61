/** Apps: what runs, and in which clusters. A change of the template is a new release; a change of placement alone is none. */
import {
  type App,
  AppCreation,
  type AppInstance,
  AppList,
  AppReplacement,
  App as AppSchema,
  type AppSpec,
} from '../../protocol/app.ts';
import { appConditions, checkApp } from '../domain/app.ts';
import type { Item, ItemKey, Store, Telling } from '../store/port.ts';
import { type Creatable, type Desk, findLive, tenantPlace, type Wanted } from './collection.ts';
import { allLive } from './dependent.ts';
import { metadataOf, sameJson } from './item.ts';
import type { Operation } from './operation.ts';
import { refuseIf } from './problems.ts';
import { crudOperations } from './resource.ts';
import { toldOf } from './told.ts';

export function appOperations(desk: Desk): Operation[] {
  const kind: Creatable<'app', App> = {
    kind: 'app',
    path: '/v1/tenants/{tenant}/apps',
    schemas: { one: AppSchema, list: AppList, creation: AppCreation, replacement: AppReplacement },
    problems: [],
    place: tenantPlace,
    begin: (evidence) => evidence,
    prepare: (wanted) => prepareApp(desk, wanted),
    show: (items) => showApps(desk, items),
  };
  return crudOperations(desk, kind);
}

async function prepareApp({ store }: Desk, { key, spec, before }: Wanted<'app'>) {
  const [clusters, pools] = await Promise.all([
    allLive(store, { kind: 'cluster', tenant: key.tenant }),
    allLive(store, { kind: 'pool', tenant: key.tenant }),
  ]);
  refuseIf(
    checkApp(spec, {
      clusters: new Set(clusters.map((item) => item.key.name)),
      pools: new Map(
        pools.map((item) => [item.key.name, new Set(item.spec.ranges.map(({ cluster }) => cluster))]),
      ),
    }),
  );
  const isSame = before !== undefined && sameJson(templateOf(before.spec), templateOf(spec));
  const release = isSame ? before.status.release : (before?.status.release ?? 0) + 1;
  return { spec, status: { release } };
}

function templateOf({ placement: _placement, ...template }: AppSpec) {
  return template;
}

/** What the edges of all clusters told of apps is read once for a list. */
async function showApps({ store }: Desk, items: readonly Item<'app'>[]): Promise<App[]> {
  const [first] = items;
  if (first === undefined) return [];
  const { tenant } = first.key;
  const names = [...new Set(items.flatMap(({ spec }) => spec.placement.clusters))];
  const told = await Promise.all(
    names.map(async (name) => [name, await toldOfApps(store, { kind: 'cluster', tenant, name })] as const),
  );
  const byCluster = new Map(told);
  return items.map((item) => {
    const instances = item.spec.placement.clusters.flatMap((cluster): AppInstance[] => {
      const apps = byCluster.get(cluster);
      // What was told before there was this app is of another one that had its name.
      if (apps === undefined || apps.at < item.createdAt) return [];
      const found = apps.value.find(({ app }) => app === item.key.name)?.instance;
      return found === undefined ? [] : [{ ...found, cluster, observedAt: apps.at }];
    });
    const { release } = item.status;
    const evidence = {
      release,
      clusters: item.spec.placement.clusters,
      instances,
      updatedAt: item.updatedAt,
    };
    return {
      metadata: metadataOf(item),
      spec: item.spec,
      status: { release, instances, conditions: appConditions(evidence) },
    };
  });
}

async function toldOfApps(store: Store, key: ItemKey<'cluster'>): Promise<Telling['apps']> {
  const cluster = await findLive(store, key);
  return cluster === undefined ? undefined : (await toldOf(store, cluster, ['apps'])).apps;
}
