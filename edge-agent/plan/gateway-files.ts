/**
 * Files of the gateway: where they are, and the text of those that change with the routes. What is written here is what
 * HAProxy comes up with after a crash or a reload, so it follows every change made at run time.
 * The fixed part of the configuration is in gateway/configuration.ts.
 */
import type { GatewayTarget, MapEntry, SlotFile } from './gateway.ts';
import type { ClusterEntry } from './gateway-clusters.ts';
import type { FileGroup } from './gateway-groups.ts';
import {
  isBackendName,
  isGroupName,
  NOWHERE,
  serverName,
  serverNumber,
  slotName,
  slotNumber,
} from './gateway-names.ts';

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

/**
 * All slots, each a backend with one server, so that no balancing can ever cross from one tenant to another; then the groups, a backend with a server for
 * each container of one app.
 */
export function renderSlots({ size, used, groups }: SlotFile): string {
  const targets = new Map(used.map((slot) => [slot.slot, slot]));
  const slots = countTo(size).map(
    (slot) => `backend ${slotName(slot)} from isthmus\n  server site ${serverText(targets.get(slot))}\n`,
  );
  return [...slots, ...groups.map(renderGroup)].join('');
}

/**
 * Containers come and go, so here there is somewhere else to go: a connection that is refused is tried at another server, and what was sent without any
 * answer only where sending it twice does no harm. Whoever fails takes no more until a check passes.
 */
const GROUP_SETTINGS = `  balance leastconn
  option redispatch 1
  retries 3
  retry-on conn-failure empty-response
  http-request disable-l7-retry unless METH_GET
  timeout connect 1s
  default-server check inter 2s fastinter 500ms downinter 1s fall 2 rise 1 observe layer4 error-limit 1 on-error mark-down
`;

function renderGroup({ name, size, used }: FileGroup): string {
  const targets = new Map(used.map((one) => [one.server, one]));
  const servers = countTo(size).map(
    (server) => `  server ${serverName(server)} ${serverText(targets.get(server))}\n`,
  );
  return `backend ${name} from isthmus\n${GROUP_SETTINGS}${servers.join('')}`;
}

function countTo(size: number): number[] {
  return Array.from({ length: size }, (_, index) => index + 1);
}

function serverText(target: GatewayTarget | undefined): string {
  return target === undefined
    ? `${NOWHERE.address}:${NOWHERE.port} disabled`
    : `${target.address}:${target.port}`;
}

const SERVER_LINE = /^ {2}server (site|s\d+) ([\d.]+):(\d+)( disabled)?$/gm;

/** The reverse of renderSlots. */
export function parseSlots(text: string): SlotFile {
  const backends = text.split(/^backend (?=\S+ from isthmus$)/m).map((part) => {
    const servers = [...part.matchAll(SERVER_LINE)].map(
      ([, server = '', address = '', port = '', disabled]) => ({
        server,
        target: disabled === undefined ? { address, port: Number(port) } : undefined,
      }),
    );
    return { name: part.slice(0, part.indexOf(' ')), servers };
  });
  const slots = backends.flatMap(({ name, servers: [site] }) => {
    const slot = slotNumber(name);
    return slot === undefined || site === undefined ? [] : [{ slot, target: site.target }];
  });
  return {
    size: slots.length,
    used: slots.flatMap(({ slot, target }) => (target === undefined ? [] : [{ slot, ...target }])),
    groups: backends
      .filter(({ name }) => isGroupName(name))
      .map(({ name, servers }) => ({
        name,
        size: servers.length,
        used: servers.flatMap(({ server: label, target }) => {
          const server = serverNumber(label);
          return server === undefined || target === undefined ? [] : [{ server, ...target }];
        }),
      })),
  };
}

export function renderRoutes(routes: readonly MapEntry[]): string {
  return routes.map(({ key, to }) => `${key} ${to}\n`).join('');
}

/** The reverse of renderRoutes. */
export function parseRoutes(text: string): MapEntry[] {
  return text.split('\n').flatMap((line) => {
    const [key = '', to = ''] = line.split(' ');
    return isBackendName(to) ? [{ key, to }] : [];
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
