/**
 * What `apps`, `clusters`, `pools`, `etcd` and `requests` do. A format other than the table is what `get` prints of the kind, so that a script may ask
 * either; `--json` stays as scripts know it.
 */
import { appsText, appText, readApp, readApps } from './apps.ts';
import { clustersText, clusterText, readCluster, readClusters } from './clusters.ts';
import { etcdText } from './etcd.ts';
import { unseenClusters } from './health.ts';
import { manifestText } from './manifest.ts';
import { poolsText, poolText, readPool, readPools } from './pools.ts';
import { readRequests, requestsText } from './requests.ts';
import { valueText } from './resource/format.ts';
import { get } from './resource-deeds.ts';
import type { World } from './world.ts';

export interface ViewOptions {
  readonly json?: boolean;
  readonly output: string;
}

interface View {
  readonly word: string;
  readonly name: string | undefined;
  /** As `--json` prints it. */
  value(): Promise<unknown>;
  text(): Promise<string>;
}

async function show(world: World, view: View, { json = false, output }: ViewOptions): Promise<void> {
  if (json) return world.print(valueText(await view.value(), 'json'));
  if (output === 'table') return world.print(await view.text());
  return get(world, view, output);
}

export async function showApps(world: World, name: string | undefined, options: ViewOptions): Promise<void> {
  const api = world.open();
  const unseen = async () => unseenClusters(await readClusters(api));
  const view = {
    word: 'app',
    name,
    value: () => (name === undefined ? readApps(api) : readApp(api, name)),
    text: async () =>
      name === undefined
        ? appsText(await readApps(api), await unseen())
        : appText(await readApp(api, name), { unseen: await unseen(), nowMs: world.nowMs() }),
  };
  return show(world, view, options);
}

export async function showClusters(
  world: World,
  name: string | undefined,
  options: ViewOptions & { readonly manifest?: boolean },
): Promise<void> {
  const api = world.open();
  if (name !== undefined && options.manifest === true)
    return world.print(manifestText('cluster', await readCluster(api, name)));
  const view = {
    word: 'cluster',
    name,
    value: () => (name === undefined ? readClusters(api) : readCluster(api, name)),
    text: async () =>
      name === undefined
        ? clustersText(await readClusters(api), world.nowMs())
        : clusterText(await readCluster(api, name), world.nowMs()),
  };
  return show(world, view, options);
}

export async function showPools(world: World, name: string | undefined, options: ViewOptions): Promise<void> {
  const api = world.open();
  const view = {
    word: 'pool',
    name,
    value: () => (name === undefined ? readPools(api) : readPool(api, name)),
    text: async () =>
      name === undefined
        ? poolsText(await readPools(api))
        : poolText(await readPool(api, name), world.nowMs()),
  };
  return show(world, view, options);
}

export async function showEtcd(world: World, name: string, options: ViewOptions): Promise<void> {
  const cluster = await readCluster(world.open(), name);
  const format = options.json === true ? 'json' : options.output;
  if (format === 'table') return world.print(etcdText(cluster, world.nowMs()));
  world.print(valueText(cluster.status.facts?.etcd ?? null, format));
}

export async function showRequests(world: World, name: string, options: ViewOptions): Promise<void> {
  const told = await readRequests(world.open(), name);
  const format = options.json === true ? 'json' : options.output;
  world.print(format === 'table' ? requestsText(told, world.nowMs()) : valueText(told.value, format));
}
