/** The one client of a Mesos master: calls of the v1 scheduler API and of the operator API, and the stream of events. It retries nothing. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { z } from 'zod';
import { parseJson } from '../../protocol/json.ts';
import { recordReader } from './recordio.ts';
import { SchedulerEvent } from './wire.ts';

const TIMEOUT_MS = 30_000;
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
const REDIRECTS_MAX = 3;

export type MesosFault =
  /** No answer, or no leading master. */
  | 'mesos.unreachable'
  | 'mesos.forbidden'
  /** 400: the call is wrong, or (403) this stream is not the newest. */
  | 'mesos.refused'
  | 'mesos.not_found'
  | 'mesos.malformed';

export class MesosError extends Error {
  override readonly name = 'MesosError';
  readonly code: MesosFault;
  constructor(code: MesosFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface MesosClientOptions {
  /** `http://host:5050`; of any master: those that do not lead send us on. */
  readonly server: string;
  readonly credentials?: { readonly principal: string; readonly secret: string };
  readonly timeoutMs?: number;
  /** Where an agent is reached that says to be at `host:port`; there, unless given. */
  readonly agentOrigin?: (address: string) => string;
}

export interface Subscription {
  readonly streamId: string;
  readonly events: AsyncIterable<SchedulerEvent>;
  close(): void;
}

interface Asking {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  /** Another one than the leading master. */
  readonly origin?: string;
}

export class MesosClient {
  readonly #server: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #timeoutMs: number;
  readonly #agentOrigin: MesosClientOptions['agentOrigin'];
  /** The leading master, once another one sent us there. */
  #leader: string;

  constructor({ server, credentials, timeoutMs = TIMEOUT_MS, agentOrigin }: MesosClientOptions) {
    this.#agentOrigin = agentOrigin;
    this.#server = server.replace(/\/$/, '');
    this.#leader = this.#server;
    this.#timeoutMs = timeoutMs;
    const pair = credentials === undefined ? undefined : `${credentials.principal}:${credentials.secret}`;
    this.#headers =
      pair === undefined ? {} : { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
  }

  /** Opens the stream of events of a framework; `subscribe` is the call's own part. */
  async subscribe(subscribe: object, frameworkId: string | undefined): Promise<Subscription> {
    const id = frameworkId === undefined ? {} : { framework_id: { value: frameworkId } };
    const body = { type: 'SUBSCRIBE', ...id, subscribe };
    const answer = await this.#ask({ method: 'POST', path: '/master/api/v1/scheduler', body });
    if (answer.statusCode !== 200) throw await failure('SUBSCRIBE', answer);
    const streamId = String(answer.headers['mesos-stream-id'] ?? '');
    return { streamId, events: eventsOf(answer), close: () => answer.destroy() };
  }

  /** A call of the scheduler API; the master answers 202 before it has looked at it. */
  async call(
    streamId: string,
    call: Readonly<Record<string, unknown>> & { readonly type: string },
  ): Promise<void> {
    const headers = { 'mesos-stream-id': streamId };
    const answer = await this.#ask({ method: 'POST', path: '/master/api/v1/scheduler', body: call, headers });
    if (answer.statusCode !== 202 && answer.statusCode !== 200) throw await failure(call.type, answer);
    answer.resume();
  }

  /** A reading call of the operator API. */
  async operator<Schema extends z.ZodType>(schema: Schema, type: string): Promise<z.infer<Schema>> {
    const answer = await this.#ask({ method: 'POST', path: '/master/api/v1', body: { type } });
    if (answer.statusCode !== 200) throw await failure(type, answer);
    return parsed(schema, await textOf(answer), type);
  }

  /** Of an agent's HTTP API. `pid` is the agent's: `slave(1)@10.0.0.5:5051`. */
  async agentText(pid: string, path: string): Promise<string> {
    const [id = '', address = ''] = pid.split('@');
    const origin = this.#agentOrigin?.(address) ?? `${new URL(this.#server).protocol}//${address}`;
    const files = path.startsWith('/files/') ? '' : `/${id}`;
    const answer = await this.#send({ method: 'GET', path: `${files}${path}`, origin });
    if (answer.statusCode !== 200) throw await failure(path, answer);
    return textOf(answer);
  }

  async #ask(asking: Asking): Promise<IncomingMessage> {
    try {
      return await this.#follow(asking);
    } catch (cause) {
      // The leader that we knew may be gone; the master that we were given knows the next one.
      this.#leader = this.#server;
      throw cause;
    }
  }

  async #follow(asking: Asking): Promise<IncomingMessage> {
    for (let round = 0; round < REDIRECTS_MAX; round += 1) {
      const answer = await this.#send(asking);
      const { location } = answer.headers;
      if (answer.statusCode !== 307 || location === undefined) return answer;
      answer.resume();
      this.#leader = new URL(location, this.#leader).origin;
    }
    throw new MesosError(
      'mesos.unreachable',
      'The masters send us from one to the next: none of them leads.',
    );
  }

  #send({ method, path, body, headers = {}, origin = this.#leader }: Asking): Promise<IncomingMessage> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const url = new URL(`${origin}${path}`);
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const type = text === undefined ? {} : { 'content-type': 'application/json' };
    return new Promise((resolve, reject) => {
      const request = send(url, {
        method,
        headers: { accept: 'application/json', ...type, ...this.#headers, ...headers },
      });
      request.setTimeout(this.#timeoutMs, () => request.destroy(new Error('no answer in time')));
      request.once('response', resolve);
      request.once('error', (cause) =>
        reject(
          new MesosError('mesos.unreachable', `${url.host} does not answer: ${cause.message}`, { cause }),
        ),
      );
      request.end(text);
    });
  }
}

async function* eventsOf(answer: IncomingMessage): AsyncGenerator<SchedulerEvent> {
  const reader = recordReader();
  for await (const piece of answer)
    for (const record of reader.push(Buffer.from(piece)))
      yield parsed(SchedulerEvent, record.toString('utf8'), 'an event');
}

export async function textOf(answer: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of answer) {
    const buffer = Buffer.from(piece);
    bytes += buffer.length;
    if (bytes > ANSWER_BYTES_MAX)
      throw new MesosError('mesos.malformed', 'An answer is larger than we take.');
    pieces.push(buffer);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function parsed<Schema extends z.ZodType>(schema: Schema, text: string, what: string): z.infer<Schema> {
  const result = schema.safeParse(parseJson(text));
  if (result.success) return result.data;
  throw new MesosError('mesos.malformed', `${what}: ${z.prettifyError(result.error)}`);
}

async function failure(what: string, answer: IncomingMessage): Promise<MesosError> {
  const status = answer.statusCode ?? 0;
  const said = (await textOf(answer)).trim().slice(0, 300);
  return new MesosError(faultOf(status), `${what}: ${status} ${said}`);
}

function faultOf(status: number): MesosFault {
  if (status === 401) return 'mesos.forbidden';
  if (status === 404) return 'mesos.not_found';
  return status >= 500 ? 'mesos.unreachable' : 'mesos.refused';
}
