/** Apps: what runs, and in which clusters. A change of the template is a new release; a change of placement alone is none. */
import {
  type App,
  AppCreation,
  AppList,
  type AppPlaced,
  AppReplacement,
  App as AppSchema,
  type AppSpec,
} from '../../protocol/app.ts';
import type { Refusal } from '../../protocol/problem.ts';
import type { Scaled } from '../../protocol/scaling.ts';
import { appConditions, checkApp } from '../domain/app.ts';
import { appHostname, servingOf } from '../domain/endpoint.ts';
import { releaseInForce } from '../domain/rollout.ts';
import { ordersOf, settle } from '../domain/rollout-stage.ts';
import { isTimezone } from '../scaling/schedule.ts';
import type { Item } from '../store/port.ts';
import { instancesOf, placesOf, stableOf } from './app-instances.ts';
import { releaseOperations, withoutPast, withPast } from './app-releases.ts';
import { assignedOf, promotionOperations, stageShown, templateOf } from './app-stages.ts';
import { type Creatable, type Desk, tenantPlace, type Wanted } from './collection.ts';
import { allLive } from './dependent.ts';
import { metadataOf, sameJson } from './item.ts';
import type { Operation } from './operation.ts';
import { refuseIf } from './problems.ts';
import { crudOperations } from './resource.ts';

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
    lighter: withoutPast,
  };
  return [
    ...crudOperations(desk, kind),
    ...promotionOperations(desk, kind),
    ...releaseOperations(desk, kind),
  ];
}

async function prepareApp({ store }: Desk, { key, spec, before, cause }: Wanted<'app'>) {
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
  refuseIf(strangeZone(spec));
  const isSame = before !== undefined && sameJson(templateOf(before.spec), templateOf(spec));
  const placed = before?.status.placed;
  const isReworded = placed !== undefined && !sameJson(before?.spec.placement, spec.placement);
  const status = { ...before?.status, ...(isReworded ? { placed: { ...placed, isReworded } } : {}) };
  const release = isSame ? before.status.release : (before?.status.release ?? 0) + 1;
  if (isSame) return { spec, status: { ...status, release } };
  const newest = templateOf(spec);
  const next = settle({ ...status, release }, newest, cause.now);
  return { spec, status: before === undefined ? next : withPast(before, next, { newest, now: cause.now }) };
}

/** A window in a zone that nobody knows would never open. */
function strangeZone({ replicas }: AppSpec): Refusal | undefined {
  const schedule = typeof replicas === 'number' ? [] : (replicas.schedule ?? []);
  const index = schedule.findIndex(({ timezone }) => !isTimezone(timezone));
  const timezone = schedule[index]?.timezone;
  if (timezone === undefined) return undefined;
  const pointer = `/spec/replicas/schedule/${index}/timezone`;
  const detail = `${timezone} is no zone of the tz database. Give one such as Europe/Berlin.`;
  return { code: 'invalid', detail: `${pointer}: ${detail}`, errors: [{ pointer, detail }] };
}

export async function showApps({ store, deployment }: Desk, items: readonly Item<'app'>[]): Promise<App[]> {
  const instances = await instancesOf(store, items);
  return items.map((item, index) => {
    const { spec, status, updatedAt } = item;
    const orders = ordersOf(status, assignedOf(item));
    const running = (orders?.stable ?? releaseInForce(status, templateOf(spec))).release;
    const stage = stageShown(item, instances[index] ?? []);
    const evidence = {
      release: running,
      failed: status.failed?.release === status.release ? status.failed : undefined,
      clusters: placesOf(item),
      placed: status.placed,
      scaled: status.scaled,
      instances: stableOf(instances[index] ?? []),
      stage,
      ports: spec.ports,
      endpoints: servingOf({
        endpoints: status.endpoints ?? [],
        assignments: [...(status.placed?.assignments ?? []), ...(status.placed?.leaving ?? [])],
        stage: orders?.stage,
      }),
      updatedAt,
    };
    return {
      metadata: metadataOf(item),
      spec,
      status: {
        release: status.release,
        running,
        ...(stage === undefined ? {} : { stage }),
        ...(status.placed === undefined ? {} : { placed: shownPlaced(status.placed) }),
        ...(status.scaled === undefined ? {} : { scaled: shownScaled(status.scaled) }),
        hostname: appHostname(item.key.name, item.key.tenant, deployment.domain),
        endpoints: evidence.endpoints,
        instances: instances[index] ?? [],
        conditions: appConditions(evidence),
      },
    };
  });
}

function shownScaled({ wanted, at, state, why }: Scaled): Scaled {
  return { wanted, at, state, why };
}

function shownPlaced({ at, wanted, unplaced, assignments, why }: AppPlaced): AppPlaced {
  return { at, wanted, unplaced, assignments, why };
}
