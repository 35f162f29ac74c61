/** One request to an engine by HTTP, at a socket or by TLS, and its whole answer. It understands neither. */
import { Agent, type RequestOptions, request } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import type { EngineRequest } from './client.ts';
import type { EngineEndpoint } from './endpoint.ts';

export const TIMEOUT_MS = 30_000;
const CONNECTIONS_MAX = 16;
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

type DialledEndpoint = Exclude<EngineEndpoint, { kind: 'node' }>;

/** Whole, whatever it says. */
export interface Answer {
  readonly status: number;
  readonly body: Buffer;
  readonly version: string;
}

/** How requests reach an engine, and what is to be closed in the end. */
export interface Exchange {
  send(call: EngineRequest): Promise<Answer>;
  close(): void;
}

export function openExchange(endpoint: DialledEndpoint): Exchange {
  const kept = { keepAlive: true, maxSockets: CONNECTIONS_MAX };
  const agent = endpoint.kind === 'socket' ? new Agent(kept) : new TlsAgent(kept);
  return { send: (call) => exchange(endpoint, agent, call), close: () => agent.destroy() };
}

function exchange(endpoint: DialledEndpoint, agent: Agent | TlsAgent, call: EngineRequest): Promise<Answer> {
  const { method } = call;
  const { type, bytes } = bodyOf(call);
  const options: RequestOptions = {
    ...placeOf(endpoint),
    agent,
    method,
    path: targetOf(call),
    headers: bytes === undefined ? {} : { 'content-type': type, 'content-length': bytes.length },
  };
  return new Promise((resolve, reject) => {
    const made = endpoint.kind === 'socket' ? request(options) : tlsRequest(options);
    const timer = setTimeout(
      () => made.destroy(new Error('no answer in time')),
      call.timeoutMs ?? TIMEOUT_MS,
    );
    made.on('response', (answer) => {
      readAll(answer)
        .then(
          (whole) =>
            resolve({
              status: answer.statusCode ?? 0,
              body: whole,
              version: String(answer.headers['api-version'] ?? ''),
            }),
          reject,
        )
        .finally(() => clearTimeout(timer));
    });
    made.on('error', (cause) => {
      clearTimeout(timer);
      reject(cause);
    });
    made.end(bytes);
  });
}

function placeOf(endpoint: DialledEndpoint): RequestOptions & { readonly servername?: string } {
  if (endpoint.kind === 'socket') return { socketPath: endpoint.path, headers: {} };
  const { host, port, authority, certificate, key, serverName } = endpoint;
  const tls = { ca: authority, cert: certificate, key, servername: serverName ?? host };
  return { host, port, ...tls };
}

/** Throws if it is too long. */
export async function readAll(answer: AsyncIterable<Buffer | string>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer) {
    const part = Buffer.from(chunk);
    bytes += part.length;
    if (bytes > ANSWER_BYTES_MAX) throw new Error(`the answer has more than ${ANSWER_BYTES_MAX} bytes`);
    chunks.push(part);
  }
  return Buffer.concat(chunks);
}

/** Path and query. */
export function targetOf({ path, query }: EngineRequest): string {
  return `${path}${queryOf(query)}`;
}

export function bodyOf({ body }: EngineRequest) {
  const bytes = body === undefined || Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  return { bytes, type: Buffer.isBuffer(body) ? 'application/x-tar' : 'application/json' };
}

function queryOf(query: EngineRequest['query'] = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.append(name, value);
  return parameters.size === 0 ? '' : `?${parameters.toString()}`;
}
