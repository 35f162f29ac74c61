/**
 * Which keys a host keeps, and when it makes or forgets one. A key is made when the document asks for it, takes the place of the present one when every leg speaks with it,
 * and the one before is forgotten when the document shows that the control plane has let go of it.
 */
import type { KeyOrder } from '../../protocol/rotation.ts';

/** Public halves. */
export interface RingView {
  readonly present: string;
  readonly next?: string | undefined;
  /** The one before, until nobody may need it. */
  readonly old?: string | undefined;
}

export type RingStep = 'make' | 'promote' | 'discard_next' | 'forget_old';

export function ringStep(
  { present, next, old }: RingView,
  order: KeyOrder | undefined,
): RingStep | undefined {
  if (order === undefined) return undefined;
  if (next !== undefined && order.present === next) return 'promote';
  if (order.present !== present) return undefined;
  if (old !== undefined) return 'forget_old';
  if (order.rotate && next === undefined) return 'make';
  return !order.rotate && next !== undefined ? 'discard_next' : undefined;
}

/** The keys between which legs go over; undefined: there is nothing to go over to. A next key counts once the control plane has taken it. */
export function keysToSwitch(
  { present, next, old }: RingView,
  order: KeyOrder | undefined,
): { readonly target: string; readonly other: string } | undefined {
  if (old !== undefined) return { target: present, other: old };
  const isTaken = next !== undefined && order?.next === next && order.present === present;
  return isTaken ? { target: next, other: present } : undefined;
}
