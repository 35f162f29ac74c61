/** Conditions of a resource as a table, each with the age of its evidence: that may be older than the resource, and says not since when it is so. */
import type { Condition } from '../protocol/metadata.ts';
import { ageSince, tableOf } from './table.ts';

export function conditionsText(conditions: readonly Condition[], nowMs: number): string {
  const rows = conditions.map(({ type, status, reason, lastTransitionTime, message }) => [
    type,
    status,
    reason,
    `${ageSince(lastTransitionTime, nowMs)} ago`,
    message,
  ]);
  return tableOf(['CONDITION', 'STATUS', 'REASON', 'AS OF', 'MESSAGE'], rows);
}
