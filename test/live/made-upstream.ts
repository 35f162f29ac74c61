/**
 * An API server as far as a proxy can tell: a TLS server that knows a caller by its client certificate or not at all, as real ones do, and keeps what
 * it was sent. What it answers, a test says.
 */
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { run } from '../../edge-agent/apply/command.ts';
import { KubeClient } from '../../edge-agent/kube/client.ts';
import { Authority } from '../../edge-agent/proxy/authority.ts';

const NAME = 'api.made.example';

export interface SeenRequest {
  readonly line: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface MadeUpstream {
  /** Leads to it. */
  readonly client: KubeClient;
  /** Whole requests, in order. */
  readonly seen: SeenRequest[];
  onRequest: (incoming: IncomingMessage, response: ServerResponse) => void;
  /** Of a request that asks for another protocol; the head of the answer is the handler's too. */
  onUpgrade: (incoming: IncomingMessage, socket: Duplex) => void;
  /** Answers as at first, and has seen nothing. */
  reset(): void;
  close(): Promise<void>;
}

const FIRST: Pick<MadeUpstream, 'onRequest' | 'onUpgrade'> = {
  onRequest: (_, response) => void response.end('{}'),
  onUpgrade: (_, socket) => void socket.destroy(),
};

export async function startMadeUpstream(directory: string): Promise<MadeUpstream> {
  const wallNow = () => Date.now();
  const keeper = new Authority({ directory, agent: NAME, run, wallNow });
  const { certificate, key } = await keeper.serve([NAME]);
  const open = new Set<Duplex>();
  const seen: SeenRequest[] = [];
  const upstream = { seen, ...FIRST };
  const answer = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await textOf(incoming);
    if (body === undefined) return;
    seen.push({ line: `${incoming.method} ${incoming.url}`, headers: incoming.headers, body });
    upstream.onRequest(incoming, response);
  };
  const server = createServer(
    { cert: certificate, key, allowHalfOpen: true },
    (incoming, response) => void answer(incoming, response),
  );
  server.on('secureConnection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  server.on('upgrade', (incoming, socket) => {
    socket.on('error', () => undefined);
    upstream.onUpgrade(incoming, socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const client = new KubeClient({
    wallNow,
    credentials: {
      server: `https://127.0.0.1:${port}`,
      authority: await keeper.certificate(),
      serverName: NAME,
      identity: { kind: 'token', token: 'of-the-edge' },
    },
  });
  return Object.assign(upstream, {
    client,
    reset: () => {
      seen.length = 0;
      Object.assign(upstream, FIRST);
    },
    close: () => {
      for (const socket of open) socket.destroy();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
}

/** Undefined: it broke off. */
async function textOf(incoming: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks).toString('latin1');
}
