/**
 * The one HTTPS client of the agent: signs each request, keeps one connection, limits sizes and times.
 * It follows no redirect and believes no body: callers parse. An expected failure is a value, not a throw.
 */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { signatureBase, signatureHeaders } from '../../protocol/signature.ts';

const RESPONSE_BYTES_MAX = 8_000_000;
const CONNECTIONS_MAX = 8;
const FREE_CONNECTIONS_MAX = 2;
const KEEP_ALIVE_MS = 30_000;
const CLOCK_STEP_MS = 1_000;

export interface Call {
  readonly method: 'GET' | 'POST';
  /** With its query, as it goes on the wire. */
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** `code` is Node's or OpenSSL's: ECONNREFUSED, CERT_HAS_EXPIRED, ... or one of ours: timeout, too_large. */
export type Answer =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      readonly body: string;
    }
  | { readonly kind: 'unreachable'; readonly code: string; readonly reason: string };

export interface Signer {
  readonly agent: string;
  sign(message: string): string;
}

export interface ClientOptions {
  readonly url: string;
  readonly ca?: string | undefined;
  readonly signer?: Signer | undefined;
  readonly timeoutMs: number;
  /** Milliseconds since 1970 by the host's clock. */
  readonly now: () => number;
}

export class Client {
  readonly #options: ClientOptions;
  readonly #origin: URL;
  readonly #agent: Agent;
  #offsetMs = 0;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#origin = new URL(options.url);
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets: CONNECTIONS_MAX,
      maxFreeSockets: FREE_CONNECTIONS_MAX,
      keepAliveMsecs: KEEP_ALIVE_MS,
      minVersion: 'TLSv1.2',
      ...(options.ca === undefined ? {} : { ca: options.ca }),
    });
  }

  /** How much the control plane's clock is ahead of ours, in milliseconds; steps below a second are not seen. */
  get clockOffsetMs(): number {
    return this.#offsetMs;
  }

  /** One request; a signature that was refused for its time is made once more with the learned offset. */
  async call(call: Call): Promise<Answer> {
    const before = this.#offsetMs;
    const answer = await this.#send(call);
    const skewed = answer.kind === 'answer' && answer.status === 401 && answer.body.includes('"clock_skew"');
    return skewed && this.#offsetMs !== before ? this.#send(call) : answer;
  }

  close(): void {
    this.#agent.destroy();
  }

  async #send(call: Call): Promise<Answer> {
    const startedMs = this.#options.now();
    const answer = await this.#exchange(call);
    if (answer.kind === 'answer') this.#learnClock(answer.headers.date, startedMs);
    return answer;
  }

  #learnClock(date: string | undefined, startedMs: number): void {
    const theirs = Date.parse(date ?? '');
    if (Number.isNaN(theirs)) return;
    const middle = (startedMs + this.#options.now()) / 2;
    const offset = theirs + CLOCK_STEP_MS / 2 - middle;
    this.#offsetMs = Math.abs(offset) <= CLOCK_STEP_MS ? 0 : Math.round(offset);
  }

  #headers(call: Call): Record<string, string> {
    const body = call.body ?? '';
    const [path = '', query] = call.path.split('?');
    const signed = {
      method: call.method,
      path,
      query: query === undefined ? '' : `?${query}`,
      bodySha256: createHash('sha256').update(body, 'utf8').digest('base64'),
    };
    const { signer } = this.#options;
    const createdSeconds = Math.floor((this.#options.now() + this.#offsetMs) / 1_000);
    return {
      accept: 'application/json',
      ...(body === ''
        ? {}
        : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
      ...call.headers,
      ...(signer === undefined ? {} : signedHeaders(signer, signed, createdSeconds)),
    };
  }

  #exchange(call: Call): Promise<Answer> {
    const timeoutMs = call.timeoutMs ?? this.#options.timeoutMs;
    return new Promise((resolve) => {
      const request = httpsRequest(
        {
          host: this.#origin.hostname.replace(/^\[|\]$/g, ''),
          port: this.#origin.port === '' ? 443 : Number(this.#origin.port),
          path: call.path,
          method: call.method,
          headers: this.#headers(call),
          agent: this.#agent,
          signal: AbortSignal.timeout(timeoutMs),
        },
        (response) => {
          readBody(response).then(resolve, (cause) => resolve(unreachable(cause)));
        },
      );
      request.on('error', (cause) => resolve(unreachable(cause)));
      request.end(call.body);
    });
  }
}

function signedHeaders(
  signer: Signer,
  signed: Parameters<typeof signatureHeaders>[0],
  createdSeconds: number,
): Record<string, string> {
  const parameters = { createdSeconds, keyId: signer.agent };
  return signatureHeaders(signed, parameters, signer.sign(signatureBase(signed, parameters)));
}

async function readBody(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    const part = Buffer.from(chunk);
    bytes += part.length;
    if (bytes > RESPONSE_BYTES_MAX) {
      response.destroy();
      return { kind: 'unreachable', code: 'too_large', reason: 'the answer is larger than 8 MB' };
    }
    chunks.push(part);
  }
  const body = Buffer.concat(chunks).toString('utf8');
  return { kind: 'answer', status: response.statusCode ?? 0, headers: response.headers, body };
}

function unreachable(cause: unknown): Answer {
  const error = cause instanceof Error ? cause : new Error(String(cause));
  const timedOut = error.name === 'AbortError' || error.name === 'TimeoutError';
  const code = timedOut ? 'timeout' : 'code' in error ? String(error.code) : error.name;
  return { kind: 'unreachable', code, reason: timedOut ? 'no answer in time' : error.message };
}
