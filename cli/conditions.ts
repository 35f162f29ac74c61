/** Conditions of a resource as a table, each with its age. */
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
  return tableOf(['CONDITION', 'STATUS', 'REASON', 'SINCE', 'MESSAGE'], rows);
}
