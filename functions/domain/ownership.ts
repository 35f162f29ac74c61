/**
 * Whether the routes of a VPC stand, as far as the last look at them says. It judges what was found; moving routes and
 * looking at them is for those who may call EC2.
 */
import type { Condition } from '../../protocol/metadata.ts';
import type { RouteOwner, RoutesReport } from '../../protocol/slot.ts';
import { ageSeconds } from '../../protocol/time.ts';
import { condition } from './status.ts';

/** The scheduled function looks every minute and reports what it finds; older than this, it says nothing about now. */
export const ROUTES_SECONDS_MAX = 1_800;

/** Faults that the message tells in full. */
const TOLD_MAX = 3;

export interface Ownership {
  readonly owner?: RouteOwner | undefined;
  readonly report?: RoutesReport | undefined;
}

/** `updatedAt` is the hub's: the time of a statement for which there is no evidence. */
export function routesInPlace(
  { owner, report }: Ownership,
  { now, updatedAt }: { readonly now: string; readonly updatedAt: string },
): Condition {
  if (report === undefined) {
    const message = 'Nobody has looked at the route tables of the VPC yet.';
    return condition(['RoutesInPlace', 'Unknown', 'NeverLooked'], message, owner?.since ?? updatedAt);
  }
  const age = ageSeconds(report.at, now);
  if (age > ROUTES_SECONDS_MAX) {
    const message = `The last look at the route tables was ${age} s ago; they may well be right.`;
    return condition(['RoutesInPlace', 'Unknown', 'LookedTooLongAgo'], message, report.at);
  }
  if (owner !== undefined && report.epoch < owner.epoch) {
    const message = `${owner.hub} has just taken the routes over; the last look was before that.`;
    return condition(['RoutesInPlace', 'Unknown', 'OwnerChanged'], message, owner.since);
  }
  return found(report, age);
}

function found(report: RoutesReport, age: number): Condition {
  const { conflicts, failures, tables, at } = report;
  const foreign = conflicts.map(
    ({ table, destination, target }) =>
      `${table} has a foreign route for ${destination} to ${target}: remove it or tag the table isthmus:routes=off`,
  );
  const failed = failures.map(({ table, destination, reason }) => `${table}, ${destination}: ${reason}`);
  const faults = [...foreign, ...failed];
  if (faults.length > 0) {
    const reason = foreign.length > 0 ? 'ForeignRoute' : 'Failed';
    return condition(['RoutesInPlace', 'False', reason], sentence(faults), at);
  }
  const message = `They stand in all ${tables} route tables; looked ${age} s ago.`;
  return condition(['RoutesInPlace', 'True', 'RoutesStand'], message, at);
}

function sentence(faults: readonly string[]): string {
  const told = faults.slice(0, TOLD_MAX).join('; ').replace(/\.$/, '');
  const more = faults.length - TOLD_MAX;
  return more > 0 ? `${told}; and ${more} more.` : `${told}.`;
}
