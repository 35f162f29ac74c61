/**
 * The hub's HTTPS gateway: from what should be served and what is there to steps. The gateway has a pool of slots, each
 * a backend with one server, made in advance; a map leads from host and path to a slot. A change is a slot given an
 * address and a map entry pointed at it, so that nothing is reloaded and no request is dropped.
 *
 * A route to an app leads to a group: a backend with a server for each of its containers, which come and go at run time. A group bears the name of its
 * app for as long as it is there, so its servers may change while it is pointed at; a new group needs a reload.
 *
 * Two rules keep tenants apart at every prefix of the steps. A slot's address changes only while no entry of the running
 * map, nor of the map on disk, points at the slot. An entry is pointed at a slot only after the slot has the address.
 * This file must not know HAProxy's syntax: that is in gateway-files.ts and gateway-runtime.ts.
 */
import { planCertificates } from './gateway-certificates.ts';
import { type ClusterEntry, type ClusterStep, planClusterFile, planClusters } from './gateway-clusters.ts';
import {
  assignGroups,
  beforeGroups,
  closeSteps,
  type FileGroup,
  filedGroups,
  type GroupServer,
  groupText,
  openSteps,
  type WantedGroup,
} from './gateway-groups.ts';
import { slotName, slotNumber } from './gateway-names.ts';
import type { ObservedGateway } from './gateway-observed.ts';
import { assignSlots, fileSlots, type SlotAssignment, type SlotView, sameList } from './gateway-slots.ts';

/** Where a service is reached: a virtual IPv4 address and a TCP port. */
export interface GatewayTarget {
  readonly address: string;
  readonly port: number;
}

/** `key` is host, path and one slash, `shop.example.com/cart/`: so a prefix of it ends at a whole segment. */
interface RouteKey {
  readonly key: string;
  readonly tenant: string;
}

/** To one address, or to a group by its name. */
export type GatewayRoute = RouteKey & (GatewayTarget | { readonly group: string });

export interface RefusedRoute {
  readonly tenant: string;
  readonly name: string;
  readonly reason: 'bad_host' | 'bad_path' | 'address_not_allowed' | 'duplicate' | 'too_many';
}

/** What should be. `routes` have unique keys; `revision` names the text of the configuration's fixed part. */
export interface GatewayState {
  readonly base: { readonly text: string; readonly revision: string };
  /** Name of the hub, for its own certificate authority. */
  readonly issuer: string;
  /** File of the gateway's own certificate with its key. */
  readonly certificate: string;
  readonly routes: readonly GatewayRoute[];
  /** Every group that a route leads to, by name. */
  readonly groups: readonly WantedGroup[];
  readonly refused: readonly RefusedRoute[];
  /** Names that are passed through to an edge, sorted. */
  readonly clusters: readonly ClusterEntry[];
}

export interface SlotTarget extends GatewayTarget {
  readonly slot: number;
}

/** `to` is the name of a slot or of a group. */
export interface MapEntry {
  readonly key: string;
  readonly to: string;
}

/** Slots and groups as they come up after a restart: `size` slots, those not in `used` closed. */
export interface SlotFile {
  readonly size: number;
  readonly used: readonly SlotTarget[];
  readonly groups: readonly FileGroup[];
}

export type GatewayStep =
  | { readonly kind: 'gateway.make-certificate'; readonly issuer: string; readonly names: readonly string[] }
  | { readonly kind: 'gateway.add-certificate'; readonly file: string }
  | { readonly kind: 'gateway.load-certificate'; readonly file: string }
  | { readonly kind: 'gateway.remove-certificate'; readonly file: string }
  | { readonly kind: 'gateway.write-certificates'; readonly files: readonly string[] }
  | { readonly kind: 'gateway.write-base'; readonly text: string }
  | { readonly kind: 'gateway.write-slots'; readonly slots: SlotFile }
  | { readonly kind: 'gateway.write-routes'; readonly routes: readonly MapEntry[] }
  | { readonly kind: 'gateway.start' }
  | { readonly kind: 'gateway.reload' }
  | ({ readonly kind: 'gateway.set-slot' } & SlotTarget)
  | { readonly kind: 'gateway.drain-slot'; readonly slot: number }
  | { readonly kind: 'gateway.release-slot'; readonly slot: number }
  | ({ readonly kind: 'gateway.open-server'; readonly group: string } & GroupServer)
  | { readonly kind: 'gateway.close-server'; readonly group: string; readonly server: number }
  | ({ readonly kind: 'gateway.add-route' } & MapEntry)
  | ({ readonly kind: 'gateway.move-route' } & MapEntry)
  | { readonly kind: 'gateway.remove-route'; readonly key: string }
  | ClusterStep;

/** An old address is left to its running requests this long; what still runs then (a WebSocket) is cut. */
export const DRAIN_SECONDS_MAX = 300;
/** A drained slot without a request is free after this long. */
export const DRAIN_SECONDS_MIN = 5;

/** Steps from what is there to what should be; empty if nothing is to be done now. Draining ends in a later round. */
export function planGateway(desired: GatewayState, observed: ObservedGateway): GatewayStep[] {
  const certificates = planCertificates(desired, observed);
  const isRunning = observed.running !== undefined;
  const clusters = (isRunning ? planClusters : planClusterFile)(desired.clusters, observed);
  const routing = isRunning ? planRunning : planStart;
  return [...certificates, ...clusters, ...routing(desired, observed)];
}

/** Nothing runs: files first, the map last, so that at every prefix the files alone are safe to start from. */
function planStart(desired: GatewayState, observed: ObservedGateway): GatewayStep[] {
  const { files } = observed;
  const slots = files.slots.used.map((slot): SlotView => ({ ...slot, state: 'ready' }));
  const held = heldSlots(files.routes);
  const assignment = assignSlots(targetsOf(desired), slots, { held, size: files.slots.size });
  const { groups } = assignGroups(desired.groups, filedGroups(files.slots.groups), heldNames(files.routes));
  const entries = entriesOf(desired, assignment, files.routes);
  return [
    ...writeSlots(files.slots, { ...fileSlots(assignment, slots, held), groups }),
    // Always: HAProxy does not start without the file, also when no route is in it.
    { kind: 'gateway.write-routes', routes: entries },
    ...writeBase(desired, observed),
    { kind: 'gateway.start' },
  ];
}

function planRunning(desired: GatewayState, observed: ObservedGateway): GatewayStep[] {
  const { files, running } = observed;
  if (running === undefined) return [];
  const pointing = [...running.routes, ...files.routes];
  const held = heldSlots(pointing);
  const assignment = assignSlots(targetsOf(desired), running.slots, { held, size: running.slots.length });
  const { groups, isGrown } = assignGroups(desired.groups, running.groups, heldNames(pointing));
  const entries = entriesOf(desired, assignment, running.routes);
  const grown = assignment.size > running.slots.length || isGrown;
  const base = writeBase(desired, observed);
  const stale = base.length > 0 || running.revision !== desired.base.revision;
  // Growing comes first: a new slot can be set only once it is there. The files then say what runs now, and no more.
  const before = {
    size: assignment.size,
    used: running.slots.filter((slot) => held.has(slot.slot)),
    groups: beforeGroups(groups, running.groups),
  };
  const slots = grown ? before.used.map((slot): SlotView => ({ ...slot, state: 'ready' })) : running.slots;
  return [
    ...(grown
      ? [...writeSlots(files.slots, before), ...writeRoutes(files.routes, running.routes), ...base, RELOAD]
      : openSteps(groups, running.groups)),
    ...setSlots(assignment, slots),
    ...writeSlots(grown ? before : files.slots, { ...fileSlots(assignment, slots, held), groups }),
    ...routeSteps(running.routes, entries),
    ...writeRoutes(grown ? running.routes : files.routes, entries),
    // A reload forgets draining slots: the old worker finishes what it has.
    ...(grown ? [] : [...closeSteps(groups, running.groups), ...idleSteps(running.slots, assignment, held)]),
    ...(stale && !grown ? [...base, RELOAD] : []),
  ];
}

function targetsOf({ routes }: GatewayState): GatewayTarget[] {
  return routes.flatMap((route) => ('group' in route ? [] : [route]));
}

function heldSlots(entries: readonly MapEntry[]): Set<number> {
  return new Set(entries.flatMap(({ to }) => slotNumber(to) ?? []));
}

function heldNames(entries: readonly MapEntry[]): Set<string> {
  return new Set(entries.map(({ to }) => to));
}

const RELOAD: GatewayStep = { kind: 'gateway.reload' };

function writeBase(desired: GatewayState, observed: ObservedGateway): GatewayStep[] {
  if (observed.files.base === desired.base.text) return [];
  return [{ kind: 'gateway.write-base', text: desired.base.text }];
}

function writeSlots(from: SlotFile, to: SlotFile): GatewayStep[] {
  const same =
    from.size === to.size &&
    sameList(from.used.map(slotText), to.used.map(slotText)) &&
    sameList(from.groups.map(groupText), to.groups.map(groupText));
  if (same) return [];
  const used = to.used.map(({ slot, address, port }) => ({ slot, address, port }));
  return [{ kind: 'gateway.write-slots', slots: { size: to.size, used, groups: to.groups } }];
}

function writeRoutes(from: readonly MapEntry[], to: readonly MapEntry[]): GatewayStep[] {
  if (sameList(from.map(entryText).sort(), to.map(entryText).sort())) return [];
  return [{ kind: 'gateway.write-routes', routes: to }];
}

function setSlots(assignment: SlotAssignment, slots: readonly SlotView[]): GatewayStep[] {
  const known = new Map(slots.map((slot) => [slot.slot, slot]));
  return assignment.used
    .filter((wanted) => {
      const found = known.get(wanted.slot);
      return found?.state !== 'ready' || slotText(found) !== slotText(wanted);
    })
    .map((wanted) => ({ kind: 'gateway.set-slot', ...wanted }));
}

/** Entries that come or move, then entries that go. */
function routeSteps(from: readonly MapEntry[], to: readonly MapEntry[]): GatewayStep[] {
  const old = new Map(from.map((entry) => [entry.key, entry.to]));
  const wanted = new Set(to.map((entry) => entry.key));
  const changed = to.filter((entry) => old.get(entry.key) !== entry.to);
  return [
    ...changed.map(
      (entry): GatewayStep => ({
        kind: old.has(entry.key) ? 'gateway.move-route' : 'gateway.add-route',
        ...entry,
      }),
    ),
    ...[...old.keys()]
      .filter((key) => !wanted.has(key))
      .map((key): GatewayStep => ({ kind: 'gateway.remove-route', key })),
  ];
}

/**
 * Only slots that nothing pointed at when the round began: a request that read the map just before it changed has long
 * had its connection by the next round.
 */
function idleSteps(
  slots: readonly (SlotView & { readonly sinceSeconds: number; readonly sessions: number })[],
  assignment: SlotAssignment,
  held: ReadonlySet<number>,
): GatewayStep[] {
  const needed = new Set(assignment.used.map((slot) => slot.slot));
  return slots
    .filter(({ slot, state }) => state !== 'closed' && !needed.has(slot) && !held.has(slot))
    .flatMap(({ slot, state, sinceSeconds, sessions }): GatewayStep[] => {
      if (state === 'ready') return [{ kind: 'gateway.drain-slot', slot }];
      const waitSeconds = sessions === 0 ? DRAIN_SECONDS_MIN : DRAIN_SECONDS_MAX;
      return sinceSeconds < waitSeconds ? [] : [{ kind: 'gateway.release-slot', slot }];
    });
}

/** A route for whose target no slot is free keeps its old entry until one is. */
function entriesOf(desired: GatewayState, assignment: SlotAssignment, old: readonly MapEntry[]): MapEntry[] {
  const before = new Map(old.map((entry) => [entry.key, entry.to]));
  return desired.routes.flatMap((route) => {
    if ('group' in route) return [{ key: route.key, to: route.group }];
    const slot = assignment.slotOf.get(`${route.address}:${route.port}`);
    const to = slot === undefined ? before.get(route.key) : slotName(slot);
    return to === undefined ? [] : [{ key: route.key, to }];
  });
}

function slotText({ slot, address, port }: SlotTarget): string {
  return `${slot} ${address}:${port}`;
}

function entryText({ key, to }: MapEntry): string {
  return `${key} ${to}`;
}
