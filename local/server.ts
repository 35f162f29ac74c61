/**
 * HTTPS servers over one handler: HTTP/1.1, with limits on headers, time and connections, and an end that
 * gives running requests a moment. It knows nothing of what it serves.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import { getRequestListener } from '@hono/node-server';
import type { Tls } from './certificate.ts';
import { StartRefused } from './state.ts';

const HEADER_BYTES_MAX = 16_384;
const TIMES: Times = { headersMs: 10_000, requestMs: 30_000, lookMs: 2_000 };
/** Longer than the idle time of common clients, so that it is they who close. */
const KEEP_ALIVE_MS = 65_000;
const CONNECTIONS_MAX = 4_000;
const END_GRACE_MS = 2_000;

export interface Listening {
  readonly addresses: readonly string[];
  renew(tls: Tls): void;
  close(): Promise<void>;
}

/** How long a client may take. */
export interface Times {
  readonly headersMs: number;
  /** For all of a request. */
  readonly requestMs: number;
  /** How often who is late is looked for. */
  readonly lookMs: number;
}

export interface Listen {
  readonly host: string;
  readonly port: number;
}

/** `source`: the address at the other end of the connection. */
type Fetch = (request: Request, bindings: { source?: string | undefined }) => Response | Promise<Response>;

export interface Served {
  readonly tls: Tls;
  readonly fetch: Fetch;
  readonly times?: Times | undefined;
}

/** Listens on each address, or on none. */
export async function listenAll(
  wanted: readonly Listen[],
  { tls, fetch, times = TIMES }: Served,
): Promise<Listening> {
  const listener = getRequestListener((request, { incoming }) =>
    fetch(request, { source: incoming.socket.remoteAddress }),
  );
  const servers: Server[] = [];
  try {
    for (const at of wanted) {
      const server = createServer(
        {
          cert: tls.certificate,
          key: tls.key,
          minVersion: 'TLSv1.2',
          maxHeaderSize: HEADER_BYTES_MAX,
          connectionsCheckingInterval: times.lookMs,
        },
        (request, response) => void listener(request, response),
      );
      await listenOne(server, at, times);
      servers.push(server);
    }
  } catch (error) {
    await Promise.all(servers.map(end));
    throw error;
  }
  return {
    addresses: servers.map(addressOf),
    renew: ({ certificate, key }) => {
      for (const server of servers) server.setSecureContext({ cert: certificate, key });
    },
    close: async () => {
      await Promise.all(servers.map(end));
    },
  };
}

async function listenOne(server: Server, at: Listen, { headersMs, requestMs }: Times): Promise<void> {
  server.headersTimeout = headersMs;
  server.requestTimeout = requestMs;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.maxConnections = CONNECTIONS_MAX;
  server.listen(at.port, at.host);
  await once(server, 'listening').catch((cause: unknown) => {
    throw new StartRefused(sentenceOf(cause, `${at.host}:${at.port}`), { cause });
  });
}

function sentenceOf(cause: unknown, address: string): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : String(cause);
  if (code === 'EADDRINUSE')
    return `${address} is in use: another program, or another control plane, listens there. Stop it, or choose another address with --listen HOST:PORT.`;
  if (code === 'EACCES')
    return `${address} may not be used without root: choose a port above 1023 with --listen HOST:PORT.`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return `${address} is no address of this machine: choose another with --listen HOST:PORT.`;
  return `${address} can't be listened on (${String(code)}).`;
}

function addressOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') return '';
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `https://${host.replace(/^127\.0\.0\.1$/, 'localhost')}:${address.port}`;
}

async function end(server: Server): Promise<void> {
  const closed = new Promise((resolve) => {
    server.close(resolve);
  });
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), END_GRACE_MS);
  await closed;
  clearTimeout(timer);
}
