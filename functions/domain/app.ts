/** What is asked of an app beside its schema, and what can be said of it. */
import type { AppInstance, AppPlaced, AppSpec, AppTemplate } from '../../protocol/app.ts';
import { ENFORCED, saysNotUp } from '../../protocol/app-change.ts';
import type { AppEndpoint } from '../../protocol/app-endpoint.ts';
import type { Condition } from '../../protocol/metadata.ts';
import type { Refusal } from '../../protocol/problem.ts';
import type { Scaled } from '../../protocol/scaling.ts';
import type { AppStage } from '../../protocol/track.ts';
import { condition } from './status.ts';

/** What there is in the tenant: names of clusters, and of pools with the clusters that each has a range of. */
export interface AppSurroundings {
  readonly clusters: ReadonlySet<string>;
  readonly pools: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Undefined if it may be kept. */
export function checkApp(spec: AppSpec, { clusters, pools }: AppSurroundings): Refusal | undefined {
  const named = spec.placement.clusters ?? [];
  const missing = named.findIndex((name) => !clusters.has(name));
  if (missing !== -1)
    return wrong(
      `/spec/placement/clusters/${missing}`,
      `There is no cluster ${named[missing]} in the tenant.`,
    );
  const poolFault = spec.pool === undefined ? undefined : poolRefusal(spec.pool, spec, pools);
  if (poolFault !== undefined) return poolFault;
  const paths = [...spec.files.map(({ path }) => path), ...spec.volumes.map(({ path }) => path)];
  const staged = stagedRefusal(spec);
  if (staged !== undefined) return staged;
  const twice = paths.find((path, index) => paths.indexOf(path) !== index);
  if (twice !== undefined) return wrong('/spec/files', `${twice} is asked for twice.`);
  return ambiguous(spec);
}

/** A container in a cluster without a range would wait for its address for ever. */
function poolRefusal(
  name: string,
  { placement }: AppSpec,
  pools: AppSurroundings['pools'],
): Refusal | undefined {
  const ranges = pools.get(name);
  if (ranges === undefined) return wrong('/spec/pool', `There is no pool ${name} in the tenant.`);
  const without = placement.clusters?.find((cluster) => !ranges.has(cluster));
  return without === undefined
    ? undefined
    : wrong('/spec/pool', `The pool ${name} has no range in the cluster ${without}. Give it one first.`);
}

/** Two tracks have two of everything: that is no use where there is one of something. */
function stagedRefusal({ upgrade, volumes, onChange }: AppSpec): Refusal | undefined {
  if (upgrade.kind === 'rolling') return undefined;
  if (volumes.length > 0)
    return wrong(
      '/spec/upgrade/kind',
      'The release beside the last one would have volumes of its own, without the data: use rolling.',
    );
  return onChange === 'rolling'
    ? undefined
    : wrong('/spec/upgrade/kind', 'What is rebuilt in place has nothing beside it: use onChange rolling.');
}

function ambiguous({ ports, volumes, placement }: AppSpec): Refusal | undefined {
  for (const [pointer, names] of [
    ['/spec/ports', ports.map(({ name }) => name)],
    ['/spec/volumes', volumes.map(({ name }) => name)],
    ['/spec/placement/clusters', placement.clusters ?? []],
  ] as const) {
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) return wrong(pointer, `${twice} stands there twice.`);
  }
  return undefined;
}

function wrong(pointer: string, detail: string): Refusal {
  return { code: 'invalid', detail: `${pointer}: ${detail}`, errors: [{ pointer, detail }] };
}

export interface AppEvidence {
  /** The one that is to run. */
  readonly release: number;
  /** The newest, if it was taken back. */
  readonly failed?: { readonly release: number; readonly reason: string } | undefined;
  /** Where it is to run. */
  readonly clusters: readonly string[];
  readonly placed?: AppPlaced | undefined;
  /** Of an app that scales. */
  readonly scaled?: Scaled | undefined;
  /** Of a release that comes by stages. */
  readonly stage?: AppStage | undefined;
  /** Of what runs, without what stands beside it. */
  readonly instances: readonly AppInstance[];
  readonly ports: AppTemplate['ports'];
  readonly endpoints: readonly AppEndpoint[];
  readonly updatedAt: string;
}

/**
 * `Upgrading`: a release comes by stages; left out otherwise. `Running`: every cluster has the release up that is to run. `Placed`: all replicas have a place. `Scaled`: their number is what is
 * measured to be needed; left out if it is fixed. `RolledBack`: that is not the newest one, which failed; left out otherwise. `Reachable`: its name leads to ready containers; left out for an app
 * without ports. `Enforced`: its access holds in all of them; left out while nobody has told.
 */
export function appConditions(evidence: AppEvidence): Condition[] {
  return [
    running(evidence),
    placed(evidence),
    ...scaled(evidence),
    ...reachable(evidence),
    ...rolledBack(evidence),
    ...upgrading(evidence),
    ...enforced(evidence),
  ];
}

/** Whether its name leads anywhere. An app without ports is not called. */
function reachable({ ports, endpoints, instances, updatedAt }: AppEvidence): Condition[] {
  if (ports.length === 0) return [];
  const say = (status: Condition['status'], reason: string, message: string) => [
    condition(['Reachable', status, reason], message, updatedAt),
  ];
  const ready = instances.reduce((sum, instance) => sum + instance.ready, 0);
  if (endpoints.length > 0)
    return say('True', 'Named', `${endpoints.length} of ${ready} ready containers are behind its name.`);
  if (ready === 0) return say('False', 'NotReady', 'No container is ready.');
  return say(
    'False',
    'NotExposed',
    'Its containers have addresses of their cluster alone. Give its ports a hostPort, or the app a pool, inside a prefix that the site exposes.',
  );
}

function upgrading({ stage }: AppEvidence): Condition[] {
  if (stage === undefined) return [];
  const reason = stage.waitsForPromotion ? 'WaitsForPromotion' : REASONS[stage.kind];
  return [condition(['Upgrading', 'True', reason], stage.message, stage.since)];
}

const REASONS: Readonly<Record<AppStage['kind'], string>> = {
  canary: 'Canary',
  promoting: 'Promoting',
  preparing: 'Preparing',
  switching: 'Switching',
  holding: 'Holding',
  replacing: 'Replacing',
  rejoining: 'Rejoining',
  returning: 'Returning',
};

function placed({ placed: told, updatedAt }: AppEvidence): Condition {
  if (told === undefined)
    return condition(['Placed', 'Unknown', 'NotYet'], 'It is being looked for a place.', updatedAt);
  const message = told.why.slice(0, 2).join(' ').slice(0, 500);
  return told.unplaced === 0
    ? condition(['Placed', 'True', 'Placed'], message, told.at)
    : condition(['Placed', 'False', 'NoRoom'], message, told.at);
}

const SCALED_STATUS = {
  steady: ['True', 'Following'],
  held: ['True', 'Holding'],
  limited: ['False', 'AtMost'],
  unknown: ['Unknown', 'NotMeasured'],
} as const;

function scaled({ scaled: told }: AppEvidence): Condition[] {
  if (told === undefined) return [];
  const [status, reason] = SCALED_STATUS[told.state];
  return [condition(['Scaled', status, reason], told.why.slice(0, 500), told.at)];
}

function rolledBack({ failed, release, updatedAt }: AppEvidence): Condition[] {
  if (failed === undefined || failed.release === release) return [];
  const message = `Release ${failed.release} failed, so ${release} runs again. ${failed.reason}`;
  return [condition(['RolledBack', 'True', 'ReleaseFailed'], message, updatedAt)];
}

function running({ release, clusters, instances, updatedAt }: AppEvidence): Condition {
  if (clusters.length === 0)
    return condition(['Running', 'False', 'NotPlaced'], 'It has no place in any cluster yet.', updatedAt);
  const behind = clusters.find(
    (name) => instances.find(({ cluster }) => cluster === name)?.release !== release,
  );
  if (behind !== undefined)
    return condition(
      ['Running', 'Unknown', 'NotTold'],
      `${behind} has told nothing of release ${release} yet.`,
      updatedAt,
    );
  const first = said(instances, updatedAt).find(({ statement }) => saysNotUp(statement));
  if (first === undefined)
    return condition(
      ['Running', 'True', 'Running'],
      `Release ${release} runs in ${clusters.join(', ')}.`,
      updatedAt,
    );
  return conditionOf('Running', { ...first, status: 'False' });
}

/** The worst that was told: one cluster in which it does not hold is enough. */
function enforced({ instances, updatedAt }: AppEvidence): Condition[] {
  const all = said(instances, updatedAt).filter(({ statement: { type } }) => type === ENFORCED);
  const worst =
    all.find(({ statement: { status } }) => status === 'False') ??
    all.find(({ statement: { status } }) => status === 'Unknown') ??
    all[0];
  return worst === undefined ? [] : [conditionOf(ENFORCED, { ...worst, status: worst.statement.status })];
}

interface Said {
  readonly cluster: string;
  readonly statement: AppInstance['statements'][number];
  readonly at: string;
}

function said(instances: readonly AppInstance[], updatedAt: string): Said[] {
  return instances.flatMap(({ cluster, statements, observedAt }) =>
    statements.map((statement) => ({ cluster, statement, at: observedAt ?? updatedAt })),
  );
}

function conditionOf(
  type: string,
  { cluster, statement, at, status }: Said & { readonly status: Condition['status'] },
): Condition {
  return condition([type, status, statement.reason], `${cluster}: ${statement.message}`, at);
}
