/**
 * The node's side of a connection that it made to its edge: requests come in over it, the guard answers. HTTP/2 alone is spoken, so that there is nothing to upgrade
 * and no length that two readers take differently.
 */
import {
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Duplex } from 'node:stream';
import { VERSION_MAX } from '../engine/client.ts';
import { SILENT_HEADER } from '../engine/session.ts';
import { type GuardAnswer, type GuardOptions, guarded } from './guard.ts';

const BODY_BYTES_MAX = 16 * 1024 * 1024;
const STREAMS_MAX = 64;

export function serveEngine(socket: Duplex, guard: GuardOptions): ServerHttp2Session {
  const session = performServerHandshake(socket, {
    settings: { maxConcurrentStreams: STREAMS_MAX, enableConnectProtocol: false },
  });
  session.on('error', () => undefined);
  session.on('stream', (stream, headers) => void respond(stream, headers, guard));
  return session;
}

async function respond(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  guard: GuardOptions,
): Promise<void> {
  // The edge may have gone by then.
  stream.on('error', () => undefined);
  try {
    const body = await readBody(stream);
    if (body === undefined) {
      const message = `The node's agent refuses it: its body has more than ${BODY_BYTES_MAX} bytes.`;
      return send(stream, { kind: 'answer', status: 413, body: Buffer.from(JSON.stringify({ message })) });
    }
    const call = { method: headers[':method'] ?? '', target: headers[':path'] ?? '', body };
    send(stream, await guarded(call, guard));
  } catch {
    stream.close();
  }
}

function send(stream: ServerHttp2Stream, answer: GuardAnswer): void {
  if (stream.destroyed || stream.closed) return;
  if (answer.kind === 'silent') {
    stream.respond({ ':status': 503, [SILENT_HEADER]: '1' });
    stream.end(answer.why);
    return;
  }
  stream.respond({ ':status': answer.status, 'api-version': VERSION_MAX.join('.') });
  stream.end(answer.body);
}

/** Undefined if it is too long. */
async function readBody(stream: ServerHttp2Stream): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    const part = Buffer.from(chunk);
    bytes += part.length;
    if (bytes > BODY_BYTES_MAX) return undefined;
    chunks.push(part);
  }
  return Buffer.concat(chunks);
}
