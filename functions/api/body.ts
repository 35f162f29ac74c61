/** Reads a request's body under a limit, whatever its headers promise, and turns it into a value. */
import { isDeeperThan } from '../../protocol/json.ts';
import { refuse } from './problems.ts';

/** Largest body in bytes; the largest honest one is a part of a hub's liveness: 3,000 peers. */
export const BODY_BYTES_MAX = 1_048_576;

/** Levels of lists and objects in one another. What walks through a value does so by calling itself. */
const JSON_DEPTH_MAX = 64;

const UNREADABLE = 'The body cannot be read as JSON in UTF-8. Check its quotes, commas and brackets.';

/** All bytes of the body; stops reading at the limit. */
export async function readBody(request: Request): Promise<Uint8Array> {
  if (Number(request.headers.get('content-length') ?? 0) > BODY_BYTES_MAX) refuseSize();
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body) {
    bytes += chunk.byteLength;
    if (bytes > BODY_BYTES_MAX) refuseSize();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The JSON value of a body that says it is JSON. */
export function readJson(bytes: Uint8Array, contentType: string | undefined): unknown {
  if (!/^application\/json(\s*;\s*charset=utf-8)?$/i.test(contentType ?? ''))
    refuse('unsupported_media_type', 'Send the body as JSON, with Content-Type: application/json.');
  const text = textOf(bytes);
  if (isDeeperThan(text, JSON_DEPTH_MAX))
    refuse('malformed', `The body is nested deeper than ${JSON_DEPTH_MAX} levels. Nothing here wants that.`);
  try {
    return JSON.parse(text);
  } catch {
    return refuse('malformed', UNREADABLE);
  }
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return refuse('malformed', UNREADABLE);
  }
}

function refuseSize(): never {
  return refuse('too_large', `The body is larger than ${BODY_BYTES_MAX} bytes. Send less at once.`);
}
