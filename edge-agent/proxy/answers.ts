/** Answers of the proxy itself, as the Status objects that kubectl prints. It decides nothing. */
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

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

/** The same on a bare socket, to who asked for another protocol. */
export function writeRefusal(socket: Duplex, refusal: Refusal): void {
  const body = bodyOf(refusal);
  socket.end(headText(refusal.status, { ...headersOf(refusal, body), connection: 'close' }) + body);
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
