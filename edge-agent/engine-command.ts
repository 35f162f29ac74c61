/** `edge-agent cluster add swarm|docker`: sees that the engines answer, and keeps how they are reached on this host. */
import { readFile } from 'node:fs/promises';
import { Address, Cidr } from '../protocol/address.ts';
import type { ClusterFacts } from '../protocol/cluster.ts';
import { Name } from '../protocol/metadata.ts';
import { Port } from '../protocol/service.ts';
import { type DockerFile, type SwarmFile, writeClusterFile } from './cluster-files.ts';
import { inspectDocker, inspectSwarm } from './clusters/docker-facts.ts';
import { EngineClient } from './engine/client.ts';
import { describeEndpoint } from './engine/endpoint.ts';

const SOCKET = 'unix:///var/run/docker.sock';
const TLS_PORT = 2_376;
/** Where nodes join, unless another one is given. */
const DOOR_PORT = 7_864;

type Endpoint = SwarmFile['manager'];

/** The LAN on which addresses of pools are. */
export interface EngineLan {
  /** Interface of each node. */
  readonly parent: string;
  readonly subnet: string;
  readonly gateway?: string | undefined;
}

export interface AddEnginesOptions {
  readonly kind: 'swarm' | 'docker';
  readonly name: string;
  /** `unix:///PATH` or `https://HOST:PORT`; for plain engines each as `NODE=URL`. The socket of this host if empty. */
  readonly engines: readonly string[];
  /** Files of PEM, for engines that are reached by TLS. */
  readonly tls: {
    readonly ca?: string | undefined;
    readonly cert?: string | undefined;
    readonly key?: string | undefined;
  };
  readonly lan?: EngineLan | undefined;
  /** `ADDRESS` or `ADDRESS:PORT` of this host, at which nodes join. */
  readonly door?: string | undefined;
  readonly directory: string;
  /** Of this host. */
  readonly hostname: string;
  readonly addresses: readonly string[];
}

/** Lines for the terminal. Throws a sentence if the cluster can't be used; nothing is kept then. */
export async function addEngines(options: AddEnginesOptions): Promise<readonly string[]> {
  const named = Name.safeParse(options.name);
  if (!named.success)
    throw new Error(`${options.name} can't be the name of a cluster: ${named.error.issues[0]?.message}`);
  const file = options.kind === 'swarm' ? await swarmFile(options) : await dockerFile(options);
  if (file.kind === 'docker' && file.engines.length === 0) {
    writeClusterFile(options.directory, file);
    return [
      `${file.name}: nodes join at ${placesOf(file)}`,
      `added; a token for each: edge-agent cluster node-token ${file.name}`,
    ];
  }
  const facts = await inspected(file);
  writeClusterFile(options.directory, file);
  const { capacity, nodes, version, statements } = facts;
  const faults = statements.filter(({ status }) => status !== 'True').map(({ message }) => message);
  return [
    `${file.name}: ${file.kind === 'swarm' ? 'Docker Swarm' : 'Docker'} ${version} at ${placesOf(file)}`,
    `${nodes.length} nodes, ${capacity.cpuMillis / 1_000} CPUs, ${Math.round(capacity.memoryMib / 1_024)} GiB`,
    ...faults,
    'added; the agent attaches it within seconds',
  ];
}

/** Where a cluster of engines is, as people write it. */
export function placesOf(file: SwarmFile | DockerFile): string {
  if (file.kind === 'swarm') return describeEndpoint(file.manager);
  const engines = file.engines.map(({ name, endpoint }) => `${name}=${describeEndpoint(endpoint)}`);
  const door = file.door === undefined ? [] : [`${file.door.address}:${file.door.port}`];
  return [...engines, ...door].join(' ');
}

async function swarmFile(options: AddEnginesOptions): Promise<SwarmFile> {
  const [url = SOCKET, ...others] = options.engines;
  if (options.door !== undefined)
    throw new Error('--nodes is for plain engines: nodes of a swarm join the swarm.');
  if (options.lan !== undefined)
    throw new Error('--lan is for plain engines: a swarm has overlay networks of its own.');
  const manager = await endpointOf(url, options.tls);
  const rest = await Promise.all(others.map((other) => endpointOf(other, options.tls)));
  return { name: options.name, kind: 'swarm', manager, ...(rest.length === 0 ? {} : { others: rest }) };
}

async function dockerFile(options: AddEnginesOptions): Promise<DockerFile> {
  // With nodes that join, its own engine is one only if it is named.
  const own = options.door === undefined ? [`${options.hostname}=${SOCKET}`] : [];
  const words = options.engines.length === 0 ? own : options.engines;
  const engines = await Promise.all(
    words.map(async (word) => {
      const [, name = '', url = '', address] =
        /^([A-Za-z0-9][A-Za-z0-9.-]*)=(.+?)(?:@(\d+\.\d+\.\d+\.\d+))?$/.exec(word) ?? [];
      if (name === '')
        throw new Error(
          `--engine ${word}: give the node's name and where its engine is, as in n1=https://10.0.0.11:2376`,
        );
      if (address !== undefined && !Address.safeParse(address).success)
        throw new Error(`--engine ${word}: ${address} is no IPv4 address.`);
      const endpoint = await endpointOf(url, options.tls);
      return { name, endpoint, ...(address === undefined ? {} : { address }) };
    }),
  );
  const twice = engines.find(({ name }, index) => engines.findIndex((one) => one.name === name) !== index);
  if (twice !== undefined) throw new Error(`The node ${twice.name} is named twice.`);
  const { lan } = options;
  if (lan !== undefined && !(lan.parent !== '' && Cidr.safeParse(lan.subnet).success))
    throw new Error(
      `--lan ${lan.parent}: give the interface and the prefix of its LAN, as in eth0=10.0.0.0/24.`,
    );
  const door = options.door === undefined ? undefined : doorOf(options.door, options.addresses);
  const gateway = lan?.gateway === undefined ? {} : { gateway: lan.gateway };
  return {
    name: options.name,
    kind: 'docker',
    engines,
    ...(door === undefined ? {} : { door }),
    ...(lan === undefined ? {} : { lan: { parent: lan.parent, subnet: lan.subnet, ...gateway } }),
  };
}

function doorOf(text: string, own: readonly string[]): NonNullable<DockerFile['door']> {
  const [, address = '', port = String(DOOR_PORT)] = /^([^:]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (!Address.safeParse(address).success || address === '0.0.0.0')
    throw new Error(`--nodes ${text}: give the address of this host on the nodes' LAN, as in 10.0.0.5.`);
  if (!own.includes(address))
    throw new Error(`--nodes ${text}: this host does not have that address; it has ${own.join(', ')}.`);
  if (!Port.safeParse(Number(port)).success)
    throw new Error(`--nodes ${text}: ${port} is no port: give one from 1 to 65535.`);
  return { address, port: Number(port) };
}

async function endpointOf(text: string, tls: AddEnginesOptions['tls']): Promise<Endpoint> {
  const [, path] = /^unix:\/\/(\/.+)$/.exec(text) ?? [];
  if (path !== undefined) return { kind: 'socket', path };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:')
    throw new Error(
      `${text} is no place of an engine: give unix:///PATH of a socket of this host, or https://HOST:2376. Without TLS an engine is anybody's.`,
    );
  const { ca, cert, key } = tls;
  if (ca === undefined || cert === undefined || key === undefined)
    throw new Error(`${text} is reached by TLS: give --tls-ca, --tls-cert and --tls-key.`);
  const [authority = '', certificate = '', secret = ''] = await Promise.all(
    [ca, cert, key].map((file) => readFile(file, 'utf8')),
  );
  const port = url.port === '' ? TLS_PORT : Number(url.port);
  return { kind: 'tls', host: url.hostname, port, authority, certificate, key: secret };
}

async function inspected(file: SwarmFile | DockerFile): Promise<ClusterFacts> {
  const engines = file.kind === 'swarm' ? [{ name: file.name, endpoint: file.manager }] : file.engines;
  const nodes = engines.map(({ name, endpoint }) => ({ name, client: new EngineClient(endpoint) }));
  try {
    const [first] = nodes;
    return file.kind === 'swarm' && first !== undefined
      ? await inspectSwarm(first.client)
      : await inspectDocker(nodes);
  } finally {
    for (const { client } of nodes) client.close();
  }
}
