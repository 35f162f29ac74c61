/**
 * The one client of a Docker engine's API. The version is agreed on at the first request. It retries nothing and caches nothing: callers
 * know what may be asked twice. Every failure is an EngineError.
 */
import { z } from 'zod';
import { parseJson } from '../../protocol/json.ts';
import { describeEndpoint, type EngineEndpoint } from './endpoint.ts';
import { EngineError, faultOf } from './errors.ts';
import { type Answer, openExchange } from './exchange.ts';
import { overSession } from './session.ts';

/** What we write for; an engine that is newer still speaks it. */
export const VERSION_MAX = [1, 43] as const;
/** Docker 19.03: the first with MaxReplicas and the health check in the container's list. */
export const VERSION_MIN = [1, 40] as const;

export interface EngineRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Percent-encoded, without version and query: `/containers/json`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>> | undefined;
  /** Sent as JSON; a Buffer is sent as a tar archive. */
  readonly body?: object | Buffer | undefined;
  /** Until the whole answer is there; 30 s unless given. */
  readonly timeoutMs?: number | undefined;
}

const Problem = z.object({ message: z.string() });

export class EngineClient {
  readonly endpoint: EngineEndpoint;
  readonly #exchange: ReturnType<typeof openExchange>;
  #version: Promise<string> | undefined;

  constructor(endpoint: EngineEndpoint) {
    this.endpoint = endpoint;
    this.#exchange = endpoint.kind === 'node' ? overSession(endpoint) : openExchange(endpoint);
  }

  /** The parsed body of a good answer. */
  async json<Schema extends z.ZodType>(schema: Schema, call: EngineRequest): Promise<z.infer<Schema>> {
    const parsed = schema.safeParse(parseJson((await this.bytes(call)).toString('utf8')));
    if (parsed.success) return parsed.data;
    throw new EngineError(
      'engine.malformed',
      `${call.method} ${call.path}: ${z.prettifyError(parsed.error)}`,
    );
  }

  /** Asks for something of which no answer is wanted. */
  async ask(call: EngineRequest): Promise<void> {
    await this.bytes(call);
  }

  /** The body of a good answer; that nothing had to be changed (304) is one. */
  async bytes(call: EngineRequest): Promise<Buffer> {
    const version = await this.#agreed();
    const { status, body } = await this.#send({ ...call, path: `/v${version}${call.path}` });
    if ((status >= 200 && status < 300) || status === 304) return body;
    throw errorOf(call, status, body);
  }

  close(): void {
    this.#exchange.close();
  }

  async #agreed(): Promise<string> {
    this.#version ??= this.#agree();
    try {
      return await this.#version;
    } catch (cause) {
      this.#version = undefined;
      throw cause;
    }
  }

  async #agree(): Promise<string> {
    const call = { method: 'GET', path: '/_ping' } as const;
    const { status, body, version } = await this.#send(call);
    if (status !== 200) throw errorOf(call, status, body);
    return agreeVersion(version);
  }

  async #send(call: EngineRequest): Promise<Answer> {
    try {
      return await this.#exchange.send(call);
    } catch (cause) {
      if (cause instanceof EngineError) throw cause;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new EngineError(
        'engine.unreachable',
        `The engine at ${describeEndpoint(this.endpoint)} does not answer: ${why}`,
        { cause },
      );
    }
  }
}

/** The newest version that both speak; `theirs` is the engine's own newest. Throws `engine.too_old`. */
export function agreeVersion(theirs: string): string {
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)$/.exec(theirs) ?? [];
  const version = [Number(major), Number(minor)] as const;
  if (isBefore(version, VERSION_MIN))
    throw new EngineError(
      'engine.too_old',
      `The engine speaks its API up to version ${theirs || '?'}; ${VERSION_MIN.join('.')} is needed (Docker 19.03).`,
    );
  return isBefore(version, VERSION_MAX) ? theirs : VERSION_MAX.join('.');
}

type Version = readonly [number, number];

function isBefore([major, minor]: Version, [otherMajor, otherMinor]: Version): boolean {
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}

function errorOf(call: EngineRequest, status: number, body: Buffer): EngineError {
  const message = Problem.safeParse(parseJson(body.toString('utf8'))).data?.message;
  const text = message ?? `${call.method} ${call.path} answered ${status}`;
  return new EngineError(faultOf(status, text), text, { status });
}

/** The query parameter `filters`. */
export function filtersOf(filters: Readonly<Record<string, readonly string[]>>): string {
  return JSON.stringify(filters);
}
