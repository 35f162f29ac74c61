/**
 * What is to be done about the tasks of one app: which to end, and how many to make. Pure. New tasks come first; an old one goes only as far as enough others are
 * ready. A task on an agent that is not heard of is neither dead nor ready; what becomes of it is the app's own contract.
 */
import type { MesosApp } from './app.ts';
import { isOver, isReady, type TaskRecord } from './tasks.ts';

const BACK_OFF_FIRST_MS = 1_000;
const BACK_OFF_MS_MAX = 60_000;

/** How often in a row tasks of a content ended by themselves, and when the last one did. */
export interface Failures {
  readonly content: string;
  readonly count: number;
  readonly lastMs: number;
}

export interface AppPlan {
  readonly kill: readonly string[];
  readonly launch: number;
  /** When to look again, if nothing happens before. */
  readonly againMs: number | undefined;
}

export interface Situation {
  readonly app: MesosApp;
  readonly tasks: readonly TaskRecord[];
  readonly failures: Failures | undefined;
  readonly nowMs: number;
}

export function planApp({ app, tasks, failures, nowMs }: Situation): AppPlan {
  const living = tasks.filter((task) => !isOver(task) && !task.isKilled);
  const counted = living.filter((task) => !isLost(task, app, nowMs));
  const fresh = counted.filter(({ content }) => content === app.content);
  const kill = [...superfluous(app, fresh), ...outdated(app, counted)];
  const staying = counted.length - kill.length;
  const missing = app.instances - fresh.length;
  const room = app.instances + surgeOf(app, counted) - staying;
  const waitMs = backOffMs(app, failures, nowMs);
  const launch = Math.max(0, Math.min(missing, room));
  const lostAtMs = living
    .filter((task) => app.disconnect.replace && counted.includes(task))
    .flatMap(({ unreachableSinceMs: since }) =>
      since === undefined ? [] : [since + app.disconnect.lostAfterMs],
    );
  const again = [...lostAtMs, ...(launch > 0 && waitMs > 0 ? [nowMs + waitMs] : [])];
  return {
    kill: kill.map(({ id }) => id),
    launch: waitMs > 0 ? 0 : launch,
    againMs: again.length === 0 ? undefined : Math.min(...again),
  };
}

/** Long enough away for somebody else to take its place. */
function isLost({ unreachableSinceMs }: TaskRecord, { disconnect }: MesosApp, nowMs: number): boolean {
  return (
    disconnect.replace &&
    unreachableSinceMs !== undefined &&
    nowMs >= unreachableSinceMs + disconnect.lostAfterMs
  );
}

/** Beyond the instances: those go first that are not ready, then by age, as the contract says. */
function superfluous(app: MesosApp, fresh: readonly TaskRecord[]): readonly TaskRecord[] {
  const reachable = fresh.filter(({ unreachableSinceMs }) => unreachableSinceMs === undefined);
  const sign = app.disconnect.reconcile === 'keep_newest' ? 1 : -1;
  const worstFirst = [...reachable].sort(
    (a, b) =>
      Number(isReady(a, app.isChecked)) - Number(isReady(b, app.isChecked)) ||
      sign * (a.sinceMs - b.sinceMs) ||
      a.id.localeCompare(b.id),
  );
  return worstFirst.slice(0, Math.max(0, fresh.length - app.instances));
}

/** Of an older content: those that are not ready serve nobody; the others go as far as the floor allows. */
function outdated(app: MesosApp, counted: readonly TaskRecord[]): readonly TaskRecord[] {
  const stale = counted.filter(
    ({ content, unreachableSinceMs }) => content !== app.content && unreachableSinceMs === undefined,
  );
  const ready = stale.filter((task) => isReady(task, app.isChecked));
  const freshReady = counted.filter(
    (task) => task.content === app.content && isReady(task, app.isChecked),
  ).length;
  const spare = Math.max(0, freshReady + ready.length - floorOf(app));
  const oldestFirst = [...ready].sort((a, b) => a.sinceMs - b.sinceMs || a.id.localeCompare(b.id));
  return [...stale.filter((task) => !ready.includes(task)), ...oldestFirst.slice(0, spare)];
}

function floorOf({ floor, instances }: MesosApp): number {
  return Math.min(floor, instances);
}

/** Without room above and below a change could not begin: then there is one more. */
function surgeOf(app: MesosApp, counted: readonly TaskRecord[]): number {
  const isChanging = counted.some(({ content }) => content !== app.content);
  if (!isChanging) return 0;
  return app.surge === 0 && floorOf(app) === app.instances ? 1 : app.surge;
}

function backOffMs({ content }: MesosApp, failures: Failures | undefined, nowMs: number): number {
  if (failures === undefined || failures.content !== content || failures.count === 0) return 0;
  const pause = Math.min(BACK_OFF_MS_MAX, BACK_OFF_FIRST_MS * 2 ** Math.min(16, failures.count - 1));
  return Math.max(0, failures.lastMs + pause - nowMs);
}
