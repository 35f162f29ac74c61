/**
 * A release that comes beside the last one, as two tracks of an app: what each stage tells them, and which stage follows. It is a machine without a clock: how
 * long something was up in one go is for the edges to say, so silence holds a stage and never advances it. Whoever stops being asked has a stand-in that
 * was up and asked before.
 */
import type { AppInstance, AppTemplate } from '../../protocol/app.ts';
import type { StageKind, StageOrder, Track } from '../../protocol/track.ts';
import { type Counted, sharesOf } from './shares.ts';
import { troubleOf } from './stage-trouble.ts';

export interface Release {
  readonly release: number;
  readonly template: AppTemplate;
}

export interface Stage extends Release {
  readonly kind: StageKind;
  /** Of a canary, from 0. */
  readonly step: number;
  readonly since: string;
  /** Somebody said: go on as soon as it is up. */
  readonly isPromoted?: boolean | undefined;
}

/** What is kept of an app's releases. */
export interface Releases {
  readonly release: number;
  /** The last one that was up everywhere. */
  readonly good?: Release | undefined;
  readonly failed?: { readonly release: number; readonly reason: string } | undefined;
  /** Absent unless a release is on its way, in or out, by stages. */
  readonly stage?: Stage | undefined;
}

export interface StageEvidence {
  /** Where it is to run, one entry a cluster. */
  readonly assigned: readonly Counted[];
  /** Of both tracks, as the clusters told of them last. */
  readonly instances: readonly AppInstance[];
  readonly now: string;
}

/** What a track of all clusters together is to be. */
export interface TrackOrder extends Release {
  /** By cluster; of `next` only. Absent: as many as stable has. */
  readonly shares?: ReadonlyMap<string, number> | undefined;
}

export interface StageOrders {
  readonly stage: StageOrder;
  readonly stable: TrackOrder;
  readonly next: TrackOrder;
}

/** An item holds three templates then; a larger one is rolled. */
const TEMPLATE_LENGTH_MAX = 60_000;
/** Both tracks are asked for so long before one is not asked any more: names are remembered for a while. */
const SETTLE_SECONDS = 5;

const BOTH: readonly Track[] = ['stable', 'next'];
const SERVING: Readonly<Record<StageKind, readonly Track[]>> = {
  canary: BOTH,
  promoting: BOTH,
  preparing: ['stable'],
  switching: BOTH,
  holding: ['next'],
  replacing: ['next'],
  rejoining: BOTH,
  returning: BOTH,
};
/** In these stable was asked without a break, so `next` may go at once. */
const STABLE_SERVES: ReadonlySet<StageKind> = new Set(['canary', 'promoting', 'preparing', 'switching']);
/** In these stable is what the stage's release makes of it. */
const STABLE_IS_NEW: ReadonlySet<StageKind> = new Set(['promoting', 'replacing', 'rejoining']);

/** Another one for each stage of each release. */
export function stageName({ release, kind, step }: Stage): string {
  return kind === 'canary' ? `${release}.canary.${step + 1}` : `${release}.${kind}`;
}

/** What clusters are told of the stage; undefined if nothing comes by stages. */
export function ordersOf({ stage, good }: Releases, assigned: readonly Counted[]): StageOrders | undefined {
  if (stage === undefined || good === undefined) return undefined;
  const { release, template, kind } = stage;
  const holdSeconds = holdOf(stage);
  const percent = percentOf(stage);
  return {
    stage: {
      name: stageName(stage),
      serving: [...SERVING[kind]],
      ...(holdSeconds === undefined ? {} : { holdSeconds }),
    },
    stable: STABLE_IS_NEW.has(kind) ? { release, template } : good,
    next: {
      release,
      template,
      ...(percent === undefined ? {} : { shares: sharesOf(assigned, percent) }),
    },
  };
}

/** Of the canary; undefined: as many as stable has. */
export function percentOf({ template: { upgrade }, step }: Stage): number | undefined {
  return upgrade.kind === 'canary'
    ? upgrade.steps[Math.min(step, upgrade.steps.length - 1)]?.percent
    : undefined;
}

/** Undefined: until somebody promotes it. */
export function holdOf({ template: { upgrade }, kind, step }: Stage): number | undefined {
  if (kind === 'canary') return upgrade.kind === 'canary' ? upgrade.steps[step]?.holdSeconds : 0;
  if (kind === 'switching' || kind === 'rejoining' || kind === 'returning') return SETTLE_SECONDS;
  if (upgrade.kind !== 'blueGreen') return 0;
  if (kind === 'preparing') return upgrade.autoPromotion ? 0 : undefined;
  return kind === 'holding' ? upgrade.holdSeconds : 0;
}

/**
 * The releases with the stage that fits them: called whenever there is a new release or an end to one. One that was overtaken or has failed is led back before
 * another begins; the first release of all has none to stand beside, and is rolled out.
 */
export function settle(releases: Releases, newest: AppTemplate, now: string): Releases {
  const { release, good, failed, stage } = releases;
  const isFailed = failed?.release === release;
  if (stage !== undefined && good !== undefined) {
    if (stage.release === release && !isFailed) return releases;
    if (stage.kind === 'returning') return releases;
    if (!STABLE_SERVES.has(stage.kind)) return entered(releases, stage, { kind: 'returning', now });
  }
  const { stage: _over, ...rest } = releases;
  if (good === undefined || good.release === release || isFailed || !isStaged(newest)) return rest;
  const kind = newest.upgrade.kind === 'canary' ? 'canary' : 'preparing';
  return { ...rest, stage: { release, template: newest, kind, step: 0, since: now } };
}

export function isStaged(template: AppTemplate): boolean {
  return template.upgrade.kind !== 'rolling' && JSON.stringify(template).length <= TEMPLATE_LENGTH_MAX;
}

/** The releases after what clusters told; the same value if nothing follows from it. `newest`: the template of the newest release. */
export function advance(releases: Releases, newest: AppTemplate, evidence: StageEvidence): Releases {
  const { stage, good } = releases;
  if (stage === undefined || good === undefined) return releases;
  const trouble = troubleIn(stage, evidence.instances);
  if (trouble !== undefined) {
    if (!stage.template.upgrade.rollback) return releases;
    return settle({ ...releases, failed: { release: stage.release, reason: trouble } }, newest, evidence.now);
  }
  return waitingFor(releases, evidence) === undefined
    ? following({ ...releases, stage }, newest, evidence.now)
    : releases;
}

/** Takes the release back, because somebody wants it so. */
export function abort(
  releases: Releases,
  newest: AppTemplate,
  { reason, now }: { reason: string; now: string },
): Releases {
  return settle({ ...releases, failed: { release: releases.release, reason } }, newest, now);
}

/** Once stable has become the release there is nothing to take back to. */
export function isAbortable({ release, stage }: Releases): boolean {
  return (
    stage !== undefined &&
    stage.release === release &&
    stage.kind !== 'rejoining' &&
    stage.kind !== 'returning'
  );
}

/** Going back is not held up by what it goes back from. */
function troubleIn(stage: Stage, instances: readonly AppInstance[]): string | undefined {
  if (stage.kind === 'returning' || stage.kind === 'rejoining') return undefined;
  return troubleOf({ release: stage.release, isStableNew: STABLE_IS_NEW.has(stage.kind), instances });
}

/** What the stage still waits for, in words; undefined if it is over. */
export function waitingFor(
  releases: Releases,
  { assigned, instances }: Pick<StageEvidence, 'assigned' | 'instances'>,
): string | undefined {
  const orders = ordersOf(releases, assigned);
  if (orders === undefined || releases.stage === undefined) return undefined;
  const { template } = releases.stage;
  const trouble = template.upgrade.rollback ? undefined : troubleIn(releases.stage, instances);
  if (trouble !== undefined) return `It has failed, and stays until it mends or is aborted. ${trouble}`;
  if (assigned.length === 0) return 'It has no place in any cluster.';
  const { name } = orders.stage;
  const told = assigned.flatMap(({ cluster }) =>
    BOTH.flatMap((track) => {
      if (track === 'next' && orders.next.shares?.get(cluster) === 0) return [];
      const instance = instances.find((one) => one.cluster === cluster && (one.track ?? 'stable') === track);
      return [{ cluster, track, state: instance?.stage?.name === name ? instance.stage.state : undefined }];
    }),
  );
  const late = told.find(({ state }) => state === undefined) ?? told.find(({ state }) => state === 'coming');
  if (late !== undefined)
    return late.state === undefined
      ? `${late.cluster} has told nothing of it yet (${late.track}).`
      : `${late.cluster} does not have all of ${late.track} up yet.`;
  if (releases.stage.isPromoted === true) return undefined;
  const young = told.find(({ state }) => state === 'up');
  if (young === undefined) return undefined;
  const { holdSeconds } = orders.stage;
  return holdSeconds === undefined
    ? 'It is up, and waits for somebody to promote it.'
    : `It is up, and is looked at for ${holdSeconds} s, which are not over in ${young.cluster}.`;
}

function following(
  releases: Releases & { readonly stage: Stage },
  newest: AppTemplate,
  now: string,
): Releases {
  const { stage } = releases;
  const { template, kind, step, release } = stage;
  const to = (next: StageKind, changes: Partial<Releases> = {}) =>
    entered({ ...releases, ...changes }, stage, { kind: next, now });
  const over = (changes: Partial<Releases> = {}) => {
    const { stage: _stage, ...rest } = releases;
    return settle({ ...rest, ...changes }, newest, now);
  };
  const isNow = { good: { release, template }, failed: undefined };
  switch (kind) {
    case 'canary': {
      const isLast = template.upgrade.kind !== 'canary' || step + 1 >= template.upgrade.steps.length;
      return isLast ? to('promoting') : entered(releases, stage, { kind, now, step: step + 1 });
    }
    case 'promoting':
      return over(isNow);
    case 'preparing':
      return to('switching');
    case 'switching':
      return to('holding');
    case 'holding':
      return to('replacing');
    case 'replacing':
      return to('rejoining', isNow);
    case 'rejoining':
    case 'returning':
      return over();
  }
}

function entered(
  releases: Releases,
  { release, template, step }: Stage,
  {
    kind,
    now,
    step: next = step,
  }: { readonly kind: StageKind; readonly now: string; readonly step?: number },
): Releases {
  return { ...releases, stage: { release, template, kind, step: next, since: now } };
}
