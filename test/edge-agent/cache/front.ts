/** A cache over a fake API server, behind HTTP on loopback, and a client that reads and watches by it. */
import { createServer, get, type IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { type Cache, openCache } from '../../../edge-agent/cache/cache.ts';
import type { ClusterRequest } from '../../../edge-agent/cache/port.ts';
import type { KubeServer } from '../../fakes/kube-server.ts';

export interface Read {
  /** 0: left to the API server. */
  readonly status: number;
  readonly by: string;
  readonly body: string;
}

export interface Front {
  readonly cache: Cache;
  read(path: string, headers?: Readonly<Record<string, string>>): Promise<Read>;
  readBytes(path: string, headers: Readonly<Record<string, string>>): Promise<Buffer>;
  /** The answer as it comes; its `by` header tells nothing, watches are counted by the cache. */
  open(path: string): Promise<IncomingMessage>;
  close(): Promise<void>;
}

export async function openFront(server: KubeServer, budgetBytes = 10_000_000): Promise<Front> {
  const cache = openCache({
    client: server.reader,
    monotonicNow: () => performance.now(),
    wallNow: () => Date.now(),
    budgetBytes,
    log: () => undefined,
  });
  const ways = new Map<string, string>();
  const http = createServer((incoming, response) => {
    const request = requestOf(incoming);
    void cache.answer(request, incoming, response).then((answered) => {
      ways.set(String(incoming.headers['x-id']), answered?.by ?? 'upstream');
      if (answered === undefined) response.writeHead(599).end();
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const address = http.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const state = { id: 0 };
  const open = (path: string, headers: Readonly<Record<string, string>> = {}) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      get({ host: '127.0.0.1', port, path, headers }, resolve).on('error', reject);
    });
  return {
    cache,
    open,
    read: async (path, headers = {}) => {
      const id = String(state.id++);
      const answer = await open(path, { ...headers, 'x-id': id });
      let body = '';
      for await (const chunk of answer) body += String(chunk);
      // The cache is told of the end a moment after the client.
      for (let round = 0; round < 100 && !ways.has(id); round++) await pause(1);
      const status = answer.statusCode === 599 ? 0 : (answer.statusCode ?? 0);
      return { status, body, by: status === 0 ? 'upstream' : (ways.get(id) ?? 'open') };
    },
    readBytes: async (path, headers) => {
      const chunks: Buffer[] = [];
      for await (const chunk of await open(path, headers)) chunks.push(Buffer.from(chunk));
      return Buffer.concat(chunks);
    },
    close: async () => {
      cache.close();
      server.disconnect();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

function requestOf(incoming: IncomingMessage): ClusterRequest {
  const [path = '', query = ''] = (incoming.url ?? '').split('?');
  const user = String(incoming.headers['x-user'] ?? 'somebody');
  const headers = {
    accept: String(incoming.headers.accept ?? ''),
    'accept-encoding': String(incoming.headers['accept-encoding'] ?? ''),
  };
  return {
    method: 'GET',
    path,
    query,
    headers,
    requester: { subject: user, user, groups: [] },
    program: 'test',
  };
}
