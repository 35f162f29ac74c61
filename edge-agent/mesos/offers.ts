/** Which tasks go to which offers. Pure. Never more than asked for, never beyond an offer, constraints kept; whatever offers are left are declined by the caller. */
import type { Constraint, MesosApp } from './app.ts';
import { type Offer, portsIn, scalarOf } from './wire.ts';

/** Tasks of one app that want a place. */
export interface Wish {
  readonly app: MesosApp;
  readonly count: number;
  /** Where its tasks are already: agents, once for each task. */
  readonly places: readonly Place[];
}

/** An agent, as constraints look at it. */
export interface Place {
  readonly agent: string;
  readonly hostname: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface Launch {
  readonly offer: Offer;
  readonly app: MesosApp;
  /** Ports of the agent, as many as the app takes. */
  readonly ports: readonly number[];
}

export interface Matched {
  readonly launches: readonly Launch[];
  /** For each app that found less than it wants: why each offer did not do, with how many. */
  readonly refusals: ReadonlyMap<MesosApp, ReadonlyMap<Refusal, number>>;
}

export type Refusal = 'cpus' | 'memory' | 'ports' | 'constraint';

interface Room {
  readonly offer: Offer;
  readonly place: Place;
  cpus: number;
  memoryMib: number;
  ports: readonly number[];
}

/** Rounding in Mesos is to a thousandth. */
const SMALLEST = 0.0005;

export function matchOffers(offers: readonly Offer[], wishes: readonly Wish[]): Matched {
  const rooms = offers.map(roomOf);
  const launches: Launch[] = [];
  const refusals = new Map<MesosApp, ReadonlyMap<Refusal, number>>();
  for (const { app, count, places } of wishes) {
    const taken = [...places];
    for (let left = count; left > 0; left -= 1) {
      const judged = rooms.map((room) => ({ room, why: refusalOf(app, room, taken) }));
      const best = emptiest(
        judged.filter(({ why }) => why === undefined).map(({ room }) => room),
        taken,
      );
      if (best === undefined) {
        refusals.set(app, countsOf(judged.flatMap(({ why }) => (why === undefined ? [] : [why]))));
        break;
      }
      const ports = portsFor(app, best.ports) ?? [];
      launches.push({ offer: best.offer, app, ports });
      best.cpus -= app.cpus;
      best.memoryMib -= app.memoryMib;
      best.ports = best.ports.filter((port) => !ports.includes(port));
      taken.push(best.place);
    }
  }
  return { launches, refusals };
}

export function placeOf(offer: Pick<Offer, 'agent_id' | 'hostname' | 'attributes'>): Place {
  return {
    agent: offer.agent_id.value,
    hostname: offer.hostname,
    attributes: Object.fromEntries(
      offer.attributes.map(({ name, text, scalar }) => [name, text?.value ?? `${scalar?.value ?? ''}`]),
    ),
  };
}

function roomOf(offer: Offer): Room {
  const ports = portsIn(offer.resources);
  const first = ports.length === 0 ? 0 : scattered(offer.agent_id.value) % ports.length;
  return {
    offer,
    place: placeOf(offer),
    cpus: scalarOf(offer.resources, 'cpus'),
    memoryMib: scalarOf(offer.resources, 'mem'),
    ports: [...ports.slice(first), ...ports.slice(0, first)],
  };
}

/** Agents that share a host offer the same ports: each begins elsewhere. FNV-1a, and its bits mixed once more, because the ids of agents differ in their last sign. */
function scattered(text: string): number {
  let hash = 0x811c9dc5;
  for (const sign of text) hash = Math.imul(hash ^ (sign.codePointAt(0) ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

function refusalOf(app: MesosApp, room: Room, taken: readonly Place[]): Refusal | undefined {
  if (app.constraints.some((constraint) => !allows(constraint, room.place, taken))) return 'constraint';
  if (room.cpus + SMALLEST < app.cpus) return 'cpus';
  if (room.memoryMib + SMALLEST < app.memoryMib) return 'memory';
  return portsFor(app, room.ports) === undefined ? 'ports' : undefined;
}

/** In the order of the app's ports; undefined if they can't be had. */
function portsFor({ ports }: MesosApp, free: readonly number[]): number[] | undefined {
  const named = ports.filter((port) => port !== 0);
  const left = free.filter((port) => !named.includes(port));
  const isFree = named.every((port) => free.includes(port)) && new Set(named).size === named.length;
  if (!isFree || left.length < ports.length - named.length) return undefined;
  return ports.map((port) => (port === 0 ? (left.shift() ?? 0) : port));
}

/** Spread over agents, then where most is free. */
function emptiest(rooms: readonly Room[], taken: readonly Place[]): Room | undefined {
  const load = ({ place }: Room) => taken.filter(({ agent }) => agent === place.agent).length;
  return [...rooms].sort(
    (a, b) => load(a) - load(b) || b.cpus - a.cpus || a.place.agent.localeCompare(b.place.agent),
  )[0];
}

/** Whether one more task may go there, with those that are there. */
export function allows(constraint: Constraint, place: Place, taken: readonly Place[]): boolean {
  const value = valueOf(constraint.field, place);
  if (constraint.operator === 'unlike') return value === undefined || !matches(constraint.value, value);
  if (value === undefined) return false;
  const alike = taken.filter((other) => valueOf(constraint.field, other) === value).length;
  switch (constraint.operator) {
    case 'unique':
      return alike === 0;
    case 'max_per':
      return alike < constraint.count;
    case 'cluster':
      return value === constraint.value;
    case 'like':
      return matches(constraint.value, value);
    case 'group_by':
      return alike <= fewest(constraint, taken);
  }
}

/** Of the fullest groups that there should be, the emptiest one: a group that was not seen yet is empty. */
function fewest({ field, count }: { field: string; count: number }, taken: readonly Place[]): number {
  const groups = countsOf(taken.map((place) => valueOf(field, place) ?? ''));
  return groups.size < count ? 0 : Math.min(...groups.values());
}

function valueOf(field: string, place: Place): string | undefined {
  if (field === 'hostname') return place.hostname;
  return field === 'agent' ? place.agent : place.attributes[field];
}

function matches(pattern: string, value: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`).test(value);
  } catch {
    return false;
  }
}

function countsOf<Key>(keys: readonly Key[]): Map<Key, number> {
  const counts = new Map<Key, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}
