/** Answers of the proxy itself, as the Status objects that kubectl prints. It decides nothing. */
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { OriginVerdict } from './origin.ts';

/** How long a socket that we have ended may stay open from its other end. */
const LINGER_MS = 2_000;
const RETRY_SECONDS = 1;

export interface Refusal {
  readonly status: 400 | 401 | 403 | 404 | 408 | 413 | 421 | 429 | 502 | 503;
  readonly message: string;
  readonly retryAfterSeconds?: number;
}

const REASONS: Readonly<Record<Refusal['status'], string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  408: 'Timeout',
  413: 'RequestEntityTooLarge',
  421: 'BadRequest',
  429: 'TooManyRequests',
  502: 'ServiceUnavailable',
  503: 'ServiceUnavailable',
};

function bodyOf({ status, message, retryAfterSeconds }: Refusal): string {
  return JSON.stringify({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason: REASONS[status],
    ...(retryAfterSeconds === undefined ? {} : { details: { retryAfterSeconds } }),
    code: status,
  });
}

function headersOf(refusal: Refusal, body: string): Record<string, string> {
  const { status, retryAfterSeconds } = refusal;
  return {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'cache-control': 'no-store',
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
    ...(status === 401 ? { 'www-authenticate': 'Bearer realm="isthmus"' } : {}),
  };
}

/** Answers and, because what the client still sends is not read, closes the connection. */
export function answerRefusal(response: ServerResponse, refusal: Refusal): number {
  const body = bodyOf(refusal);
  if (response.headersSent) {
    response.destroy();
    return 0;
  }
  response.writeHead(refusal.status, { ...headersOf(refusal, body), connection: 'close' });
  response.end(body);
  return Buffer.byteLength(body);
}

/** What is answered for the sake of the page that asks. True: that was all of it. */
export function answerPage(response: ServerResponse, page: OriginVerdict): boolean {
  if (page.kind === 'none') return false;
  if (page.kind === 'refused') {
    answerRefusal(response, { status: 403, message: page.reason });
    return true;
  }
  for (const [name, value] of Object.entries(page.headers)) response.setHeader(name, value);
  if (page.kind === 'preflight') response.writeHead(204).end();
  return page.kind === 'preflight';
}

/** A refusal on a bare socket, to who asked for another protocol. */
export function writeRefusal(socket: Duplex, refusal: Refusal): void {
  const body = bodyOf(refusal);
  socket.write(headText(refusal.status, { ...headersOf(refusal, body), connection: 'close' }) + body);
  endSoon(socket, LINGER_MS);
}

/**
 * Ends a socket behind what is written, and reads the other end's rest into nowhere, because closing over unread bytes would lose the last ones of
 * ours. Who does not take part in it within that time is cut: no server watches over a socket that has changed its protocol.
 */
export function endSoon(socket: Duplex, withinMs: number): void {
  if (socket.destroyed) return;
  cutAfter(socket, withinMs);
  socket.resume();
  socket.end();
}

/** Closes a socket that is not closed by then. */
export function cutAfter(socket: Duplex, withinMs: number): void {
  const timer = setTimeout(() => socket.destroy(), withinMs);
  socket.once('close', () => clearTimeout(timer));
}

/** The head of an answer as it goes on the wire. */
export function headText(
  status: number,
  headers: Readonly<Record<string, string | readonly string[]>>,
): string {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((text) => `${name}: ${text}`),
  );
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('\r\n')}\r\n\r\n`;
}

export const NO_TUNNEL: Refusal = { status: 400, message: 'CONNECT is not served.' };
export const MALFORMED: Refusal = { status: 400, message: 'This is no well-formed HTTP request.' };
export const UNKNOWN_PROTOCOL: Refusal = {
  status: 400,
  message: 'Only WebSocket and SPDY/3.1 are spoken beside HTTP/1.1.',
};
export const WITHDRAWN: Refusal = {
  status: 401,
  message:
    'What gave access to the cluster, a key or a binding, is withdrawn. Ask for another token, or an admin.',
};
export const UNRECORDABLE: Refusal = {
  status: 403,
  message: 'Sessions in this cluster are recorded, which takes WebSocket: use kubectl 1.31 or newer.',
};
export const NOT_RECORDED: Refusal = {
  status: 503,
  message:
    'Sessions in this cluster are recorded, and the recording could not be begun. Run edge-agent doctor at the site.',
};
export const TOO_MANY: Refusal = {
  status: 429,
  message: 'Too many requests or sessions are open at once. Close some, or try again in a moment.',
  retryAfterSeconds: RETRY_SECONDS,
};
