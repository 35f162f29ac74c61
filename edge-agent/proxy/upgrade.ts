/**
 * exec, attach and port-forward: two vetted heads, then bytes in both directions at the pace of whoever is slower. Only WebSocket and SPDY are
 * spoken; what passes is looked at by a recording alone, and never changed.
 */
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import type { ClusterRequest } from '../cache/port.ts';
import { cutAfter, endSoon, headText, type Refusal, writeRefusal } from './answers.ts';
import {
  CREDENTIALS_REFUSED,
  isOwnRefusal,
  type Upstream,
  upstreamHeaders,
  upstreamOptions,
} from './forward.ts';
import { passedResponseHeaders } from './headers.ts';
import type { Recording } from './recording.ts';

const HEAD_TIMEOUT_MS = 70_000;
/** Of a silent connection upstream, before its kernel is asked whether it still lives. */
const PROBE_SILENCE_MS = 30_000;
/** For a client to take what is left once the cluster has closed. */
const DRAIN_MS = 60_000;
/** For the cluster to end a session whose client has gone, or has said all: which of both, TCP does not tell. */
const ANSWER_MS = 5_000;
/** For a client to close in turn. */
const LINGER_MS = 2_000;

export interface Upgrading {
  readonly incoming: IncomingMessage;
  readonly socket: Duplex;
  /** What came after the head already. */
  readonly head: Buffer;
  /** Sees what passes; undefined if nobody is to. */
  readonly recording?: Recording | undefined;
}

/** `websocket` or `SPDY/3.1` as it is to be written; undefined for any other protocol. */
export function protocolOf(incoming: IncomingMessage): 'websocket' | 'SPDY/3.1' | undefined {
  const wanted = incoming.headers.upgrade?.toLowerCase();
  if (wanted === 'websocket') return 'websocket';
  return wanted === 'spdy/3.1' ? 'SPDY/3.1' : undefined;
}

/** Resolves when both directions have ended, with the status that was answered. Never rejects. */
export async function forwardUpgrade(
  request: ClusterRequest,
  upstream: Upstream,
  upgrading: Upgrading,
): Promise<number> {
  const { incoming, socket } = upgrading;
  const protocol = protocolOf(incoming) ?? 'websocket';
  const headers = await upstreamHeaders(request, upstream, {
    connection: 'Upgrade',
    upgrade: protocol,
  }).catch(() => undefined);
  if (headers === undefined || socket.destroyed) return refuse(socket, UNREACHABLE);
  const asking = httpsRequest({
    ...upstreamOptions(request, upstream, headers),
    agent: false,
    ...upstream.client.tls(),
  });
  asking.once('socket', (made) => made.setKeepAlive(true, PROBE_SILENCE_MS));
  socket.once('close', () => asking.destroy());
  return new Promise((resolve) => {
    const timer = setTimeout(() => asking.destroy(), HEAD_TIMEOUT_MS);
    asking.once('upgrade', (answer, upstreamSocket, upstreamHead) => {
      clearTimeout(timer);
      // From here on an answer of ours would stand in the middle of a stream.
      asking.removeAllListeners('error').on('error', () => undefined);
      void join({ ...upgrading, protocol, answer, upstreamSocket, upstreamHead }).then(() => resolve(101));
    });
    asking.once('response', (answer) => {
      clearTimeout(timer);
      if (isOwnRefusal(request, answer)) {
        upstream.client.forgetToken();
        answer.resume();
        return resolve(refuse(socket, CREDENTIALS_REFUSED));
      }
      void relay(answer, socket).then(() => resolve(answer.statusCode ?? 502));
    });
    asking.on('error', () => {
      clearTimeout(timer);
      resolve(refuse(socket, UNREACHABLE));
    });
    asking.end();
  });
}

interface Joining extends Upgrading {
  readonly protocol: string;
  readonly answer: IncomingMessage;
  readonly upstreamSocket: Duplex;
  readonly upstreamHead: Buffer;
}

async function join({
  socket,
  head,
  recording,
  protocol,
  answer,
  upstreamSocket,
  upstreamHead,
}: Joining): Promise<void> {
  const passed = passedResponseHeaders(answer.headers);
  socket.write(headText(101, { ...passed, connection: 'Upgrade', upgrade: protocol }));
  const close = () => {
    socket.destroy();
    upstreamSocket.destroy();
  };
  recording?.begin({ subprotocol: answer.headers['sec-websocket-protocol'] ?? '', onFailed: close });
  if (upstreamHead.length > 0) upstreamSocket.unshift(upstreamHead);
  if (head.length > 0) socket.unshift(head);
  upstreamSocket.once('close', () => endSoon(socket, DRAIN_MS));
  socket.once('end', () => cutAfter(upstreamSocket, ANSWER_MS));
  await Promise.all([
    carry(socket, upstreamSocket, (chunk) => recording?.fromClient(chunk)),
    carry(upstreamSocket, socket, (chunk) => recording?.fromServer(chunk)),
  ]);
  upstreamSocket.destroy();
  endSoon(socket, LINGER_MS);
  await recording?.end();
}

/**
 * One direction, until its last byte has gone out. An end is passed on behind what came before it, so that nothing is lost to a slow reader; a break
 * ends the other side at once.
 */
function carry(from: Duplex, to: Duplex, see: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve) => {
    from.on('data', see);
    from.pipe(to);
    from.once('close', () => {
      if (!from.readableEnded) to.destroy();
    });
    // What a break means is decided when it has closed.
    from.on('error', () => undefined);
    to.once('finish', () => resolve());
    to.once('close', () => resolve());
  });
}

/** An answer that is no change of protocol: a refusal of the cluster, chiefly. */
async function relay(answer: IncomingMessage, socket: Duplex): Promise<void> {
  const { 'content-length': _length, ...passed } = passedResponseHeaders(answer.headers);
  socket.write(headText(answer.statusCode ?? 502, { ...passed, connection: 'close' }));
  await new Promise<void>((resolve) => {
    answer.once('close', resolve);
    answer.on('error', () => resolve());
    answer.pipe(socket, { end: false });
  });
  endSoon(socket, LINGER_MS);
}

function refuse(socket: Duplex, refusal: Refusal): number {
  if (!socket.destroyed && socket.writable) writeRefusal(socket, refusal);
  return refusal.status;
}

const UNREACHABLE: Refusal = {
  status: 502,
  message: 'The API server does not answer the edge, or broke off. See the conditions of the cluster.',
};
