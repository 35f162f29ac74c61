/**
 * Runs a command in a container of a pod and says how it ended: the API's `exec` over a WebSocket, as far as that takes. Nothing is written to the command, and
 * what it prints is kept only as far as it explains a failure.
 */
import { randomBytes } from 'node:crypto';
import { request } from 'node:https';
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { parseJson } from '../../protocol/json.ts';
import { type KubeClient, queryOf } from './client.ts';
import { faultOf, KubeError } from './errors.ts';
import { StatusObject } from './objects.ts';

const TIMEOUT_MS = 15_000;
const BYTES_MAX = 65_536;
const PROTOCOL = 'v4.channel.k8s.io';
/** The first byte of a message says which stream it is of. */
const STDERR = 2;
const OUTCOME = 3;

export interface Execution {
  /** Of the pod's `exec`. */
  readonly path: string;
  readonly container: string;
  readonly command: readonly string[];
}

export type Outcome =
  | { readonly kind: 'succeeded' }
  /** It could not be started, or ended with another code than 0. */
  | { readonly kind: 'failed'; readonly message: string }
  /** The stream ended without a word of how the command did: API servers lose it at times when both end at once. */
  | { readonly kind: 'untold' };

export async function execute(client: KubeClient, execution: Execution): Promise<Outcome> {
  const socket = await upgraded(client, execution);
  try {
    return outcomeOf(await messagesOf(socket));
  } finally {
    socket.destroy();
  }
}

async function upgraded(client: KubeClient, { path, container, command }: Execution): Promise<Duplex> {
  const { host, port, base } = client.target;
  const words = command.map((word) => `&command=${encodeURIComponent(word)}`).join('');
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': randomBytes(16).toString('base64'),
    'sec-websocket-protocol': PROTOCOL,
    ...(await client.authorization()),
  };
  const query = `${queryOf({ container, stderr: 'true' })}${words}`;
  return new Promise((resolve, reject) => {
    const asking = request({
      host,
      port,
      path: `${base}${path}${query}`,
      headers,
      ...client.tls(),
      agent: false,
    });
    asking.setTimeout(TIMEOUT_MS, () => asking.destroy(new Error('no answer in time')));
    asking.on('upgrade', (_answer, socket, head) => {
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    asking.on('response', (answer) => {
      const status = answer.statusCode ?? 0;
      answer.setEncoding('utf8').once('data', (text: string) => {
        const said = StatusObject.safeParse(parseJson(text)).data?.message;
        reject(new KubeError(faultOf(status, false), said || `exec answered ${status}`, { status }));
        answer.destroy();
      });
    });
    asking.on('error', (cause) =>
      reject(
        new KubeError('kube.unreachable', `${host}:${port} does not answer: ${cause.message}`, { cause }),
      ),
    );
    asking.end();
  });
}

/** Whole messages until the stream ends, by the first bytes of RFC 6455: those of a server are not masked, and Kubernetes does not split them. */
async function messagesOf(socket: Duplex): Promise<readonly Buffer[]> {
  const timer = setTimeout(() => socket.destroy(new Error('the command did not end in time')), TIMEOUT_MS);
  let bytes = Buffer.alloc(0);
  try {
    for await (const part of socket) {
      bytes = Buffer.concat([bytes, Buffer.from(part)]);
      if (bytes.length > BYTES_MAX) throw new Error(`more than ${BYTES_MAX} bytes`);
      if (framesOf(bytes).some(isLast)) break;
    }
  } catch (cause) {
    throw new KubeError('kube.unreachable', 'The answer of the container broke off.', { cause });
  } finally {
    clearTimeout(timer);
  }
  // A code of closing may begin with the same byte as a message of a stream.
  return framesOf(bytes).flatMap(({ opcode, body }) => (opcode === CLOSE ? [] : [body]));
}

const CLOSE = 8;
const SHORT_MAX = 125;

interface Frame {
  readonly opcode: number;
  readonly body: Buffer;
}

function framesOf(bytes: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at + 2 <= bytes.length; ) {
    const short = (bytes[at + 1] ?? 0) & 0x7f;
    const head = short > SHORT_MAX ? 4 : 2;
    if (at + head > bytes.length) break;
    const length = short > SHORT_MAX ? bytes.readUInt16BE(at + 2) : short;
    if (at + head + length > bytes.length) break;
    frames.push({ opcode: (bytes[at] ?? 0) & 0x0f, body: bytes.subarray(at + head, at + head + length) });
    at += head + length;
  }
  return frames;
}

/** Every stream may begin with an empty message. */
function isLast({ opcode, body }: Frame): boolean {
  return opcode === CLOSE || (body[0] === OUTCOME && body.length > 1);
}

const Ended = z.looseObject({ status: z.string().default(''), message: z.string().default('') });

function outcomeOf(messages: readonly Buffer[]): Outcome {
  const textOf = (stream: number) =>
    messages
      .filter((body) => body[0] === stream)
      .map((body) => body.subarray(1).toString('utf8'))
      .join('');
  const ended = Ended.safeParse(parseJson(textOf(OUTCOME))).data;
  if (ended === undefined) return { kind: 'untold' };
  if (ended.status === 'Success') return { kind: 'succeeded' };
  return { kind: 'failed', message: `${ended.message} ${textOf(STDERR)}`.trim() };
}
