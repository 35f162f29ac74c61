/** `edge-agent cluster node-token|nodes|remove-node`: what a person does on the edge about nodes of plain engines that join by themselves. */
import { join } from 'node:path';
import { run } from './apply/command.ts';
import { type DockerFile, nodesDirectory, readClusterFiles } from './cluster-files.ts';
import { digestOfPem } from './door/keys.ts';
import { NodeRegistry } from './door/registry.ts';
import { NodeName, tokenText } from './door/token.ts';
import { Authority } from './proxy/authority.ts';
import type { Paths } from './settings.ts';

const HOUR_MS = 3_600_000;
const HOURS_MAX = 168;

export interface NodeTokenOptions {
  readonly cluster: string;
  /** Good for the node of this name alone. */
  readonly node?: string | undefined;
  readonly hours: number;
  /** Of this edge, for the authority that is made at the first call. */
  readonly agent: string;
}

/** The token. Throws a sentence if there can be none. */
export async function makeNodeToken(options: NodeTokenOptions, paths: Paths): Promise<string> {
  const { cluster, node, hours, agent } = options;
  const { door } = dockerFile(cluster, paths);
  if (door === undefined)
    throw new Error(
      `Nodes can't join ${cluster} yet: edge-agent cluster add docker ${cluster} --nodes ADDRESS, the address of this host on their LAN.`,
    );
  if (!(hours > 0 && hours <= HOURS_MAX)) throw new Error(`--hours: more than 0, at most ${HOURS_MAX}.`);
  if (node !== undefined && !NodeName.safeParse(node).success)
    throw new Error(`${node} can't be the name of a node.`);
  const wallNow = () => Date.now();
  const authority = new Authority({ directory: join(paths.clusters, 'proxy'), agent, run, wallNow });
  const digest = digestOfPem(await authority.certificate());
  const registry = new NodeRegistry(nodesDirectory(paths.clusters, cluster));
  const nowMs = wallNow();
  const secret = registry.makeToken({ endsMs: nowMs + hours * HOUR_MS, nowMs, name: node });
  return tokenText({ host: door.address, port: door.port, cluster, authority: digest, secret });
}

export function listNodes(cluster: string, paths: Paths): readonly string[] {
  const { engines } = dockerFile(cluster, paths);
  const joined = new NodeRegistry(nodesDirectory(paths.clusters, cluster)).nodes();
  const lines = [
    ...engines.map(({ name }) => `${name}  reached from here`),
    ...joined.map(({ name, joinedMs, keys }) =>
      [
        `${name}  joined ${new Date(joinedMs).toISOString().slice(0, 10)}`,
        `key ${keys.map((key) => key.slice(0, 16)).join(' and ')}`,
      ].join('  '),
    ),
  ];
  return lines.length === 0 ? [`${cluster} has no nodes: edge-agent cluster node-token ${cluster}`] : lines;
}

/** Throws a sentence if there is none. */
export function removeNode(cluster: string, name: string, paths: Paths): readonly string[] {
  dockerFile(cluster, paths);
  if (!new NodeRegistry(nodesDirectory(paths.clusters, cluster)).remove(name))
    throw new Error(`No node ${name} joined ${cluster}. See: edge-agent cluster nodes ${cluster}`);
  return [
    `removed ${name}: its connection ends within seconds, its key is good for nothing`,
    'its containers run on there until somebody ends them; what is missing is made at other nodes',
  ];
}

function dockerFile(cluster: string, paths: Paths): DockerFile {
  const file = readClusterFiles(paths.clusters).clusters.find(({ name }) => name === cluster);
  if (file?.kind !== 'docker')
    throw new Error(
      `This host has no cluster of plain engines called ${cluster}. See: edge-agent cluster list`,
    );
  return file;
}
