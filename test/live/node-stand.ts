/** An edge in the test's own process with a door for nodes, and agents beside engines in test hosts that join by it. */

import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, connect as dial, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../../edge-agent/apply/command.ts';
import { DockerFile } from '../../edge-agent/cluster-files.ts';
import type { Certifier } from '../../edge-agent/door/door.ts';
import { digestOfPem } from '../../edge-agent/door/keys.ts';
import { NodeRegistry } from '../../edge-agent/door/registry.ts';
import { DOOR_NAME, tokenText } from '../../edge-agent/door/token.ts';
import { Authority } from '../../edge-agent/proxy/authority.ts';
import { JoinedNodes } from '../../edge-agent/worker/joined-nodes.ts';
import type { Running } from '../../local/command.ts';
import type { DriverStand } from '../edge-agent/clusters/driver-contract.ts';
import type { DockerEngine } from '../fixtures/docker/engines.ts';
import { type DockerEngines, raiseEngines } from '../fixtures/docker/engines.ts';
import { driverStand } from './docker-stand.ts';
import { eventually } from './eventually.ts';

const AGENT = fileURLToPath(new URL('../../edge-agent/main.ts', import.meta.url));
const RELAY = fileURLToPath(new URL('lan-relay.ts', import.meta.url));
const LAN_PORT = 7_864;
const HOUR_MS = 3_600_000;

/** The edge's side; what it must know after a restart is in its directory. */
export class TestEdge {
  readonly registry: NodeRegistry;
  readonly #directory: string;
  readonly #authority: Authority;
  readonly #port: number;
  nodes: JoinedNodes;
  /** What came of it. */
  readonly log: string[] = [];

  constructor(directory: string, port: number) {
    this.#directory = directory;
    this.#port = port;
    this.registry = new NodeRegistry(`${directory}/nodes`);
    this.#authority = new Authority({
      directory: `${directory}/proxy`,
      agent: 'edge-test',
      run,
      wallNow: Date.now,
    });
    this.nodes = this.#opened();
  }

  get certifier(): Certifier {
    return {
      certificate: () => this.#authority.certificate(),
      door: () => this.#authority.serve([DOOR_NAME], 'door'),
      client: (name, publicKey) => this.#authority.client(name, publicKey),
    };
  }

  #opened(): JoinedNodes {
    const door = { address: '127.0.0.1', port: this.#port };
    return new JoinedNodes({
      file: DockerFile.parse({ name: 'plain', kind: 'docker', engines: [], door }),
      nodes: `${this.#directory}/nodes`,
      certifier: this.certifier,
      fixed: [],
      now: () => performance.now(),
      wallNow: Date.now,
      log: (line) => this.log.push(line),
    });
  }

  /** Another process of the edge: it knows what is on its disk. */
  restart(): JoinedNodes {
    this.nodes.stop();
    this.nodes = this.#opened();
    this.nodes.start();
    return this.nodes;
  }

  /** As `cluster node-token` makes it, for where the LAN reaches the door. */
  async token(
    host: string,
    change: { endsMs?: number; name?: string; authority?: string } = {},
  ): Promise<string> {
    const { endsMs = Date.now() + HOUR_MS, name } = change;
    const secret = this.registry.makeToken({ endsMs, nowMs: Date.now(), name });
    const authority = change.authority ?? digestOfPem(await this.#authority.certificate());
    return tokenText({ host, port: LAN_PORT, cluster: 'plain', authority, secret });
  }

  async untilConnected(...names: readonly string[]): Promise<void> {
    await eventually(async () => {
      const silent = await Promise.all(
        this.nodes.nodes.map(({ name, client }) =>
          client.ask({ method: 'GET', path: '/info' }).then(
            () => [],
            (cause: unknown) => [`${name}: ${String(cause)}`],
          ),
        ),
      );
      const missing = names.filter((name) => !this.nodes.nodes.some((node) => node.name === name));
      if (missing.length + silent.flat().length > 0)
        throw new Error([...missing, ...silent.flat()].join('; '));
    }, 60_000);
  }
}

/** The way from the LAN to the door, through a host that is on it. */
export class LanRelay {
  readonly #path: string;
  readonly #port: number;
  #server: Server | undefined;
  #running: Running | undefined;

  constructor(directory: string, port: number) {
    this.#path = `${directory}/door.sock`;
    this.#port = port;
  }

  async open({ host, address }: DockerEngine): Promise<void> {
    await rm(this.#path, { force: true });
    const server = createServer((incoming) => {
      const outgoing = dial(this.#port, '127.0.0.1');
      incoming.pipe(outgoing).pipe(incoming);
      incoming.on('error', () => outgoing.destroy());
      outgoing.on('error', () => incoming.destroy());
      incoming.on('close', () => outgoing.destroy());
      outgoing.on('close', () => incoming.destroy());
    });
    await new Promise<void>((resolve) => server.listen(this.#path, resolve));
    this.#server = server;
    this.#running = host.spawn([process.execPath, RELAY, address, String(LAN_PORT), this.#path]);
    await eventually(() => host.check(['nc', '-z', address, String(LAN_PORT)]));
  }

  async close(): Promise<void> {
    await this.#running?.stop();
    this.#server?.close();
  }
}

/** The agent of an engine's host, as its command line. */
export class TestNode {
  readonly engine: DockerEngine;
  readonly #root: string;
  #running: Running | undefined;

  constructor(engine: DockerEngine, directory: string) {
    this.engine = engine;
    this.#root = `${directory}/root-${engine.name}`;
  }

  /** What the command printed; throws what it said when it failed. */
  command(...words: readonly string[]): Promise<string> {
    const { host } = this.engine;
    return host.check([process.execPath, AGENT, '--root', this.#root, 'node', ...words]);
  }

  async join(token: string, name = this.engine.name): Promise<string> {
    const file = `${this.#root}-token`;
    await this.engine.host.write(file, token);
    const words = ['--name', name, '--socket', this.engine.socket, '--lan', 'eth0'];
    return this.command('join', '--token-file', file, ...words);
  }

  start(): void {
    const { host } = this.engine;
    this.#running = host.spawn([process.execPath, AGENT, '--root', this.#root, 'node', 'run', '--engine']);
  }

  output(): string {
    return this.#running?.output() ?? '';
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
  }
}

export const LAN = { parent: 'eth0', subnet: '10.77.0.0/24' };
export const RANGE = '10.77.0.128/30';

export interface NodeStand {
  readonly directory: string;
  readonly ground: DockerEngines;
  readonly edge: TestEdge;
  readonly relay: LanRelay;
  readonly agents: readonly TestNode[];
  /** Two engines are too few for a test without a second one. */
  readonly second: DockerEngine;
  readonly stand: DriverStand;
  agent(index: number): TestNode;
  close(): Promise<void>;
}

/** Two engines, their agents not yet joined, and an edge that the LAN reaches through the first one's host. */
export async function raiseNodeStand(name: string): Promise<NodeStand> {
  const directory = await mkdtemp(join(tmpdir(), `isthmus-${name}-`));
  const ground = await raiseEngines({ name, labels: [{ zone: 'a' }, { zone: 'b' }] });
  const port = await freePort();
  const edge = new TestEdge(directory, port);
  edge.nodes.start();
  const relay = new LanRelay(directory, port);
  const agents = ground.engines.map((engine) => new TestNode(engine, directory));
  const [, second = ground.first] = ground.engines;
  // The list is the edge's own, and fills as they join.
  const { nodes } = edge.nodes;
  const stand = driverStand(ground, { nodes, wallNow: Date.now, rangesOf: () => [RANGE], lan: LAN });
  const close = async () => {
    await relay.close();
    edge.nodes.stop();
    await ground.close();
    await rm(directory, { recursive: true, force: true });
  };
  const agent = (index: number) => {
    const found = agents[index];
    if (found === undefined) throw new Error(`there is no agent ${index}`);
    return found;
  };
  try {
    await relay.open(ground.first);
  } catch (cause) {
    await close();
    throw cause;
  }
  return { directory, ground, edge, relay, agents, second, stand, agent, close };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
