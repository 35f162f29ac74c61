/**
 * Sends one vetted request to the API server and its answer back, byte for byte, at the pace of whoever is slower. The upstream request is
 * made anew from parts that were checked: nothing of the client's framing reaches it.
 */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { pipeline } from 'node:stream/promises';
import type { ClusterRequest } from '../cache/port.ts';
import type { KubeClient } from '../kube/client.ts';
import { answerRefusal, type Refusal } from './answers.ts';
import { impersonation, passedResponseHeaders } from './headers.ts';
import { isFollowing } from './target.ts';

/** What the API server itself takes at most of an object. */
const BODY_BYTES_MAX = 3 * 1024 * 1024;
/** Until the head of an answer, which the API server itself gives up after a minute. */
const HEAD_TIMEOUT_MS = 70_000;
/** Of a silent connection upstream, before its kernel is asked whether it still lives. */
const PROBE_SILENCE_MS = 30_000;
const FREE_CONNECTIONS_MAX = 32;

export interface Upstream {
  readonly client: KubeClient;
  readonly agent: Agent;
}

export interface Forwarded {
  readonly status: number;
  readonly bytes: number;
}

/** Streams are long and many, so no number bounds the connections that are in use. */
export function agentFor(client: KubeClient): Agent {
  return new Agent({
    keepAlive: true,
    maxFreeSockets: FREE_CONNECTIONS_MAX,
    keepAliveMsecs: PROBE_SILENCE_MS,
    ...client.tls(),
  });
}

/** Headers of an upstream request: the allowed ones, then ours, which win. */
export async function upstreamHeaders(
  request: ClusterRequest,
  upstream: Upstream,
  more: OutgoingHttpHeaders = {},
): Promise<OutgoingHttpHeaders> {
  const { host, port } = upstream.client.target;
  return {
    ...request.headers,
    ...more,
    host: `${host}:${port}`,
    ...impersonation(request.requester),
    ...(await upstream.client.authorization()),
  };
}

export function upstreamOptions(
  request: ClusterRequest,
  { client, agent }: Upstream,
  headers: OutgoingHttpHeaders,
) {
  const { host, port, base } = client.target;
  return {
    host,
    port,
    agent,
    headers,
    method: request.method,
    path: `${base}${request.path}${request.query === '' ? '' : `?${request.query}`}`,
  };
}

/** Resolves when the answer is through, or has broken off; never rejects. */
export async function forward(
  request: ClusterRequest,
  upstream: Upstream,
  { incoming, response }: { readonly incoming: IncomingMessage; readonly response: ServerResponse },
): Promise<Forwarded> {
  const framing = framingOf(incoming);
  if (Number(framing?.['content-length'] ?? 0) > BODY_BYTES_MAX) return refused(response, TOO_LARGE);
  const headers = await upstreamHeaders(request, upstream, framing).catch(() => undefined);
  if (headers === undefined) return refused(response, NO_CREDENTIALS);
  const asking = httpsRequest(upstreamOptions(request, upstream, headers));
  asking.once('socket', (socket) => socket.setKeepAlive(true, PROBE_SILENCE_MS));
  const state = { isTooLarge: false };
  response.once('close', () => asking.destroy());
  const answered = answerTo(asking, isFollowing(request.query) ? undefined : HEAD_TIMEOUT_MS);
  if (framing === undefined) asking.end();
  else void send(incoming, asking, state);
  const answer = await answered;
  if (answer === undefined) return refused(response, state.isTooLarge ? TOO_LARGE : UNREACHABLE);
  if (isOwnRefusal(request, answer)) {
    upstream.client.forgetToken();
    answer.resume();
    return refused(response, CREDENTIALS_REFUSED);
  }
  return relay(answer, response);
}

/** A 401 speaks of the credentials that a request has, and these are the edge's; but what is behind a `proxy` speaks for itself. */
export function isOwnRefusal({ path }: ClusterRequest, { statusCode }: IncomingMessage): boolean {
  return statusCode === 401 && !PROXIED.test(path);
}

const PROXIED = /^\/api\/v1\/(namespaces\/[^/]+\/(pods|services)|nodes)\/[^/]+\/proxy(\/|$)/;

/**
 * How the end of the body is told, as the client told it; undefined: there is no body. It is always said, because Node frames no body of GET, HEAD,
 * DELETE and OPTIONS by itself: what the client sent as a body would be the next request of the edge.
 */
function framingOf({ headers }: IncomingMessage): Record<string, string> | undefined {
  if (headers['transfer-encoding'] !== undefined) return { 'transfer-encoding': 'chunked' };
  const length = headers['content-length'];
  return length === undefined ? undefined : { 'content-length': length };
}

/** The body, bounded. A request that breaks off takes its upstream connection with it. */
async function send(
  incoming: IncomingMessage,
  asking: ReturnType<typeof httpsRequest>,
  state: { isTooLarge: boolean },
): Promise<void> {
  let bytes = 0;
  incoming.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= BODY_BYTES_MAX) return;
    state.isTooLarge = true;
    asking.destroy();
  });
  await pipeline(incoming, asking).catch(() => asking.destroy());
}

/** Undefined: there was none, or none in time. */
function answerTo(
  asking: ReturnType<typeof httpsRequest>,
  withinMs: number | undefined,
): Promise<IncomingMessage | undefined> {
  return new Promise((resolve) => {
    const timer = withinMs === undefined ? undefined : setTimeout(() => asking.destroy(), withinMs);
    const settle = (answer: IncomingMessage | undefined) => {
      clearTimeout(timer);
      resolve(answer);
    };
    asking.once('response', settle);
    asking.on('error', () => settle(undefined));
    asking.once('close', () => settle(undefined));
  });
}

async function relay(answer: IncomingMessage, response: ServerResponse): Promise<Forwarded> {
  const status = answer.statusCode ?? 502;
  let bytes = 0;
  answer.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  response.writeHead(status, passedResponseHeaders(answer.headers));
  // A watch says nothing for long: its client must see the head at once.
  response.flushHeaders();
  await pipeline(answer, response).catch(() => response.destroy());
  return { status, bytes };
}

function refused(response: ServerResponse, refusal: Refusal): Forwarded {
  return { status: refusal.status, bytes: answerRefusal(response, refusal) };
}

const TOO_LARGE: Refusal = { status: 413, message: `The body is larger than ${BODY_BYTES_MAX} bytes.` };
const NO_CREDENTIALS: Refusal = {
  status: 503,
  message: "The edge's own credentials for the cluster can't be read. Run edge-agent doctor at the site.",
};
/** No 401: kubectl would ask its user for other credentials, and these are in order. */
export const CREDENTIALS_REFUSED: Refusal = {
  status: 502,
  message:
    "The cluster refuses the edge's credentials. At the site, on the edge: edge-agent cluster add kubernetes NAME --kubeconfig FILE, with a new kubeconfig.",
};
const UNREACHABLE: Refusal = {
  status: 502,
  message: 'The API server does not answer the edge, or broke off. See the conditions of the cluster.',
};
