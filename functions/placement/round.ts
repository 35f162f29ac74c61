/** One run of the planner while it goes on: each app's holdings in every cluster, changed only by the few verbs here, so that room and quotas always agree. */
import type { Choice, Decision, Note, Refusal } from './decision.ts';
import { type Eligibility, eligibilityOf } from './eligible.ts';
import type { Assignment, Estate, Placed, PlacedApp } from './estate.ts';
import { compareText, type Ground } from './ground.ts';
import { Quotas, Room } from './room.ts';
import { Seats } from './seats.ts';

/** Calls deeper than this are placed in the order of their names. */
const CALL_DEPTH_MAX = 4;

export interface Holding {
  present: number;
  lost: number;
  standIns: number;
}

/** An app while it is being placed. */
export interface Work {
  readonly app: PlacedApp;
  readonly eligibility: Eligibility;
  before: Placed | undefined;
  /** By number of cluster. */
  readonly holdings: Map<number, Holding>;
  readonly notes: Note[];
  choices: readonly Choice[];
  refusals: readonly Refusal[];
  roomSinceMs: number | undefined;
  unplaced: number;
  decidedAtMs: number;
  /** The decision before, if it stands word for word. */
  standing: Decision | undefined;
  wanted: number;
}

export interface Round {
  readonly nowMs: number;
  readonly ground: Ground;
  readonly room: Room;
  readonly quotas: Quotas;
  /** By cluster. */
  readonly isAlive: Uint8Array;
  /** In the order in which they are served: higher priority first, then who is called before who calls, then by id. */
  readonly works: readonly Work[];
  readonly byName: ReadonlyMap<string, Work>;
  readonly seats: Seats;
  /** By cluster, who may hold something there; filled when somebody must give way. */
  residents: Work[][] | undefined;
  /** Tenants of which somebody was refused by quota. */
  readonly refusedTenants: Set<string>;
  /** The earliest time at which time alone changes something. */
  wakeAtMs: number;
}

const nameOf = (tenant: string, name: string) => `${tenant}/${name}`;

/** How many calls deep an app's callees go; in circles, the most. */
function callDepths(apps: readonly PlacedApp[]): ReadonlyMap<string, number> {
  const callers = apps.filter(({ placement }) => placement.latencyTo.length > 0);
  const depths = new Map<string, number>();
  for (let pass = 0; pass < CALL_DEPTH_MAX; pass++) {
    const before = new Map(depths);
    for (const { tenant, name, placement } of callers) {
      const deepest = Math.max(
        ...placement.latencyTo.map((callee) => before.get(nameOf(tenant, callee)) ?? 0),
      );
      depths.set(nameOf(tenant, name), Math.min(CALL_DEPTH_MAX, 1 + deepest));
    }
  }
  return depths;
}

/** Apps in the order in which they are served. */
export function ranked(apps: readonly PlacedApp[]): PlacedApp[] {
  const depths = callDepths(apps);
  const depthOf = (app: PlacedApp) => depths.get(nameOf(app.tenant, app.name)) ?? 0;
  return [...apps].sort(
    (a, b) =>
      b.placement.priority - a.placement.priority || depthOf(a) - depthOf(b) || compareText(a.id, b.id),
  );
}

function workOf(ground: Ground, app: PlacedApp, nowMs: number): Work {
  return {
    app,
    eligibility: eligibilityOf(ground, app),
    before: undefined,
    decidedAtMs: nowMs,
    standing: undefined,
    holdings: new Map(),
    notes: [],
    choices: [],
    refusals: [],
    roomSinceMs: undefined,
    unplaced: 0,
    wanted: app.replicas,
  };
}

/** `order` are the estate's apps as `ranked` gives them. */
export function roundOf(estate: Estate, ground: Ground, order: readonly PlacedApp[]): Round {
  const placed = new Map(estate.placed.map((one) => [one.app, one]));
  const works = order.map((app) => workOf(ground, app, estate.nowMs));
  for (const work of works) {
    work.before = placed.get(work.app.id);
    work.roomSinceMs = work.before?.roomSinceMs;
  }
  return {
    nowMs: estate.nowMs,
    ground,
    room: new Room(ground.clusters),
    quotas: new Quotas(estate.tenants),
    isAlive: Uint8Array.from(ground.clusters, ({ health }) => Number(health.verdict === 'alive')),
    works,
    byName: new Map(works.map((work) => [nameOf(work.app.tenant, work.app.name), work])),
    seats: new Seats(ground.clusters.length),
    residents: undefined,
    refusedTenants: new Set(),
    wakeAtMs: Number.POSITIVE_INFINITY,
  };
}

export function calleesOf(round: Round, { app }: Work): Work[] {
  return app.placement.latencyTo.flatMap((name) => round.byName.get(nameOf(app.tenant, name)) ?? []);
}

export function holdingIn(work: Work, cluster: number): Holding {
  const known = work.holdings.get(cluster);
  if (known !== undefined) return known;
  const holding = { present: 0, lost: 0, standIns: 0 };
  work.holdings.set(cluster, holding);
  return holding;
}

export function heldIn(work: Work, cluster: number): number {
  return work.holdings.get(cluster)?.present ?? 0;
}

export function presentOf(work: Work): number {
  let sum = 0;
  for (const { present } of work.holdings.values()) sum += present;
  return sum;
}

/** Gives the app so many more replicas in a cluster; takes them if negative. */
export function add(round: Round, work: Work, change: { cluster: number; replicas: number }): void {
  const { cluster, replicas } = change;
  const holding = holdingIn(work, cluster);
  holding.present += replicas;
  if (replicas < 0) holding.standIns = Math.min(holding.standIns, holding.present);
  round.room.take(cluster, work.app.need, replicas);
  round.quotas.take(work.app.tenant, work.app.need, replicas);
  if (replicas > 0 && round.residents !== undefined && holding.present === replicas)
    round.residents[cluster]?.push(work);
}

/** What is present counts as lost: its room stays taken, as it may run, but not the tenant's quota. */
export function lose(round: Round, work: Work, cluster: number): void {
  const holding = holdingIn(work, cluster);
  round.quotas.take(work.app.tenant, work.app.need, -holding.present);
  holding.lost += holding.present;
  holding.present = 0;
  holding.standIns = 0;
}

/** Where it holds replicas, by number of cluster. */
export function homesOf(work: Work): number[] {
  return [...work.holdings]
    .flatMap(([cluster, { present }]) => (present > 0 ? [cluster] : []))
    .sort((a, b) => a - b);
}

function assignmentsOf({ clusters }: Ground, work: Work): Assignment[] {
  return [...work.holdings]
    .sort(([a], [b]) => a - b)
    .flatMap(([index, { present, lost, standIns }]) => {
      const cluster = clusters[index]?.id ?? '';
      return [
        ...(present > 0 ? [{ cluster, replicas: present, state: 'present' as const, standIns }] : []),
        ...(lost > 0 ? [{ cluster, replicas: lost, state: 'lost' as const, standIns: 0 }] : []),
      ];
    });
}

export function decisionOf(ground: Ground, work: Work): Decision {
  return {
    app: work.app.id,
    wanted: work.wanted,
    assignments: assignmentsOf(ground, work),
    unplaced: work.unplaced,
    decidedAtMs: work.decidedAtMs,
    clusters: work.eligibility.known,
    choices: work.choices,
    refusals: work.refusals,
    notes: work.notes,
    ...(work.roomSinceMs === undefined ? {} : { roomSinceMs: work.roomSinceMs }),
  };
}
