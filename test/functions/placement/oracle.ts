/**
 * The scheduler's promises, checked slowly and plainly: nothing here is shared with it but the parser of constraints. What the oracle judges: that nothing forbidden was
 * done; that an app alone has as many replicas as any arrangement could give it, with no more moved than the best such arrangement moves; and that among many, none
 * lacks a replica while a cluster it may use has room for one.
 */

import type { Decision } from '../../../functions/placement/decision.ts';
import type { Estate, PlacedApp, PlacedCluster, PlacedNode } from '../../../functions/placement/estate.ts';
import { passes, readConstraint } from '../../../protocol/constraint.ts';

type Decisions = ReadonlyMap<string, Pick<Decision, 'assignments' | 'unplaced' | 'notes' | 'refusals'>>;

function labelOf(text: string, at: { estate: Estate; cluster: PlacedCluster; node?: PlacedNode }): boolean {
  const test = readConstraint(text);
  const { scope, kind, key } = test.subject;
  const site = at.estate.sites.find(({ id }) => id === at.cluster.site);
  const attributes: Record<string, string | undefined> = {
    'site.name': site?.name,
    'site.location': site?.location,
    'cluster.name': at.cluster.name,
    'cluster.kind': at.cluster.kind,
    'node.name': at.node?.name,
    'node.role': at.node?.role,
  };
  if (kind === 'attribute') return passes(test, attributes[`${scope}.${key}`]);
  const labels = { site: site?.labels, cluster: at.cluster.labels, node: at.node?.labels };
  if (scope === 'nearest') return passes(test, at.cluster.labels[key] ?? site?.labels[key]);
  return passes(test, labels[scope]?.[key]);
}

/** The most replicas of the app that may stay in the cluster. Of nodes that nobody can look at now, nothing is held against those that are there. */
function stayLimitIn(estate: Estate, app: PlacedApp, cluster: PlacedCluster): number {
  const isUnseen = cluster.health.verdict !== 'alive' && cluster.nodes === undefined;
  if (!isUnseen) return limitIn(estate, app, cluster);
  const { maxPerNode: _maxPerNode, ...rest } = app.placement;
  const constraints = rest.constraints.filter((text) => readConstraint(text).subject.scope !== 'node');
  const placement = { ...rest, constraints, uniquePerNode: false };
  return limitIn(estate, { ...app, placement }, cluster);
}

/** The most replicas of the app that the cluster could ever have: 0 if it may have none. */
export function limitIn(estate: Estate, app: PlacedApp, cluster: PlacedCluster): number {
  const { placement, need } = app;
  const site = estate.sites.find(({ id }) => id === cluster.site);
  const isNode = (text: string) => readConstraint(text).subject.scope === 'node';
  if (site === undefined || !cluster.tenants.includes(app.tenant)) return 0;
  if (placement.clusters !== undefined && !placement.clusters.includes(cluster.name)) return 0;
  if (placement.division.kind === 'divide' && placement.division.weights !== undefined)
    if ((placement.division.weights[cluster.name] ?? 0) === 0) return 0;
  if (placement.residency === 'inside' && site.location === 'public') return 0;
  if (app.isolation === 'required' && cluster.policies !== 'enforced') return 0;
  if (app.pool !== undefined && !cluster.pools.includes(app.pool)) return 0;
  if (!placement.constraints.every((text) => isNode(text) || labelOf(text, { estate, cluster }))) return 0;
  const perNode = placement.uniquePerNode ? 1 : placement.maxPerNode;
  const nodeTexts = placement.constraints.filter(isNode);
  if (cluster.nodes === undefined) return nodeTexts.length > 0 || perNode !== undefined ? 0 : 1_000;
  let limit = 0;
  for (const node of cluster.nodes) {
    if (!nodeTexts.every((text) => labelOf(text, { estate, cluster, node }))) continue;
    let here = 0;
    while (
      here < (perNode ?? 1_000) &&
      (here + 1) * need.cpuMillis <= node.capacity.cpuMillis &&
      (here + 1) * need.memoryMib <= node.capacity.memoryMib &&
      here + 1 <= node.capacity.pods
    )
      here += 1;
    limit += here;
  }
  return limit;
}

/** Replicas of an app in a cluster, of one state or of both. */
export function countOf(
  decisions: Decisions,
  app: string,
  at: { cluster: string; state: 'present' | 'lost' | undefined },
): number {
  const assignments = decisions.get(app)?.assignments ?? [];
  return assignments
    .filter(({ cluster, state }) => cluster === at.cluster && (at.state === undefined || state === at.state))
    .reduce((sum, { replicas }) => sum + replicas, 0);
}

export function countIn(decisions: Decisions, app: string, cluster: string): number {
  return countOf(decisions, app, { cluster, state: undefined });
}

/** How many more replicas of the app fit, whoever else is there. */
export function roomIn(
  estate: Estate,
  decisions: Decisions,
  at: { app: PlacedApp; cluster: PlacedCluster },
): number {
  const { app, cluster } = at;
  const left = { ...cluster.capacity };
  left.cpuMillis -= cluster.used.cpuMillis;
  left.memoryMib -= cluster.used.memoryMib;
  left.pods -= cluster.used.pods;
  for (const other of estate.apps) {
    const replicas = countIn(decisions, other.id, cluster.id);
    left.cpuMillis -= replicas * other.need.cpuMillis;
    left.memoryMib -= replicas * other.need.memoryMib;
    left.pods -= replicas;
  }
  const own = limitIn(estate, app, cluster) - countIn(decisions, app.id, cluster.id);
  return Math.min(
    own,
    Math.floor(left.cpuMillis / app.need.cpuMillis),
    Math.floor(left.memoryMib / app.need.memoryMib),
    left.pods,
  );
}

const NOTHING: Decisions = new Map();

/** Whatever a plan did that it must not, as sentences. */
export function wrongsOf(estate: Estate, before: Decisions, after: Decisions): string[] {
  const wrongs: string[] = [];
  const say = (isWrong: boolean, text: string) => isWrong && wrongs.push(text);
  for (const cluster of estate.clusters) {
    const { verdict } = cluster.health;
    for (const app of estate.apps) {
      const was = countIn(before, app.id, cluster.id);
      const is = countIn(after, app.id, cluster.id);
      const at = `${app.id} in ${cluster.id}: ${was} then ${is}`;
      say(is > stayLimitIn(estate, app, cluster), `${at}, which is not allowed`);
      say(verdict === 'dead' && is > 0, `${at}, which is dead`);
      say(verdict !== 'alive' && is > was, `${at}, which is ${verdict}`);
      say(
        verdict === 'alive' && countOf(after, app.id, { cluster: cluster.id, state: 'lost' }) > 0,
        `${at}, lost though it answers`,
      );
      say(app.placement.division.kind === 'each' && is > app.replicas, `${at}, of ${app.replicas} each`);
    }
    if (verdict !== 'alive') continue;
    const ours = (pick: (app: PlacedApp) => number) =>
      estate.apps.reduce((sum, app) => sum + pick(app) * countIn(after, app.id, cluster.id), 0);
    const { capacity, used } = cluster;
    const isOver =
      used.cpuMillis + ours(({ need }) => need.cpuMillis) > capacity.cpuMillis ||
      used.memoryMib + ours(({ need }) => need.memoryMib) > capacity.memoryMib ||
      used.pods + ours(() => 1) > capacity.pods;
    say(isOver && ours(() => 1) > 0, `${cluster.id} has more than it can bear`);
  }
  return [...wrongs, ...quotaWrongs(estate, before, after)];
}

function quotaWrongs(estate: Estate, before: Decisions, after: Decisions): string[] {
  return estate.tenants.flatMap(({ name, quota }) => {
    const apps = estate.apps.filter(({ tenant }) => tenant === name);
    const total = (app: PlacedApp, decisions: Decisions, state?: 'present') =>
      estate.clusters.reduce((sum, { id }) => sum + countOf(decisions, app.id, { cluster: id, state }), 0);
    const held = (pick: (app: PlacedApp) => number) =>
      apps.reduce((sum, app) => sum + pick(app) * total(app, after, 'present'), 0);
    const isOver =
      held((app) => app.need.cpuMillis) > (quota.cpuMillis ?? Number.POSITIVE_INFINITY) ||
      held((app) => app.need.memoryMib) > (quota.memoryMib ?? Number.POSITIVE_INFINITY) ||
      held(() => 1) > (quota.replicas ?? Number.POSITIVE_INFINITY);
    // Lost ones that answer again run already.
    const grown = apps.filter((app) => total(app, after, 'present') > total(app, before));
    return isOver && grown.length > 0 ? [`${name} is over its quota, and ${grown[0]?.id} grew`] : [];
  });
}

/** Apps that lack a replica though a cluster has room for it, as sentences. */
export function neglectOf(estate: Estate, after: Decisions): string[] {
  return estate.apps.flatMap((app) => {
    const decision = after.get(app.id);
    if (decision === undefined || decision.unplaced === 0) return [];
    const isRefusedByQuota = decision.notes.some(({ kind }) => kind === 'quota');
    const isSkewed = app.placement.spread.some(({ maxSkew }) => maxSkew !== undefined);
    if (isRefusedByQuota || isSkewed) return [];
    return estate.clusters
      .filter(({ health }) => health.verdict === 'alive')
      .filter(
        ({ id }) => app.placement.division.kind === 'divide' || countIn(after, app.id, id) < app.replicas,
      )
      .filter((cluster) => roomIn(estate, after, { app, cluster }) > 0)
      .map(({ id }) => `${app.id} lacks ${decision.unplaced}, and ${id} has room`);
  });
}

/** Every way to place up to so many replicas over clusters of these limits. */
function* arrangements(limits: readonly number[], most: number): Generator<number[]> {
  const [limit, ...rest] = limits;
  if (limit === undefined) {
    yield [];
    return;
  }
  for (let here = 0; here <= Math.min(limit, most); here++)
    for (const others of arrangements(rest, most - here)) yield [here, ...others];
}

/** For an app that is alone: the most replicas that any arrangement places, and of those arrangements the fewest replicas that leave their place. */
export function bestFor(
  estate: Estate,
  app: PlacedApp,
  before: Decisions,
): { placed: number; moved: number } {
  const limits = estate.clusters.map((cluster) => {
    const held = countIn(before, app.id, cluster.id);
    const may = Math.min(
      roomIn({ ...estate, apps: [] }, NOTHING, { app, cluster }),
      limitIn(estate, app, cluster),
    );
    if (cluster.health.verdict === 'dead') return 0;
    return cluster.health.verdict === 'alive'
      ? Math.max(0, may)
      : Math.min(held, stayLimitIn(estate, app, cluster));
  });
  let best = { placed: -1, moved: 0 };
  for (const counts of arrangements(limits, app.replicas)) {
    if (!keepsSkew(estate, app, counts)) continue;
    const placed = counts.reduce((sum, count) => sum + count, 0);
    const moved = estate.clusters.reduce(
      (sum, { id }, index) => sum + Math.max(0, countIn(before, app.id, id) - (counts[index] ?? 0)),
      0,
    );
    if (placed > best.placed || (placed === best.placed && moved < best.moved)) best = { placed, moved };
  }
  return best;
}

/** Only spreads by site are looked at. */
function keepsSkew(estate: Estate, app: PlacedApp, counts: readonly number[]): boolean {
  const maxSkew = app.placement.spread.find(({ by }) => by === 'site')?.maxSkew;
  if (maxSkew === undefined) return true;
  const bySite = new Map<string, number>();
  estate.clusters.forEach((cluster, index) => {
    if (cluster.health.verdict !== 'alive' || limitIn(estate, app, cluster) === 0) return;
    bySite.set(cluster.site, (bySite.get(cluster.site) ?? 0) + (counts[index] ?? 0));
  });
  return Math.max(0, ...bySite.values()) - Math.min(...bySite.values()) <= maxSkew;
}
