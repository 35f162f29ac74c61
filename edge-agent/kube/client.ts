/**
 * The one client of a Kubernetes API server. Requests are plain HTTP/1.1 over kept connections; answers are streams or parsed values.
 * It retries nothing and caches nothing: callers know what may be asked twice.
 */
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { z } from 'zod';
import { parseJson } from '../../protocol/json.ts';
import { connectionError, faultOf, KubeError } from './errors.ts';
import { type TokenSource, tokenSource } from './identity.ts';
import type { KubeCredentials } from './kubeconfig.ts';
import { StatusObject } from './objects.ts';

const TIMEOUT_MS = 30_000;
const CONNECTIONS_MAX = 128;
const ANSWER_BYTES_MAX = 256 * 1024 * 1024;

export interface KubeRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Percent-encoded, without the query: see `pathOf`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
  /** Until the head of the answer; 30 s unless given. A stream then lasts as long as it lasts. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface KubeClientOptions {
  readonly credentials: KubeCredentials;
  /** Milliseconds since 1970. */
  readonly wallNow: () => number;
  /** What credential plugins of the kubeconfig run in. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly userAgent?: string;
  /** At once; 128 unless given. What comes on top waits its turn, which costs less than a handshake. */
  readonly connectionsMax?: number;
}

export class KubeClient {
  readonly credentials: KubeCredentials;
  readonly #origin: URL;
  readonly #agent: Agent;
  readonly #tokens: TokenSource;
  readonly #userAgent: string;

  constructor({
    credentials,
    wallNow,
    environment = {},
    userAgent = 'isthmus-edge-agent',
    connectionsMax = CONNECTIONS_MAX,
  }: KubeClientOptions) {
    this.credentials = credentials;
    this.#origin = new URL(credentials.server);
    this.#tokens = tokenSource({ identity: credentials.identity, wallNow, environment });
    this.#userAgent = userAgent;
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets: connectionsMax,
      ...this.tls(),
    });
  }

  /** What a TLS connection to this server takes: for those who make their own (`exec`, the proxy's streams). */
  tls() {
    const { authority, serverName, identity } = this.credentials;
    return {
      ...(authority === undefined ? {} : { ca: authority }),
      ...(serverName === undefined ? {} : { servername: serverName }),
      ...(identity.kind === 'certificate' ? { cert: identity.certificate, key: identity.key } : {}),
      minVersion: 'TLSv1.2' as const,
    };
  }

  /** Host, port and what stands before every path. */
  get target(): { readonly host: string; readonly port: number; readonly base: string } {
    return {
      host: this.#origin.hostname.replace(/^\[|\]$/g, ''),
      port: this.#origin.port === '' ? 443 : Number(this.#origin.port),
      base: this.#origin.pathname.replace(/\/$/, ''),
    };
  }

  /** `Authorization`, if this identity has a token. */
  async authorization(): Promise<Record<string, string>> {
    const token = await this.#tokens.token();
    return token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  /** The answer as a stream, whatever its status is. Rejects with `kube.unreachable` or `kube.unauthenticated` alone. */
  async stream(call: KubeRequest): Promise<IncomingMessage> {
    const headers: OutgoingHttpHeaders = {
      accept: 'application/json',
      'user-agent': this.#userAgent,
      ...(call.body === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(call.body) }),
      ...call.headers,
      ...(await this.authorization()),
    };
    const answer = await this.#send(call, headers);
    if (answer.statusCode === 401) this.#tokens.forget();
    return answer;
  }

  /** The parsed body of a good answer; any other rejects with a KubeError. */
  async json<Schema extends z.ZodType>(schema: Schema, call: KubeRequest): Promise<z.infer<Schema>> {
    const text = await this.text(call);
    const parsed = schema.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    throw new KubeError('kube.malformed', `${call.method} ${call.path}: ${z.prettifyError(parsed.error)}`);
  }

  /** The same, unparsed. */
  async text(call: KubeRequest): Promise<string> {
    const answer = await this.stream(call);
    const text = await readText(answer, call);
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300) return text;
    throw errorOf(call, { answer, text, server: this.credentials.server });
  }

  /** To who saw a 401 on a connection of its own: the next token is a new one, where there is one to be had. */
  forgetToken(): void {
    this.#tokens.forget();
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(call: KubeRequest, headers: OutgoingHttpHeaders): Promise<IncomingMessage> {
    const { host, port, base } = this.target;
    return new Promise((resolve, reject) => {
      const request = httpsRequest({
        host,
        port,
        method: call.method,
        path: `${base}${call.path}${queryOf(call.query)}`,
        headers,
        agent: this.#agent,
        ...(call.signal === undefined ? {} : { signal: call.signal }),
      });
      const timer = setTimeout(
        () => request.destroy(new Error('no answer in time')),
        call.timeoutMs ?? TIMEOUT_MS,
      );
      request.on('response', (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      request.on('error', (cause) => {
        clearTimeout(timer);
        reject(connectionError(`${host}:${port}`, cause));
      });
      request.end(call.body);
    });
  }
}

/** `?a=1&b=2` of what is defined; empty if nothing is. */
export function queryOf(query: Readonly<Record<string, string | undefined>> = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.append(name, value);
  return parameters.size === 0 ? '' : `?${parameters.toString()}`;
}

async function readText(answer: IncomingMessage, call: KubeRequest): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of answer) {
      const part = Buffer.from(chunk);
      bytes += part.length;
      if (bytes > ANSWER_BYTES_MAX) throw new Error(`more than ${ANSWER_BYTES_MAX} bytes`);
      chunks.push(part);
    }
  } catch (cause) {
    throw new KubeError('kube.unreachable', `The answer to ${call.method} ${call.path} broke off.`, {
      cause,
    });
  }
  return Buffer.concat(chunks).toString('utf8');
}

interface Refused {
  readonly answer: IncomingMessage;
  readonly text: string;
  readonly server: string;
}

function errorOf(call: KubeRequest, { answer, text, server }: Refused): KubeError {
  const status = answer.statusCode ?? 0;
  const parsed = StatusObject.safeParse(parseJson(text)).data;
  const seconds = Number(answer.headers['retry-after'] ?? parsed?.details?.retryAfterSeconds ?? Number.NaN);
  const retryAfterSeconds = Number.isFinite(seconds) ? seconds : undefined;
  // The server's own word on our credentials is one, whatever the cause is; what it passes on for others says more.
  const isOfServer = status === 401 && parsed?.message === 'Unauthorized';
  const message = isOfServer ? `${server} refuses our credentials (401)` : parsed?.message;
  return new KubeError(
    faultOf(status, retryAfterSeconds !== undefined),
    message || `${call.method} ${call.path} answered ${status}`,
    { status, reason: parsed?.reason, retryAfterSeconds },
  );
}
