/**
 * Requests to an engine through the agent of its node, over the connection that the agent made. One connection carries many requests (HTTP/2), so nothing is
 * upgraded, taken over or cut into chunks here.
 */
import type { ClientHttp2Session } from 'node:http2';
import type { EngineRequest } from './client.ts';
import type { EngineEndpoint } from './endpoint.ts';
import { type Answer, bodyOf, type Exchange, readAll, TIMEOUT_MS, targetOf } from './exchange.ts';

/** Set by the agent of a node whose engine does not answer it; the body says why. */
export const SILENT_HEADER = 'isthmus-engine-silent';

export function overSession({ session }: Extract<EngineEndpoint, { kind: 'node' }>): Exchange {
  return {
    send: async (call) => {
      const now = session();
      if (now === undefined) throw new Error('its agent is not connected');
      return exchange(now, call);
    },
    // The connection is the door's.
    close: () => undefined,
  };
}

async function exchange(session: ClientHttp2Session, call: EngineRequest): Promise<Answer> {
  const { type, bytes } = bodyOf(call);
  const stream = session.request(
    {
      ':method': call.method,
      ':path': targetOf(call),
      ...(bytes === undefined ? {} : { 'content-type': type }),
    },
    { endStream: bytes === undefined },
  );
  const timer = setTimeout(
    () => stream.destroy(new Error('no answer in time')),
    call.timeoutMs ?? TIMEOUT_MS,
  );
  // One that comes after the answer is seen by its reader.
  stream.on('error', () => undefined);
  try {
    const answered = new Promise<Omit<Answer, 'body'> & { readonly isSilent: boolean }>((resolve, reject) => {
      stream.once('response', (headers) =>
        resolve({
          status: headers[':status'] ?? 0,
          version: String(headers['api-version'] ?? ''),
          isSilent: headers[SILENT_HEADER] !== undefined,
        }),
      );
      stream.once('error', reject);
      stream.once('close', () => reject(new Error('its agent went away')));
    });
    if (bytes !== undefined) stream.end(bytes);
    const { isSilent, ...head } = await answered;
    const body = await readAll(stream);
    if (isSilent) throw new Error(body.toString('utf8'));
    return { ...head, body };
  } finally {
    clearTimeout(timer);
    stream.close();
  }
}
