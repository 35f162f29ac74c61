/**
 * Makes the route tables of a VPC lead to the owner of its routes: look, plan, do, and look again. EC2 checks no fencing
 * number, so a former owner's late write may land after ours; only looking again finds it. Idempotent; it decides
 * nothing, that is `plan/routes.ts`.
 */
import type { RoutesReport } from '../protocol/slot.ts';
import { inParallel, type Patience, patiently, settled, waitMs } from './patience.ts';
import {
  planRoutes,
  type RouteKey,
  type RouteStep,
  type RoutesPlan,
  type RoutesWanted,
} from './plan/routes.ts';
import { type RouteTables, VpcError } from './port.ts';

/** Rounds of writing; each is followed by a look. */
const REPAIRS_MAX = 3;
const STEPS_AT_ONCE = 8;
/** A takeover must not wait for its own queue: as many as the client has connections. */
const MOVES_AT_ONCE = 50;
const REASON_LENGTH_MAX = 300;

export interface RouteHands extends Patience {
  readonly tables: RouteTables;
  /** Asked before each write: who was stalled must not write for an ownership that it has lost meanwhile. */
  readonly mayWrite?: (() => boolean) | undefined;
}

export interface RoutesOrder extends RoutesWanted {
  readonly vpc: string;
}

export interface RoutesOutcome extends Pick<RoutesReport, 'tables' | 'moved' | 'conflicts' | 'failures'> {
  /** Routes of ours at the last look, for `moveRoutes`; undefined if the tables could not be looked at. */
  readonly ours: readonly RouteKey[] | undefined;
}

type Failure = RoutesReport['failures'][number];

export async function keepRoutes(hands: RouteHands, order: RoutesOrder): Promise<RoutesOutcome> {
  const faults = new Map<string, VpcError>();
  let moved = 0;
  for (let repairs = 0; ; repairs += 1) {
    const tables = await settled(() => patiently(hands, () => hands.tables.describe(order.vpc)));
    if (tables instanceof VpcError) return unseen(moved, order.vpc, tables);
    const plan = planRoutes(tables, order);
    const open = plan.steps.filter((step) => !isFinal(faults.get(idOf(step))));
    if (open.length === 0 || repairs === REPAIRS_MAX) {
      const failures = plan.steps.map((step) => failureOf(step, faults.get(idOf(step))));
      return { tables: tables.length, moved, conflicts: [...plan.conflicts], failures, ours: plan.ours };
    }
    moved += await doSteps(hands, open, faults);
    // EC2 shows a change a moment after it took it.
    await hands.pause(waitMs(repairs + 1, hands.chance()));
  }
}

/**
 * The fast way at a takeover: first turns the routes that were ours at the last look, all at once and without looking,
 * then keeps as above. `known` must be as young as the last look: a route that a person has made foreign since then
 * is not told apart.
 */
export async function moveRoutes(
  hands: RouteHands,
  order: RoutesOrder,
  known: readonly RouteKey[],
): Promise<RoutesOutcome> {
  const { target } = order;
  let moved = 0;
  if (target !== undefined)
    await inParallel(known, MOVES_AT_ONCE, async ({ table, destination }) => {
      if (!mayWrite(hands)) return;
      // What fails here is found and done by the look that follows.
      const done = await settled(() => hands.tables.replace(table, destination, target));
      if (!(done instanceof VpcError)) moved += 1;
    });
  const kept = await keepRoutes(hands, order);
  return { ...kept, moved: kept.moved + moved };
}

/** Adds before it takes away. Answers how many routes were made or moved. */
async function doSteps(
  hands: RouteHands,
  steps: RoutesPlan['steps'],
  faults: Map<string, VpcError>,
): Promise<number> {
  let moved = 0;
  const run = async (step: RouteStep) => {
    const fault = await doStep(hands, step);
    if (fault) faults.set(idOf(step), fault);
    else if (step.do !== 'remove') moved += 1;
  };
  await inParallel(
    steps.filter((step) => step.do !== 'remove'),
    STEPS_AT_ONCE,
    run,
  );
  await inParallel(
    steps.filter((step) => step.do === 'remove'),
    STEPS_AT_ONCE,
    run,
  );
  return moved;
}

async function doStep(hands: RouteHands, step: RouteStep): Promise<VpcError | undefined> {
  const done = await settled(() =>
    patiently(hands, () => {
      if (!mayWrite(hands))
        throw new VpcError('refused', 'Not written: it is no longer sure who owns the routes.');
      return EXECUTORS[step.do](hands.tables, step);
    }),
  );
  return done instanceof VpcError ? done : undefined;
}

const EXECUTORS: {
  readonly [Do in RouteStep['do']]: (
    tables: RouteTables,
    step: RouteKey & { readonly interface?: string },
  ) => Promise<void>;
} = {
  create: (tables, { table, destination, interface: target = '' }) =>
    tables.create(table, destination, target),
  replace: (tables, { table, destination, interface: target = '' }) =>
    tables.replace(table, destination, target),
  remove: (tables, { table, destination }) => tables.remove(table, destination),
};

function mayWrite({ mayWrite: ask }: RouteHands): boolean {
  return ask === undefined || ask();
}

/** True if trying this step again is no use. After any other fault the next look says what is left to do. */
function isFinal(fault: VpcError | undefined): boolean {
  return fault !== undefined && !['exists', 'missing', 'stale'].includes(fault.code);
}

function failureOf({ table, destination }: RouteKey, fault: VpcError | undefined): Failure {
  const reason = fault?.message ?? 'EC2 does not show the change, or somebody else undoes it.';
  return { table, destination, reason: reason.slice(0, REASON_LENGTH_MAX) };
}

function unseen(moved: number, vpc: string, fault: VpcError): RoutesOutcome {
  const failures = [failureOf({ table: vpc, destination: 'every route table' }, fault)];
  return { tables: 0, moved, conflicts: [], failures, ours: undefined };
}

function idOf({ table, destination }: RouteKey): string {
  return `${table} ${destination}`;
}
