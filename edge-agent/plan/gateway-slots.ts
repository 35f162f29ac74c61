/**
 * Which slot serves which target. A target keeps the slot that has its address; a new one takes the lowest free slot;
 * without a free one the pool doubles, which is the only change that needs a reload.
 */
import type { GatewayTarget, SlotFile, SlotTarget } from './gateway.ts';

export interface SlotView extends SlotTarget {
  readonly state: 'ready' | 'draining' | 'closed';
}

export interface SlotAssignment {
  readonly size: number;
  /** By `address:port`. */
  readonly slotOf: ReadonlyMap<string, number>;
  /** The same, by slot in rising order. */
  readonly used: readonly SlotTarget[];
}

/** Slots of a new gateway. */
export const SLOTS_MIN = 64;
/** A gateway never has more; half of them may be in use, so that every target can move at once. */
export const SLOTS_MAX = 4_096;
export const TARGETS_MAX = SLOTS_MAX / 2;

/** `held` slots are pointed at by a map, running or on disk: their address stands. `size` is how many there are now. */
export function assignSlots(
  targets: readonly GatewayTarget[],
  slots: readonly SlotView[],
  { held, size }: { readonly held: ReadonlySet<number>; readonly size: number },
): SlotAssignment {
  const distinct = new Map(
    targets.map(({ address, port }) => [nameOf({ address, port }), { address, port }]),
  );
  const slotOf = keptSlots(distinct, slots, held);
  const open = new Set(slots.filter((slot) => slot.state !== 'closed').map((slot) => slot.slot));
  const taken = new Set([...slotOf.values(), ...held, ...open]);
  let next = 1;
  for (const name of distinct.keys()) {
    if (slotOf.has(name)) continue;
    while (taken.has(next)) next += 1;
    taken.add(next);
    if (next <= SLOTS_MAX) slotOf.set(name, next);
  }
  const used = [...distinct].flatMap(([name, target]) => {
    const slot = slotOf.get(name);
    return slot === undefined ? [] : [{ slot, ...target }];
  });
  return { size: sizeFor(size, slotOf), slotOf, used: used.sort((a, b) => a.slot - b.slot) };
}

/** Targets that some slot has already: one that is open and lowest, else one that a map still points at. */
function keptSlots(
  wanted: ReadonlyMap<string, GatewayTarget>,
  slots: readonly SlotView[],
  held: ReadonlySet<number>,
): Map<string, number> {
  const rank = (slot: SlotView) => (slot.state === 'ready' ? 0 : 1);
  const candidates = slots
    .filter((slot) => wanted.has(nameOf(slot)) && (slot.state !== 'closed' || held.has(slot.slot)))
    .sort((a, b) => rank(b) - rank(a) || b.slot - a.slot);
  // The best comes last, and the last one set wins.
  return new Map(candidates.map((slot) => [nameOf(slot), slot.slot]));
}

/** A pool that must grow grows to twice what it needs, so that it seldom does. */
function sizeFor(size: number, slotOf: ReadonlyMap<string, number>): number {
  const highest = Math.max(0, ...slotOf.values());
  let grown = Math.max(size, SLOTS_MIN);
  if (highest <= grown) return grown;
  while (grown < highest * 2 && grown < SLOTS_MAX) grown *= 2;
  return grown;
}

/** What the file of slots says: those in use, and those that a map still points at. */
export function fileSlots(
  assignment: SlotAssignment,
  slots: readonly SlotView[],
  held: ReadonlySet<number>,
): Omit<SlotFile, 'groups'> {
  const used = new Map<number, SlotTarget>();
  for (const { slot, address, port } of slots) if (held.has(slot)) used.set(slot, { slot, address, port });
  for (const slot of assignment.used) used.set(slot.slot, slot);
  return { size: assignment.size, used: [...used.values()].sort((a, b) => a.slot - b.slot) };
}

function nameOf({ address, port }: GatewayTarget): string {
  return `${address}:${port}`;
}

export function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index]);
}
