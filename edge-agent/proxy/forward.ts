/**
 * Sends one vetted request to the API server and its answer back, byte for byte, at the pace of whoever is slower. The upstream request is
 * made anew from parts that were checked: nothing of the client's framing reaches it.
 */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { type Agent, request as httpsRequest } from 'node:https';
import { pipeline } from 'node:stream/promises';
import type { ClusterRequest } from '../cache/port.ts';
import type { KubeClient } from '../kube/client.ts';
import { answerRefusal, type Refusal } from './answers.ts';
import { impersonation, passedResponseHeaders } from './headers.ts';

/** What the API server itself takes at most of an object. */
const BODY_BYTES_MAX = 3 * 1024 * 1024;
/** Until the head of an answer; a watch has its head at once. */
const HEAD_TIMEOUT_MS = 70_000;

export interface Upstream {
  readonly client: KubeClient;
  readonly agent: Agent;
}

export interface Forwarded {
  readonly status: number;
  readonly bytes: number;
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
  const length = incoming.headers['content-length'];
  if (Number(length ?? 0) > BODY_BYTES_MAX) return refused(response, TOO_LARGE);
  const headers = await upstreamHeaders(
    request,
    upstream,
    length === undefined ? {} : { 'content-length': length },
  ).catch(() => undefined);
  if (headers === undefined) return refused(response, NO_CREDENTIALS);
  const asking = httpsRequest(upstreamOptions(request, upstream, headers));
  const state = { isTooLarge: false };
  response.once('close', () => asking.destroy());
  const answered = answerTo(asking);
  void send(incoming, asking, state);
  const answer = await answered;
  if (answer === undefined) return refused(response, state.isTooLarge ? TOO_LARGE : UNREACHABLE);
  return relay(answer, response);
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

/** Undefined: there was none. */
function answerTo(asking: ReturnType<typeof httpsRequest>): Promise<IncomingMessage | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => asking.destroy(), HEAD_TIMEOUT_MS);
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
const UNREACHABLE: Refusal = {
  status: 502,
  message: 'The API server does not answer the edge, or broke off. See the conditions of the cluster.',
};
