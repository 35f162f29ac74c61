/**
 * Clusters of this host, a file each: what `edge-agent cluster add` wrote and the process for clusters reads. For root alone, because the
 * credentials of the cluster are in it; they leave the host in no report.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Address, Cidr } from '../protocol/address.ts';
import { Name } from '../protocol/metadata.ts';
import { writeDurably } from './link/durable.ts';

const FILE_BYTES_MAX = 4_000_000;
const CLUSTERS_MAX = 32;

const Identity = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('certificate'), certificate: z.string(), key: z.string() }),
  z.strictObject({ kind: z.literal('token'), token: z.string() }),
  z.strictObject({ kind: z.literal('token_file'), path: z.string() }),
  z.strictObject({
    kind: z.literal('exec'),
    command: z.string(),
    arguments: z.array(z.string()),
    environment: z.record(z.string(), z.string()),
  }),
  z.strictObject({ kind: z.literal('anonymous') }),
]);

export const KubernetesFile = z.strictObject({
  name: Name,
  kind: z.literal('kubernetes'),
  credentials: z.strictObject({
    server: z.url({ protocol: /^https$/ }),
    authority: z.string().optional(),
    serverName: z.string().optional(),
    identity: Identity,
  }),
  /** Where its etcd is, if this host is to look after it. */
  etcd: z
    .strictObject({
      endpoints: z
        .array(z.url({ protocol: /^https$/ }))
        .min(1)
        .max(16),
      authority: z.string(),
      certificate: z.string(),
      key: z.string(),
      /** Directory of etcd, etcdutl and kube-apiserver, for drills; empty: found by PATH. */
      programs: z.string().default(''),
    })
    .optional(),
});
export type KubernetesFile = z.infer<typeof KubernetesFile>;

const Pem = z.string().min(1).max(100_000);
const Endpoint = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('socket'), path: z.string().startsWith('/').max(500) }),
  z.strictObject({
    kind: z.literal('tls'),
    host: z.string().min(1).max(253),
    port: z.int().min(1).max(65_535),
    authority: Pem,
    certificate: Pem,
    key: Pem,
  }),
]);

export const SwarmFile = z.strictObject({
  name: Name,
  kind: z.literal('swarm'),
  manager: Endpoint,
  /** Of other nodes, which tell the CPU of their own containers. */
  others: z.array(Endpoint).max(64).optional(),
});
export type SwarmFile = z.infer<typeof SwarmFile>;

export const DockerFile = z.strictObject({
  name: Name,
  kind: z.literal('docker'),
  /** Those that are reached from here; nodes that join are not among them. */
  engines: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(63),
        endpoint: Endpoint,
        /** Of its host on the LAN, where the endpoint does not say it. */
        address: Address.optional(),
      }),
    )
    .max(64),
  /** Where nodes join and are connected, on the LAN. */
  door: z.strictObject({ address: Address, port: z.int().min(1).max(65_535) }).optional(),
  /** Where addresses of pools are, as a macvlan over this interface of each node. */
  lan: z
    .strictObject({ parent: z.string().min(1).max(15), subnet: Cidr, gateway: Address.optional() })
    .optional(),
});
export type DockerFile = z.infer<typeof DockerFile>;

export const MesosFile = z.strictObject({
  name: Name,
  kind: z.literal('mesos'),
  /** Of any master. */
  server: z.url({ protocol: /^https?$/ }),
  /** Whom tasks run as. */
  user: z.string().min(1).max(64),
  credentials: z.strictObject({ principal: z.string().min(1), secret: z.string().min(1) }).optional(),
});
export type MesosFile = z.infer<typeof MesosFile>;

export const MarathonFile = z.strictObject({
  name: Name,
  kind: z.literal('marathon'),
  /** Of any Marathon of it, with a path where there is one before `/v2`. */
  server: z.url({ protocol: /^https?$/ }),
  authority: Pem.optional(),
  credentials: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('basic'), user: z.string().min(1), password: z.string() }),
      z.strictObject({ kind: z.literal('token'), token: z.string().min(1) }),
    ])
    .optional(),
  /** Its Mesos, where this host reaches the masters: agents, capacity, and what tasks wrote. */
  mesos: MesosFile.pick({ server: true, credentials: true }).optional(),
});
export type MarathonFile = z.infer<typeof MarathonFile>;

export const ClusterFile = z.discriminatedUnion('kind', [
  KubernetesFile,
  SwarmFile,
  DockerFile,
  MesosFile,
  MarathonFile,
]);
export type ClusterFile = z.infer<typeof ClusterFile>;

export interface ClusterFiles {
  readonly clusters: readonly ClusterFile[];
  /** Files that can't be used, with the reason. */
  readonly faults: readonly string[];
}

export function readClusterFiles(directory: string): ClusterFiles {
  const names = namesIn(directory).slice(0, CLUSTERS_MAX);
  const read = names.map((name) => readClusterFile(join(directory, name)));
  return {
    clusters: read.flatMap((one) => (typeof one === 'string' ? [] : [one])),
    faults: read.filter((one) => typeof one === 'string'),
  };
}

/** Without reading them. */
export function hasClusterFiles(directory: string): boolean {
  return namesIn(directory).length > 0;
}

/** Throws a sentence if that would take the place of another cluster, or be a second name of one: each would take the other's apps away. */
export function writeClusterFile(directory: string, cluster: ClusterFile): void {
  const { name, kind } = cluster;
  for (const other of readClusterFiles(directory).clusters) {
    if (other.name === name && other.kind !== kind)
      throw new Error(
        `${name} is a ${other.kind} cluster of this host. Give this one another name, or remove that one first: edge-agent cluster remove ${name}`,
      );
    if (other.name !== name && isSameCluster(other, cluster))
      throw new Error(
        `This is the cluster ${other.name} of this host. It can't have two names: keep that one, or first edge-agent cluster remove ${other.name}`,
      );
  }
  writeDurably(join(directory, `${cluster.name}.json`), `${JSON.stringify(cluster, undefined, 2)}\n`);
}

/** Mesos is left out: each cluster is a framework of its own there, and sees no other's tasks. */
function isSameCluster(one: ClusterFile, other: ClusterFile): boolean {
  const places = placesIn(one);
  return one.kind === other.kind && placesIn(other).some((place) => places.includes(place));
}

function placesIn(file: ClusterFile): string[] {
  switch (file.kind) {
    case 'kubernetes':
      return [`${file.credentials.serverName ?? ''} ${file.credentials.server}`];
    case 'marathon':
      return [file.server];
    case 'swarm':
      return [endpointText(file.manager)];
    case 'docker':
      return file.engines.map(({ endpoint }) => endpointText(endpoint));
    case 'mesos':
      return [];
  }
}

function endpointText(endpoint: z.infer<typeof Endpoint>): string {
  return endpoint.kind === 'socket' ? endpoint.path : `${endpoint.host}:${endpoint.port}`;
}

/** Of the nodes that joined a cluster of plain engines. */
export function nodesDirectory(directory: string, cluster: string): string {
  return join(directory, 'nodes', cluster);
}

/** False if there was none. */
export function removeClusterFile(directory: string, name: string): boolean {
  if (!namesIn(directory).includes(`${name}.json`)) return false;
  rmSync(join(directory, `${name}.json`));
  rmSync(nodesDirectory(directory, name), { recursive: true, force: true });
  return true;
}

function readClusterFile(path: string): ClusterFile | string {
  try {
    const text = readFileSync(path, 'utf8');
    if (text.length > FILE_BYTES_MAX) return `${path} is too large`;
    const parsed = ClusterFile.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : `${path}: ${z.prettifyError(parsed.error)}`;
  } catch (cause) {
    return `${path}: ${cause instanceof Error ? cause.message : String(cause)}`;
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith('.json'))
      .sort();
  } catch {
    return [];
  }
}
