/** Writes answers. Each resolves when the answer is through or the client is gone, with what was written. */
import type { ServerResponse } from 'node:http';
import { type Body, COMPRESS_BYTES_MIN, packed } from './bodies.ts';
import type { Answered } from './port.ts';

export type Outcome = Pick<Answered, 'by' | 'status' | 'bytes'>;

const JSON_HEADERS = {
  'content-type': 'application/json',
  'cache-control': 'no-cache, private',
};

export async function answerBody(
  response: ServerResponse,
  body: Body,
  more: { readonly by: Answered['by']; readonly acceptEncoding: string | undefined },
): Promise<Outcome> {
  const isPacked = body.plain.length >= COMPRESS_BYTES_MIN && takesGzip(more.acceptEncoding);
  const bytes = isPacked ? await packed(body) : body.plain;
  return answerBytes(response, {
    by: more.by,
    status: 200,
    bytes,
    headers: {
      ...JSON_HEADERS,
      ...(isPacked ? { 'content-encoding': 'gzip' } : {}),
      vary: 'Accept-Encoding',
    },
  });
}

export function answerText(
  response: ServerResponse,
  answer: { readonly by: Answered['by']; readonly status: number; readonly text: string },
): Promise<Outcome> {
  return answerBytes(response, {
    by: answer.by,
    status: answer.status,
    bytes: Buffer.from(answer.text),
    headers: JSON_HEADERS,
  });
}

export function answerBytes(
  response: ServerResponse,
  answer: {
    readonly by: Answered['by'];
    readonly status: number;
    readonly bytes: Buffer;
    readonly headers: Readonly<Record<string, string>>;
  },
): Promise<Outcome> {
  const { by, status, bytes, headers } = answer;
  const outcome = { by, status, bytes: bytes.length };
  if (response.destroyed) return Promise.resolve({ ...outcome, bytes: 0 });
  return new Promise((resolve) => {
    response.once('close', () => resolve(outcome));
    response.writeHead(status, { ...headers, 'content-length': String(bytes.length) });
    response.end(bytes);
  });
}

/** Head of a watch. */
export function beginStream(response: ServerResponse): void {
  response.writeHead(200, JSON_HEADERS);
  response.flushHeaders();
}

function takesGzip(acceptEncoding: string | undefined): boolean {
  return (acceptEncoding ?? '').split(',').some((part) => {
    const [name = '', quality = ''] = part.split(';').map((text) => text.trim());
    return name === 'gzip' && !/^q=0(\.0*)?$/.test(quality);
  });
}
