/** `edge-agent node join|run --engine|status|rotate|leave`: the agent beside a plain engine. It needs no enrolment: its edge is all that it speaks to. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { formatAddress, networkOf, parseAddress } from '../protocol/address.ts';
import { parseJson } from '../protocol/json.ts';
import { joinEdge, renewIdentity } from './door/dial.ts';
import {
  forgetNodeIdentity,
  type NodeIdentity,
  readNodeIdentity,
  writeNodeIdentity,
} from './door/identity.ts';
import { EngineNode } from './door/node.ts';
import { describeNode, NodeStatus, type NodeStatusWords } from './door/status.ts';
import { NodeName, readToken } from './door/token.ts';
import { EngineClient } from './engine/client.ts';
import type { Paths } from './settings.ts';

const TITLE = 'isthmus-node';
/** Of engines: their own networks are not the host's. */
const ENGINE_DEVICES = /^(?:lo|docker|br-|veth)/;

export interface JoinOptions {
  readonly tokenFile: string;
  readonly name: string;
  /** Path of the engine's socket. */
  readonly socket: string;
  readonly lan?: readonly string[];
  readonly volumeDriver?: readonly string[];
}

function identityPath({ state }: Paths): string {
  return join(state, 'engine-node.json');
}

function statusPath({ run }: Paths): string {
  return join(run, 'engine-node.json');
}

/** Lines for the terminal. Throws a sentence if the host can't join; nothing is kept then. */
export async function joinNode(options: JoinOptions, paths: Paths): Promise<readonly string[]> {
  const { tokenFile, name, socket, lan = [], volumeDriver = [] } = options;
  if (readNodeIdentity(identityPath(paths)) !== undefined)
    throw new Error('This host is a node already: edge-agent node leave, and remove it at its edge, first.');
  if (!NodeName.safeParse(name).success)
    throw new Error(`${name} can't be the name of a node: use letters, digits, dots and hyphens.`);
  const noLan = lan.find((device) => networkInterfaces()[device] === undefined);
  if (noLan !== undefined)
    throw new Error(`--lan ${noLan}: this host has no interface of that name that has an address.`);
  const token = readToken(
    await readFile(tokenFile, 'utf8').catch(() => {
      throw new Error(`${tokenFile} can't be read.`);
    }),
  );
  if (token === undefined) throw new Error(`${tokenFile} holds no token of edge-agent cluster node-token.`);
  await seeEngine(socket);
  const made = await joinEdge(token, name);
  const { host, port, cluster } = token;
  const allowed = { lanParents: [...lan], volumeDrivers: [...volumeDriver] };
  writeNodeIdentity(identityPath(paths), { name, cluster, host, port, socket, ...made, ...allowed });
  return [`joined ${cluster} at ${host}:${port} as ${name}`, 'now run it: edge-agent node run --engine'];
}

/** A token is good once, so what is wrong here is seen before. */
async function seeEngine(path: string): Promise<void> {
  const client = new EngineClient({ kind: 'socket', path });
  try {
    await client.ask({ method: 'GET', path: '/info' });
  } finally {
    client.close();
  }
}

/** Resolves when it has been told to end. Containers run on. */
export async function runEngineNode(paths: Paths): Promise<void> {
  process.title = TITLE;
  required(paths);
  await mkdir(paths.run, { recursive: true, mode: 0o755 });
  const node = new EngineNode({
    path: identityPath(paths),
    hostPrefixes,
    now: () => performance.now(),
    wallNow: () => Date.now(),
    log: (line) => console.log(line),
    onStatus: (status) => {
      const text = statusPath(paths);
      writeFileSync(`${text}.new`, JSON.stringify(status), { mode: 0o600 });
      renameSync(`${text}.new`, text);
    },
  });
  const ended = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  node.start();
  console.log('the agent of this node runs');
  await ended;
  node.stop();
}

function hostPrefixes(): readonly string[] {
  return Object.entries(networkInterfaces()).flatMap(([device, addresses = []]) =>
    ENGINE_DEVICES.test(device)
      ? []
      : addresses.flatMap(({ family, cidr }) =>
          family === 'IPv4' && cidr !== null ? [wholePrefix(cidr)] : [],
        ),
  );
}

function wholePrefix(cidr: string): string {
  const [address = '', bits = ''] = cidr.split('/');
  return `${formatAddress(networkOf(parseAddress(address), Number(bits)))}/${bits}`;
}

export function showNode(paths: Paths): NodeStatusWords {
  const status = NodeStatus.safeParse(parseJson(textOf(statusPath(paths)))).data;
  return describeNode(required(paths), status, Date.now());
}

export async function rotateNode(paths: Paths): Promise<readonly string[]> {
  const identity = required(paths);
  writeNodeIdentity(identityPath(paths), await renewIdentity(identity));
  return ['has a new key and certificate; the running agent takes them within seconds, and the old ones end'];
}

export function leaveEdge(paths: Paths): readonly string[] {
  const { name, cluster } = required(paths);
  forgetNodeIdentity(identityPath(paths));
  return [
    `left ${cluster}; its containers run on`,
    `at the edge, if it is for good: edge-agent cluster remove-node ${cluster} ${name}`,
  ];
}

function required(paths: Paths): NodeIdentity {
  const identity = readNodeIdentity(identityPath(paths));
  if (identity === undefined)
    throw new Error('This host has not joined an edge: edge-agent node join --token-file FILE.');
  return identity;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
