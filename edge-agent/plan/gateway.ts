/**
 * The hub's HTTPS gateway: from what should be served and what is there to steps. The gateway has a pool of slots, each
 * a backend with one server, made in advance; a map leads from host and path to a slot. A change is a slot given an
 * address and a map entry pointed at it, so that nothing is reloaded and no request is dropped.
 *
 * Two rules keep tenants apart at every prefix of the steps. A slot's address changes only while no entry of the running
 * map, nor of the map on disk, points at the slot. An entry is pointed at a slot only after the slot has the address.
 * This file must not know HAProxy's syntax: that is in gateway-files.ts and gateway-runtime.ts.
 */
import { type ClusterEntry, type ClusterStep, planClusterFile, planClusters } from './gateway-clusters.ts';
import type { ObservedGateway, SuppliedCertificate } from './gateway-observed.ts';
import { assignSlots, fileSlots, type SlotAssignment, type SlotView } from './gateway-slots.ts';

/** Where a service is reached: a virtual IPv4 address and a TCP port. */
export interface GatewayTarget {
  readonly address: string;
  readonly port: number;
}

/** `key` is host, path and one slash, `shop.example.com/cart/`: so a prefix of it ends at a whole segment. */
export interface GatewayRoute extends GatewayTarget {
  readonly key: string;
  readonly tenant: string;
}

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
  readonly refused: readonly RefusedRoute[];
  /** Names that are passed through to an edge, sorted. */
  readonly clusters: readonly ClusterEntry[];
}

export interface SlotTarget extends GatewayTarget {
  readonly slot: number;
}

export interface MapEntry {
  readonly key: string;
  readonly slot: number;
}

/** Slots as they come up after a restart: `size` of them, those not in `used` closed. */
export interface SlotFile {
  readonly size: number;
  readonly used: readonly SlotTarget[];
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
  | ({ readonly kind: 'gateway.add-route' } & MapEntry)
  | ({ readonly kind: 'gateway.move-route' } & MapEntry)
  | { readonly kind: 'gateway.remove-route'; readonly key: string }
  | ClusterStep;

/** An old address is left to its running requests this long; what still runs then (a WebSocket) is cut. */
export const DRAIN_SECONDS_MAX = 300;
/** A drained slot without a request is free after this long. */
export const DRAIN_SECONDS_MIN = 5;
/** The own certificate is made anew when it has fewer days left than this. */
export const RENEW_DAYS = 30;
/** HAProxy takes a certificate at run time in one buffer of 16 kB: names beyond this are served without being named. */
export const CERTIFICATE_CHARACTERS_MAX = 6_000;
/** The own certificate is never without a name. */
export const GATEWAY_NAME = 'gateway.isthmus.internal';

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
  const held = new Set(files.routes.map((entry) => entry.slot));
  const assignment = assignSlots(desired.routes, slots, { held, size: files.slots.size });
  const entries = entriesOf(desired, assignment, files.routes);
  return [
    ...writeSlots(files.slots, fileSlots(assignment, slots, held)),
    // Always: HAProxy does not start without the file, also when no route is in it.
    { kind: 'gateway.write-routes', routes: entries },
    ...writeBase(desired, observed),
    { kind: 'gateway.start' },
  ];
}

function planRunning(desired: GatewayState, observed: ObservedGateway): GatewayStep[] {
  const { files, running } = observed;
  if (running === undefined) return [];
  const held = new Set([...running.routes, ...files.routes].map((entry) => entry.slot));
  const assignment = assignSlots(desired.routes, running.slots, { held, size: running.slots.length });
  const entries = entriesOf(desired, assignment, running.routes);
  const grown = assignment.size > running.slots.length;
  const base = writeBase(desired, observed);
  const stale = base.length > 0 || running.revision !== desired.base.revision;
  // Growing comes first: a new slot can be set only once it is there. The files then say what runs now, and no more.
  const before = { size: assignment.size, used: running.slots.filter((slot) => held.has(slot.slot)) };
  const slots = grown ? before.used.map((slot): SlotView => ({ ...slot, state: 'ready' })) : running.slots;
  return [
    ...(grown
      ? [...writeSlots(files.slots, before), ...writeRoutes(files.routes, running.routes), ...base, RELOAD]
      : []),
    ...setSlots(assignment, slots),
    ...writeSlots(grown ? before : files.slots, fileSlots(assignment, slots, held)),
    ...routeSteps(running.routes, entries),
    ...writeRoutes(grown ? running.routes : files.routes, entries),
    // A reload forgets draining slots: the old worker finishes what it has.
    ...(grown ? [] : idleSteps(running.slots, assignment, held)),
    ...(stale && !grown ? [...base, RELOAD] : []),
  ];
}

const RELOAD: GatewayStep = { kind: 'gateway.reload' };

function writeBase(desired: GatewayState, observed: ObservedGateway): GatewayStep[] {
  if (observed.files.base === desired.base.text) return [];
  return [{ kind: 'gateway.write-base', text: desired.base.text }];
}

function writeSlots(from: SlotFile, to: SlotFile): GatewayStep[] {
  const same = from.size === to.size && sameList(from.used.map(slotText), to.used.map(slotText));
  if (same) return [];
  const used = to.used.map(({ slot, address, port }) => ({ slot, address, port }));
  return [{ kind: 'gateway.write-slots', slots: { size: to.size, used } }];
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
  const old = new Map(from.map((entry) => [entry.key, entry.slot]));
  const wanted = new Set(to.map((entry) => entry.key));
  const changed = to.filter((entry) => old.get(entry.key) !== entry.slot);
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
  const before = new Map(old.map((entry) => [entry.key, entry.slot]));
  return desired.routes.flatMap((route) => {
    const slot = assignment.slotOf.get(`${route.address}:${route.port}`) ?? before.get(route.key);
    return slot === undefined ? [] : [{ key: route.key, slot }];
  });
}

/** Supplied certificates come, then the own one follows the hosts, then those go that are no longer supplied. */
function planCertificates(desired: GatewayState, observed: ObservedGateway): GatewayStep[] {
  const names = ownNames(desired, observed.supplied).named;
  const make = needsCertificate(names, observed);
  const files = [desired.certificate, ...observed.supplied.filter(isUsable).map(({ file }) => file)];
  const listed = observed.files.certificates;
  return [
    ...(make ? [{ kind: 'gateway.make-certificate', issuer: desired.issuer, names } as const] : []),
    ...(observed.running === undefined ? [] : loadCertificates({ desired, observed, make, files })),
    ...(sameList(listed, files) ? [] : [{ kind: 'gateway.write-certificates', files } as const]),
  ];
}

function needsCertificate(names: readonly string[], observed: ObservedGateway): boolean {
  const { own } = observed;
  return own === undefined || own.daysLeft < RENEW_DAYS || !sameList([...own.names].sort(), names);
}

interface CertificateChange {
  readonly desired: GatewayState;
  readonly observed: ObservedGateway;
  /** The own certificate is made in this round. */
  readonly make: boolean;
  readonly files: readonly string[];
}

function loadCertificates({ desired, observed, make, files }: CertificateChange): GatewayStep[] {
  const loaded = new Map(observed.running?.certificates.map((one) => [one.file, one.fingerprint]));
  const known = [...observed.supplied, ...(observed.own === undefined ? [] : [observed.own])];
  const onDisk = new Map(known.map((one) => [one.file, one.fingerprint]));
  const isOutdated = (file: string) =>
    (make && file === desired.certificate) || loaded.get(file) !== onDisk.get(file);
  const absent = files.filter((file) => !loaded.has(file));
  const outdated = files.filter((file) => loaded.has(file) && isOutdated(file));
  const gone = [...loaded.keys()].filter((file) => !files.includes(file));
  return [
    ...absent.map((file): GatewayStep => ({ kind: 'gateway.add-certificate', file })),
    ...outdated.map((file): GatewayStep => ({ kind: 'gateway.load-certificate', file })),
    ...gone.map((file): GatewayStep => ({ kind: 'gateway.remove-certificate', file })),
  ];
}

function isUsable(certificate: SuppliedCertificate): boolean {
  return certificate.daysLeft >= 0;
}

/** Names of the own certificate: the hosts that no supplied certificate covers, sorted; and those beyond the limit. */
export function ownNames(
  desired: GatewayState,
  supplied: readonly SuppliedCertificate[],
): { readonly named: readonly string[]; readonly unnamed: readonly string[] } {
  const covered = new Set(supplied.filter(isUsable).flatMap(({ names }) => names));
  const isCovered = (host: string) =>
    covered.has(host) || covered.has(`*.${host.slice(host.indexOf('.') + 1)}`);
  const hosts = new Set(desired.routes.map((route) => route.key.slice(0, route.key.indexOf('/'))));
  const named = [GATEWAY_NAME];
  const unnamed: string[] = [];
  let characters = GATEWAY_NAME.length;
  for (const host of [...hosts].filter((one) => one !== GATEWAY_NAME && !isCovered(one)).sort()) {
    characters += host.length;
    (characters <= CERTIFICATE_CHARACTERS_MAX ? named : unnamed).push(host);
  }
  return { named: named.sort(), unnamed };
}

function slotText({ slot, address, port }: SlotTarget): string {
  return `${slot} ${address}:${port}`;
}

function entryText({ key, slot }: MapEntry): string {
  return `${key} ${slot}`;
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index]);
}
