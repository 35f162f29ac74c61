/**
 * Files of the gateway: where they are, and the text of those that change with the routes. What is written here is what
 * HAProxy comes up with after a crash or a reload, so it follows every change made at run time.
 * The fixed part of the configuration is in gateway/configuration.ts.
 */
import type { MapEntry, SlotFile, SlotTarget } from './gateway.ts';
import type { ClusterEntry } from './gateway-clusters.ts';

export interface GatewayDirectories {
  /** Persistent, for root alone: keys, configuration, map. */
  readonly state: string;
  /** Until the next boot: sockets and the file with the process id. */
  readonly run: string;
  /** Certificates that the operator supplies: `*.pem` with key and chain. */
  readonly supplied: string;
}

export interface GatewayPaths {
  readonly directories: GatewayDirectories;
  readonly base: string;
  readonly slots: string;
  readonly routes: string;
  /** Server names of clusters, and the edges that they lead to. */
  readonly clusters: string;
  readonly certificates: string;
  readonly own: string;
  readonly authority: string;
  readonly authorityKey: string;
  readonly runtimeSocket: string;
  readonly pid: string;
  /** Empty directory that the worker is locked into. */
  readonly jail: string;
}

export function gatewayPaths(directories: GatewayDirectories): GatewayPaths {
  const { state, run } = directories;
  return {
    directories,
    base: `${state}/gateway.cfg`,
    slots: `${state}/slots.cfg`,
    routes: `${state}/routes.map`,
    clusters: `${state}/clusters.map`,
    certificates: `${state}/certificates.list`,
    own: `${state}/own.pem`,
    authority: `${state}/authority.crt`,
    authorityKey: `${state}/authority.key`,
    runtimeSocket: `${run}/runtime.sock`,
    pid: `${run}/haproxy.pid`,
    jail: `${run}/jail`,
  };
}

/** Address of a slot that serves nothing: TEST-NET-1 and the discard port. Never 0.0.0.0, which means "as dialled". */
export const NOWHERE = { address: '192.0.2.1', port: 9 } as const;

/** The name of a slot's backend, and its value in the map. */
export function slotName(slot: number): string {
  return `slot_${slot}`;
}

/** The slot of a backend's name; undefined for other names. */
export function slotNumber(name: string): number | undefined {
  const digits = /^slot_([1-9]\d{0,4})$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** All slots, each a backend with one server, so that no balancing can ever cross from one tenant to another. */
export function renderSlots({ size, used }: SlotFile): string {
  const targets = new Map(used.map((slot) => [slot.slot, slot]));
  const numbers = Array.from({ length: size }, (_, index) => index + 1);
  return numbers
    .map((slot) => `backend ${slotName(slot)} from isthmus\n  server site ${serverText(targets.get(slot))}\n`)
    .join('');
}

function serverText(target: SlotTarget | undefined): string {
  return target === undefined
    ? `${NOWHERE.address}:${NOWHERE.port} disabled`
    : `${target.address}:${target.port}`;
}

/** The reverse of renderSlots. */
export function parseSlots(text: string): SlotFile {
  const lines = [
    ...text.matchAll(/^backend (slot_\d+) from isthmus\n {2}server site ([\d.]+):(\d+)( disabled)?$/gm),
  ];
  const used = lines.flatMap(([, name = '', address = '', port = '', disabled]) => {
    const slot = slotNumber(name);
    return slot === undefined || disabled !== undefined ? [] : [{ slot, address, port: Number(port) }];
  });
  return { size: lines.length, used };
}

export function renderRoutes(routes: readonly MapEntry[]): string {
  return routes.map(({ key, slot }) => `${key} ${slotName(slot)}\n`).join('');
}

/** The reverse of renderRoutes. */
export function parseRoutes(text: string): MapEntry[] {
  return text.split('\n').flatMap((line) => {
    const [key = '', value = ''] = line.split(' ');
    const slot = slotNumber(value);
    return slot === undefined ? [] : [{ key, slot }];
  });
}

export function renderClusters(clusters: readonly ClusterEntry[]): string {
  return clusters.map(({ host, address }) => `${host} ${address}\n`).join('');
}

/** The reverse of renderClusters. */
export function parseClusters(text: string): ClusterEntry[] {
  return text.split('\n').flatMap((line) => {
    const [host = '', address = ''] = line.split(' ');
    return address === '' ? [] : [{ host, address }];
  });
}

export function renderCertificates(files: readonly string[]): string {
  return files.map((file) => `${file}\n`).join('');
}

export function parseCertificates(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
