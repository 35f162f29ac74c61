/**
 * The one client of a Marathon's API: requests, and the stream of events. It retries nothing and remembers nothing but who leads; every failure is a MarathonError.
 */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { z } from 'zod';
import { parseJson } from '../../protocol/json.ts';
import { errorOf, MarathonError } from './errors.ts';
import { type ServerEvent, serverEventReader } from './sse.ts';

const TIMEOUT_MS = 30_000;
/** Marathon keeps its stream alive with empty lines, some seconds apart. */
const STREAM_IDLE_MS = 60_000;
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
const REDIRECTS_MAX = 3;

export type MarathonCredentials =
  | { readonly kind: 'basic'; readonly user: string; readonly password: string }
  | { readonly kind: 'token'; readonly token: string };

export interface MarathonClientOptions {
  /** `http://host:8080`, with a path before `/v2` where there is one; of any Marathon: those that do not lead pass on, or send us on. */
  readonly server: string;
  readonly credentials?: MarathonCredentials | undefined;
  /** PEM; the machine's own authorities if absent. */
  readonly authority?: string | undefined;
  readonly timeoutMs?: number;
}

export interface MarathonRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the server, as in `/v2/apps`. */
  readonly path: string;
  readonly query?: readonly (readonly [string, string])[];
  readonly body?: object;
}

interface Sending extends MarathonRequest {
  readonly accept: string;
  readonly timeoutMs: number;
}

export class MarathonClient {
  readonly #options: MarathonClientOptions;
  readonly #server: string;
  /** The leader, once another one sent us there. */
  #leader: string;

  constructor(options: MarathonClientOptions) {
    this.#options = options;
    this.#server = options.server.replace(/\/+$/, '');
    this.#leader = this.#server;
  }

  get server(): string {
    return this.#server;
  }

  /** The parsed body of a good answer. */
  async json<Schema extends z.ZodType>(schema: Schema, asked: MarathonRequest): Promise<z.infer<Schema>> {
    const { timeoutMs = TIMEOUT_MS } = this.#options;
    const answer = await this.#ask({ ...asked, accept: 'application/json', timeoutMs });
    const text = await textOf(answer).catch((cause: unknown) => {
      throw cause instanceof MarathonError ? cause : silent(this.#leader, cause);
    });
    const what = `${asked.method} ${asked.path}`;
    const status = answer.statusCode ?? 0;
    if (status < 200 || status >= 300) throw errorOf(what, status, text);
    const parsed = schema.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    throw new MarathonError('marathon.malformed', `${what}: ${z.prettifyError(parsed.error)}`);
  }

  /** Events from now on, until the stream ends or `signal` does. */
  async *events(signal: AbortSignal): AsyncGenerator<ServerEvent> {
    const answer = await this.#ask({
      method: 'GET',
      path: '/v2/events',
      accept: 'text/event-stream',
      timeoutMs: STREAM_IDLE_MS,
    });
    if (answer.statusCode !== 200)
      throw errorOf('GET /v2/events', answer.statusCode ?? 0, await textOf(answer));
    const end = () => answer.destroy();
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    const reader = serverEventReader();
    try {
      answer.setEncoding('utf8');
      for await (const piece of answer) for (const event of reader.push(String(piece))) yield event;
    } finally {
      signal.removeEventListener('abort', end);
      answer.destroy();
    }
  }

  async #ask(sending: Sending): Promise<IncomingMessage> {
    try {
      return await this.#follow(sending);
    } catch (cause) {
      // The leader that we knew may be gone; the Marathon that we were given knows the next one.
      this.#leader = this.#server;
      throw cause;
    }
  }

  async #follow(sending: Sending): Promise<IncomingMessage> {
    for (let round = 0; round < REDIRECTS_MAX; round += 1) {
      const answer = await this.#send(sending);
      const { location } = answer.headers;
      const isRedirect = [302, 307, 308].includes(answer.statusCode ?? 0) && location !== undefined;
      if (!isRedirect) return answer;
      answer.resume();
      this.#leader = leaderIn(location, this.#leader, sending.path);
    }
    throw new MarathonError(
      'marathon.unreachable',
      `${this.#server} and others send us from one to the next: none of them leads.`,
    );
  }

  #send({ method, path, query = [], body, accept, timeoutMs }: Sending): Promise<IncomingMessage> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const parameters =
      query.length === 0
        ? ''
        : `?${new URLSearchParams([...query].map(([name, value]): [string, string] => [name, value])).toString()}`;
    const url = new URL(`${this.#leader}${path}${parameters}`);
    const isSecure = url.protocol === 'https:';
    const { authority, credentials } = this.#options;
    const type = text === undefined ? {} : { 'content-type': 'application/json' };
    const headers = { accept, ...type, ...authorizationOf(credentials) };
    return new Promise((resolve, reject) => {
      const request = isSecure
        ? httpsRequest(url, { method, headers, ...(authority === undefined ? {} : { ca: authority }) })
        : httpRequest(url, { method, headers });
      request.setTimeout(timeoutMs, () => request.destroy(new Error('no answer in time')));
      request.once('response', resolve);
      request.once('error', (cause) => reject(silent(url.host, cause)));
      request.end(text);
    });
  }
}

function silent(where: string, cause: unknown): MarathonError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new MarathonError('marathon.unreachable', `${where} does not answer: ${why}`, { cause });
}

/** Credentials go with us: never from TLS to none. */
function leaderIn(location: string, from: string, path: string): string {
  const to = new URL(location, from);
  if (from.startsWith('https:') && to.protocol !== 'https:')
    throw new MarathonError(
      'marathon.unreachable',
      `${from} sends us on to ${to.origin}, where nothing is encrypted.`,
    );
  const at = to.pathname.indexOf(path);
  return `${to.origin}${at > 0 ? to.pathname.slice(0, at) : ''}`;
}

function authorizationOf(credentials: MarathonCredentials | undefined): Readonly<Record<string, string>> {
  if (credentials === undefined) return {};
  // Where tokens are asked for, this is the scheme (DC/OS).
  if (credentials.kind === 'token') return { authorization: `token=${credentials.token}` };
  const pair = `${credentials.user}:${credentials.password}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of answer) {
    const buffer = Buffer.from(piece);
    bytes += buffer.length;
    if (bytes > ANSWER_BYTES_MAX)
      throw new MarathonError('marathon.malformed', 'An answer is larger than we take.');
    pieces.push(buffer);
  }
  return Buffer.concat(pieces).toString('utf8');
}
