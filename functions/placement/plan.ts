/**
 * Where every app runs, from nothing or after something changed. First every app keeps what it can, so that whoever is served early takes nothing from what runs; then
 * each gets what it lacks, in order. A second plan of the same estate changes nothing.
 */
import type { Decision } from './decision.ts';
import type {
  Estate,
  Latency,
  Placed,
  PlacedApp,
  PlacedCluster,
  PlacedSite,
  PlacedTenant,
} from './estate.ts';
import { compareText, type Ground, groundAfter, groundOf } from './ground.ts';
import { keep } from './keep.ts';
import { decisionOf, type Round, ranked, roundOf } from './round.ts';
import { settle } from './settle.ts';

export interface Plan {
  readonly estate: Estate;
  /** By app. */
  readonly decisions: ReadonlyMap<string, Decision>;
  /**
   * When time alone would change something; absent if never. Not later than the plan's own time: at once, as what was given back late in this plan may serve somebody
   * whose turn was early.
   */
  readonly wakeAtMs?: number;
  /** What a re-plan goes on with; of no meaning outside. */
  readonly ground: Ground;
  readonly order: readonly PlacedApp[];
}

/** Whole things: what is named here stands in for what had its id or name before. */
export interface Change {
  readonly nowMs: number;
  readonly tenants?: readonly PlacedTenant[];
  readonly sites?: readonly PlacedSite[];
  readonly latencies?: readonly Latency[];
  readonly clusters?: readonly PlacedCluster[];
  readonly goneClusters?: readonly string[];
  readonly apps?: readonly PlacedApp[];
  readonly goneApps?: readonly string[];
}

function run(round: Round, priors: ReadonlyMap<string, Decision>): Map<string, Decision> {
  for (const work of round.works) keep(round, work);
  for (const work of round.works) settle(round, work, priors.get(work.app.id));
  return new Map(
    round.works.map((work) => {
      const decision = work.standing ?? decisionOf(round.ground, work);
      return [work.app.id, decision];
    }),
  );
}

function planOn(estate: Estate, previous: Pick<Plan, 'ground' | 'order' | 'decisions'>): Plan {
  const { ground, order } = previous;
  const round = roundOf(estate, ground, order);
  const decisions = run(round, previous.decisions);
  const wake = round.wakeAtMs === Number.POSITIVE_INFINITY ? {} : { wakeAtMs: round.wakeAtMs };
  return { estate, decisions, ground, order, ...wake };
}

/** Plans the whole estate; what is `placed` in it stays as far as it can. */
export function plan(estate: Estate): Plan {
  return planOn(estate, { ground: groundOf(estate), order: ranked(estate.apps), decisions: new Map() });
}

function replaced<Item>(
  items: readonly Item[],
  idOf: (item: Item) => string,
  change: { made: readonly Item[] | undefined; gone: readonly string[] | undefined },
): readonly Item[] {
  if (change.made === undefined && change.gone === undefined) return items;
  const gone = new Set([...(change.gone ?? []), ...(change.made ?? []).map(idOf)]);
  return [...items.filter((item) => !gone.has(idOf(item))), ...(change.made ?? [])];
}

export function placedOf({ decisions }: Pick<Plan, 'decisions'>): Placed[] {
  return [...decisions.values()];
}

/** New words are new once. */
function settled(apps: readonly PlacedApp[]): readonly PlacedApp[] {
  if (!apps.some(({ isReworded }) => isReworded === true)) return apps;
  return apps.map((app) => {
    const { isReworded, ...rest } = app;
    return isReworded === undefined ? app : rest;
  });
}

/** The estate of a plan after a change, with what the plan placed. */
export function changed(previous: Plan, change: Change): Estate {
  const { estate } = previous;
  return {
    nowMs: change.nowMs,
    tenants: change.tenants ?? estate.tenants,
    sites: change.sites ?? estate.sites,
    latencies: change.latencies ?? estate.latencies,
    clusters: replaced(estate.clusters, ({ id }) => id, { made: change.clusters, gone: change.goneClusters }),
    apps: replaced(settled(estate.apps), ({ id }) => id, { made: change.apps, gone: change.goneApps }),
    placed: placedOf(previous),
  };
}

/** The same as planning the changed estate, in the time that the change is worth. */
export function replan(previous: Plan, change: Change): Plan {
  const estate = changed(previous, change);
  const order = estate.apps === previous.estate.apps ? previous.order : ranked(estate.apps);
  const ground = groundAfter(previous.ground, previous.estate, estate);
  return planOn(estate, { ground, order, decisions: standing(previous, change, ground) });
}

/** Decisions whose reasons can stand: what they were found by is as it was. */
function standing(previous: Plan, change: Change, ground: Ground): ReadonlyMap<string, Decision> {
  if (ground.masks !== previous.ground.masks) return new Map();
  if (change.apps === undefined) return previous.decisions;
  const decisions = new Map(previous.decisions);
  for (const { id } of change.apps) decisions.delete(id);
  return decisions;
}

/** What must be told to clusters: whatever differs between two plans, sorted by cluster and app. */
export interface Move {
  readonly app: string;
  readonly cluster: string;
  readonly before: number;
  readonly after: number;
}

/** Lost ones too: a cluster that is cut off is told to keep what it has. */
function countsOf({ assignments }: Pick<Placed, 'assignments'>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { cluster, replicas } of assignments) counts.set(cluster, (counts.get(cluster) ?? 0) + replicas);
  return counts;
}

export function movesBetween(before: readonly Placed[], after: ReadonlyMap<string, Decision>): Move[] {
  const old = new Map(before.map((placed) => [placed.app, placed]));
  const apps = new Set([...old.keys(), ...after.keys()]);
  const moves = [...apps].flatMap((app) => {
    const was = old.get(app);
    const is = after.get(app);
    if (was === is) return [];
    const from = was === undefined ? new Map<string, number>() : countsOf(was);
    const to = is === undefined ? new Map<string, number>() : countsOf(is);
    return [...new Set([...from.keys(), ...to.keys()])].map((cluster) => ({
      app,
      cluster,
      before: from.get(cluster) ?? 0,
      after: to.get(cluster) ?? 0,
    }));
  });
  return moves
    .filter((move) => move.before !== move.after)
    .sort((a, b) => compareText(a.cluster, b.cluster) || compareText(a.app, b.app));
}
