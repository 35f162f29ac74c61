/**
 * A real HAProxy on loopback with our agent's side around it, and small HTTP services that say their name. Everything
 * is started by id and ended by id. It must not assert anything.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { type RequestOptions, request } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { run } from '../../edge-agent/apply/command.ts';
import { applyGatewaySteps, type GatewayHands } from '../../edge-agent/apply/gateway.ts';
import { stopGateway } from '../../edge-agent/apply/gateway-process.ts';
import { type GatewaySettings, gatewayDesired } from '../../edge-agent/gateway/desired.ts';
import { talkToRuntime } from '../../edge-agent/gateway/runtime-socket.ts';
import { observeGateway } from '../../edge-agent/observe/gateway.ts';
import { type GatewayStep, planGateway } from '../../edge-agent/plan/gateway.ts';
import type { ClusterEntry } from '../../edge-agent/plan/gateway-clusters.ts';
import { gatewayPaths } from '../../edge-agent/plan/gateway-files.ts';
import type { AppsLeaf, RoutesLeaf } from '../../protocol/reach-leaf.ts';

export interface Route {
  readonly host: string;
  readonly path?: string;
  readonly to: { readonly address: string; readonly port: number };
}

/** A host that leads to an app's containers. */
export interface AppHost {
  readonly host: string;
  readonly app: string;
  readonly containers: readonly Route['to'][];
}

export interface Upstream {
  readonly address: string;
  readonly port: number;
  readonly requests: { readonly url: string; readonly headers: IncomingHttpHeaders }[];
  stop(): Promise<void>;
}

/** RFC 6455, section 1.3. */
const WEBSOCKET_MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** A service that answers with its address, and echoes what follows an upgrade. */
export async function startUpstream(address: string, delayMs = 0): Promise<Upstream> {
  const requests: Upstream['requests'] = [];
  const server = createServer((incoming, answer) => {
    if (requests.length < 10_000) requests.push({ url: incoming.url ?? '', headers: incoming.headers });
    incoming.resume();
    setTimeout(() => answer.end(address), delayMs);
  });
  server.on('upgrade', (incoming, socket) => {
    socket.on('error', () => undefined);
    const accept = createHash('sha1').update(`${incoming.headers['sec-websocket-key']}${WEBSOCKET_MAGIC}`);
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        `Sec-WebSocket-Accept: ${accept.digest('base64')}\r\n\r\n`,
    );
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  return {
    address,
    port: portOf(server.address()),
    requests,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function portOf(address: unknown): number {
  return typeof address === 'object' && address !== null && 'port' in address ? Number(address.port) : 0;
}

export async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = portOf(server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const ROUNDS_MAX = 12;

export class Stand {
  readonly root = mkdtempSync(join(tmpdir(), 'isthmus-gateway-'));
  readonly settings: GatewaySettings;
  readonly hands: GatewayHands;
  readonly supplied: string;

  constructor(port: number, plain: { readonly redirect?: number; readonly ingress?: number } = {}) {
    this.supplied = join(this.root, 'etc');
    const directories = {
      state: join(this.root, 'state'),
      run: join(this.root, 'run'),
      supplied: this.supplied,
    };
    const paths = gatewayPaths(directories);
    this.settings = {
      agent: 'hub.north',
      directories,
      // Loopback stands for the pools; the agents' own part of it is 127.0.0.0/16.
      pools: ['127.0.0.0/8'],
      listen: { address: '127.0.0.1', port },
      account: 'haproxy',
      ...(plain.redirect === undefined ? {} : { redirect: { address: '127.0.0.1', port: plain.redirect } }),
      ...(plain.ingress === undefined ? {} : { ingress: { address: '127.0.0.1', port: plain.ingress } }),
    };
    this.hands = {
      run,
      pause: (milliseconds) => pause(milliseconds),
      talk: (line) => talkToRuntime(paths.runtimeSocket, line),
      paths,
    };
  }

  get port(): number {
    return this.settings.listen.port;
  }

  observe() {
    return observeGateway({ talk: this.hands.talk, paths: this.hands.paths, nowMs: Date.now() });
  }

  /** One round of the agent: nothing is remembered from one to the next, as after a restart. */
  async round(
    routes: readonly Route[],
    clusters: readonly ClusterEntry[] = [],
    apps: readonly AppHost[] = [],
  ): Promise<GatewayStep[]> {
    const leaves = { ...leavesOf(routes, apps), clusters: [], edges: new Set<string>() };
    const wanted = { ...gatewayDesired(leaves, this.settings), clusters };
    const steps = planGateway(wanted, await this.observe());
    const { failed } = await applyGatewaySteps(steps, this.hands);
    if (failed !== undefined) throw new Error(`step ${failed.step.kind} failed`, { cause: failed.error });
    return steps;
  }

  /** Rounds until nothing is left to do now. */
  async converge(
    routes: readonly Route[],
    clusters: readonly ClusterEntry[] = [],
    apps: readonly AppHost[] = [],
  ): Promise<GatewayStep[]> {
    const all: GatewayStep[] = [];
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      const steps = await this.round(routes, clusters, apps);
      if (steps.length === 0) return all;
      all.push(...steps);
    }
    throw new Error(`no end after ${ROUNDS_MAX} rounds`);
  }

  async end(): Promise<void> {
    await stopGateway(this.hands);
    rmSync(this.root, { recursive: true, force: true });
  }
}

function leavesOf(
  routes: readonly Route[],
  apps: readonly AppHost[],
): { routes: RoutesLeaf[]; apps: AppsLeaf[] } {
  const named = {
    routes: routes.map(({ host, path, to }, index) => ({
      name: `r${index}`,
      host,
      path: path ?? '/',
      address: to.address,
      port: to.port,
    })),
    apps: apps.map(({ host, app }) => ({ name: app, host, path: '/', app, port: 'http' })),
  };
  const reached = apps.map(({ app, containers }) => ({
    name: app,
    endpoints: containers.map(({ address, port }) => ({
      real: address,
      virtual: address,
      ports: [{ name: 'http', port }],
    })),
  }));
  return {
    routes: [{ kind: 'routes', tenant: 'acme', ...named }],
    apps: [{ kind: 'apps', tenant: 'acme', site: 'berlin', apps: reached }],
  };
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
}

export interface Ask extends Omit<RequestOptions, 'headers'> {
  readonly headers?: Readonly<Record<string, string>>;
  readonly host: string;
  readonly port: number;
  readonly ca: string;
}

/** One HTTPS request to the gateway by host name, verified against the authority. */
export function ask({ host, port, ca, ...options }: Ask): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      agent: false,
      timeout: 5_000,
      ...options,
      hostname: '127.0.0.1',
      port,
      ca,
      servername: host,
      headers: { host, ...options.headers },
    });
    outgoing.on('response', (incoming) => void read(incoming).then(resolve, reject));
    outgoing.on('timeout', () => outgoing.destroy(new Error('timeout')));
    outgoing.on('error', reject);
    outgoing.end();
  });
}

async function read(incoming: IncomingMessage): Promise<Answer> {
  let body = '';
  for await (const chunk of incoming) body += String(chunk);
  return { status: incoming.statusCode ?? 0, body, headers: incoming.headers };
}

export const SHOP = 'shop.example.com';

export const to = ({ address, port }: Upstream): Route['to'] => ({ address, port });

export interface Site {
  readonly stand: Stand;
  readonly red: Upstream;
  readonly blue: Upstream;
  readonly routes: readonly Route[];
  readonly redirectPort: number;
  readonly ingressPort: number;
  /** PEM of the hub's authority. */
  readonly ca: string;
  get(host: string, path?: string, headers?: Record<string, string>): Promise<Answer>;
  end(): Promise<void>;
}

/** A gateway that serves a shop: all of it by red, its cart by blue; and a service that is away. */
export async function openSite(): Promise<Site> {
  const [red, blue] = await Promise.all([startUpstream('127.1.0.1'), startUpstream('127.1.0.2')]);
  const [redirectPort, ingressPort] = await Promise.all([freePort(), freePort()]);
  const stand = new Stand(await freePort(), { redirect: redirectPort, ingress: ingressPort });
  const end = async () => {
    await stand.end();
    await Promise.all([red.stop(), blue.stop()]);
  };
  const routes: Route[] = [
    { host: SHOP, to: to(red) },
    { host: SHOP, path: '/cart', to: to(blue) },
    { host: 'away.example.com', to: { address: '127.9.9.9', port: 9 } },
  ];
  try {
    await stand.converge(routes);
    const ca = (await stand.observe()).authority ?? '';
    const get: Site['get'] = (host, path = '/', headers = {}) =>
      ask({ host, path, headers, port: stand.port, ca });
    return { stand, red, blue, routes, redirectPort, ingressPort, ca, get, end };
  } catch (cause) {
    await end();
    throw cause;
  }
}
