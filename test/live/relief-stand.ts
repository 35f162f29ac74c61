/**
 * A cache in front of a real API server, behind the least HTTP server that can ask it: whoever asks is named by a header. What the cache does
 * not answer goes upstream, as the cluster proxy would send it. For tests and benches alike.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { type Cache, openCache } from '../../edge-agent/cache/cache.ts';
import type { AnsweredBy, ClusterRequest } from '../../edge-agent/cache/port.ts';
import { KubeClient } from '../../edge-agent/kube/client.ts';
import { readKubeconfig } from '../../edge-agent/kube/kubeconfig.ts';

export const ADMIN = 'isthmus:demo:admin';
const GROUPS = 'isthmus:admins';

export interface ReliefStand {
  readonly url: string;
  readonly cache: Cache;
  readonly client: KubeClient;
  /** How the last requests were answered, by path and query. */
  readonly answeredBy: Map<string, AnsweredBy>;
  readonly logs: string[];
  close(): Promise<void>;
}

export interface ReliefStandSettings {
  readonly kubeconfig: string;
  readonly budgetBytes?: number;
}

export async function startReliefStand(settings: ReliefStandSettings): Promise<ReliefStand> {
  const logs: string[] = [];
  const wallNow = () => Date.now();
  const client = new KubeClient({ credentials: await readKubeconfig(settings.kubeconfig), wallNow });
  const cache = openCache({
    client,
    monotonicNow: () => performance.now(),
    wallNow,
    budgetBytes: settings.budgetBytes ?? 256 * 1024 * 1024,
    log: (line) => void logs.push(line),
  });
  const answeredBy: ReliefStand['answeredBy'] = new Map();
  const server = createServer((incoming, response) => {
    const request = requestOf(incoming);
    const begunMs = performance.now();
    void (async () => {
      const answered =
        (await cache.answer(request, incoming, response)) ?? (await sendUpstream(client, request, response));
      answeredBy.set(`${request.path}?${request.query}`, answered.by);
      cache.record(request, { ...answered, milliseconds: performance.now() - begunMs });
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    cache,
    client,
    answeredBy,
    logs,
    close: async () => {
      cache.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      client.close();
    },
  };
}

/** What a request is made as, directly. */
export function impersonating(user: string): Record<string, string> {
  return { 'impersonate-user': user, ...(user === ADMIN ? { 'impersonate-group': GROUPS } : {}) };
}

function requestOf(incoming: IncomingMessage): ClusterRequest {
  const [path = '', query = ''] = (incoming.url ?? '').split('?');
  const headers = Object.fromEntries(
    ['accept', 'accept-encoding', 'user-agent'].flatMap((name) => {
      const value = incoming.headers[name];
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );
  const user = String(incoming.headers['x-user'] ?? ADMIN);
  return {
    method: incoming.method ?? 'GET',
    path,
    query,
    headers,
    requester: { subject: user, user, groups: user.startsWith(ADMIN) ? [GROUPS] : [] },
    program: String(headers['user-agent'] ?? 'unknown').split('/')[0] ?? 'unknown',
  };
}

async function sendUpstream(client: KubeClient, request: ClusterRequest, response: ServerResponse) {
  const stop = new AbortController();
  response.once('close', () => stop.abort());
  try {
    const answer = await client.stream({
      method: 'GET',
      path: request.query === '' ? request.path : `${request.path}?${request.query}`,
      headers: { ...request.headers, ...impersonating(request.requester.user) },
      signal: stop.signal,
    });
    const status = answer.statusCode ?? 502;
    response.writeHead(status, { 'content-type': answer.headers['content-type'] ?? 'text/plain' });
    await pipeline(answer, response);
    return { by: 'upstream' as const, status, bytes: 0 };
  } catch {
    if (!response.headersSent) response.writeHead(502);
    response.end();
    return { by: 'upstream' as const, status: 502, bytes: 0 };
  }
}
