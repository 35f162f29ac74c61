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
import { connectionError, faultOf, KubeError } from './errors.ts';
import { FrameReader } from './frames.ts';
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
    asking.on('error', (cause) => reject(connectionError(`${host}:${port}`, cause)));
    asking.end();
  });
}

/** Whole messages, until one says how the command ended, or the stream does. */
async function messagesOf(socket: Duplex): Promise<readonly Buffer[]> {
  const timer = setTimeout(() => socket.destroy(new Error('the command did not end in time')), TIMEOUT_MS);
  const messages: Buffer[] = [];
  const reader = new FrameReader((message) => messages.push(message));
  let bytes = 0;
  try {
    for await (const part of socket) {
      const chunk = Buffer.from(part);
      bytes += chunk.length;
      if (bytes > BYTES_MAX) throw new Error(`more than ${BYTES_MAX} bytes`);
      reader.push(chunk);
      if (messages.some(isOutcome)) break;
    }
  } catch (cause) {
    throw new KubeError('kube.unreachable', 'The answer of the container broke off.', { cause });
  } finally {
    clearTimeout(timer);
  }
  return messages;
}

/** Every stream may begin with an empty message. */
function isOutcome(message: Buffer): boolean {
  return message[0] === OUTCOME && message.length > 1;
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
