/**
 * exec, attach and port-forward: two vetted heads, then bytes in both directions at the pace of whoever is slower. Only WebSocket and SPDY are
 * spoken; what passes is looked at by a recording alone, and never changed.
 */
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import type { ClusterRequest } from '../cache/port.ts';
import { headText, type Refusal, writeRefusal } from './answers.ts';
import { type Upstream, upstreamHeaders, upstreamOptions } from './forward.ts';
import { passedResponseHeaders } from './headers.ts';
import type { Recording } from './recording.ts';

const HEAD_TIMEOUT_MS = 70_000;

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
  socket.once('close', () => asking.destroy());
  return new Promise((resolve) => {
    const timer = setTimeout(() => asking.destroy(), HEAD_TIMEOUT_MS);
    asking.once('upgrade', (answer, upstreamSocket, upstreamHead) => {
      clearTimeout(timer);
      void join({ ...upgrading, protocol, answer, upstreamSocket, upstreamHead }).then(() => resolve(101));
    });
    asking.once('response', (answer) => {
      clearTimeout(timer);
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
  await Promise.all([
    carry(socket, upstreamSocket, (chunk) => recording?.fromClient(chunk)),
    carry(upstreamSocket, socket, (chunk) => recording?.fromServer(chunk)),
  ]);
  close();
  await recording?.end();
}

/** One direction, to its end; a break in it ends the other side too. */
function carry(from: Duplex, to: Duplex, see: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve) => {
    from.on('data', see);
    from.pipe(to);
    const broken = () => {
      to.destroy();
      resolve();
    };
    from.once('end', () => resolve());
    from.once('close', broken);
    from.on('error', broken);
  });
}

/** An answer that is no change of protocol: a refusal of the cluster, chiefly. */
async function relay(answer: IncomingMessage, socket: Duplex): Promise<void> {
  const { 'content-length': _length, ...passed } = passedResponseHeaders(answer.headers);
  socket.write(headText(answer.statusCode ?? 502, { ...passed, connection: 'close' }));
  await new Promise<void>((resolve) => {
    answer.once('close', resolve);
    answer.on('error', () => resolve());
    answer.pipe(socket);
  });
}

function refuse(socket: Duplex, refusal: Refusal): number {
  if (!socket.destroyed && socket.writable) writeRefusal(socket, refusal);
  return refusal.status;
}

const UNREACHABLE: Refusal = {
  status: 502,
  message: 'The API server does not answer the edge, or broke off. See the conditions of the cluster.',
};
