/** The HTTPS API as the live tests use it: JSON in, JSON out, the problem kept when something is refused. */
import { request } from 'node:https';
import { z } from 'zod';
import { parseJson } from '../../protocol/json.ts';
import { Problem } from '../../protocol/problem.ts';

const TIMEOUT_MS = 40_000;

export interface Answer {
  readonly status: number;
  readonly etag: string | undefined;
  readonly text: string;
}

/** A refusal of the API, with its problem. */
export class ApiRefused extends Error {
  override readonly name = 'ApiRefused';
  readonly status: number;
  readonly problem: Problem | undefined;
  constructor(what: string, answer: Answer) {
    super(`${what}: ${answer.status} ${answer.text}`);
    this.status = answer.status;
    const parsed = Problem.safeParse(parseJson(answer.text));
    this.problem = parsed.success ? parsed.data : undefined;
  }
}

export interface ApiClientSettings {
  readonly url: string;
  readonly ca: string;
  readonly key: string;
}

const Versioned = z.looseObject({
  metadata: z.looseObject({ generation: z.int() }),
  spec: z.looseObject({}),
});

export type ApiClient = ReturnType<typeof createApiClient>;

export function createApiClient(settings: ApiClientSettings) {
  const send = (
    method: string,
    path: string,
    call: { body?: unknown; headers?: Record<string, string> } = {},
  ) => exchange(settings, { method, path, body: call.body, headers: call.headers ?? {} });
  const good = async (
    method: string,
    path: string,
    call: { body?: unknown; headers?: Record<string, string> } = {},
  ) => {
    const answer = await send(method, path, call);
    if (answer.status >= 300) throw new ApiRefused(`${method} ${path}`, answer);
    return answer;
  };
  const get = async <T>(path: string, schema: z.ZodType<T>): Promise<T> =>
    schema.parse(parseJson((await good('GET', path)).text));
  return {
    send,
    get,
    create: async <T>(path: string, body: unknown, schema: z.ZodType<T>): Promise<T> =>
      schema.parse(parseJson((await good('POST', path, { body })).text)),
    /** Reads, changes the spec, and writes with the ETag that was read. */
    change: async (path: string, change: (spec: Record<string, unknown>) => Record<string, unknown>) => {
      const read = await get(path, Versioned);
      const headers = { 'if-match': `"${read.metadata.generation}"` };
      await good('PUT', path, { body: { spec: change(read.spec) }, headers });
    },
    remove: async (path: string) => {
      const read = await get(path, Versioned);
      await good('DELETE', path, { headers: { 'if-match': `"${read.metadata.generation}"` } });
    },
  };
}

interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly headers: Record<string, string>;
}

function exchange(settings: ApiClientSettings, call: Exchange): Promise<Answer> {
  const body = call.body === undefined ? undefined : JSON.stringify(call.body);
  return new Promise((resolve, reject) => {
    const sent = request(
      new URL(call.path, settings.url),
      {
        method: call.method,
        ca: settings.ca,
        timeout: TIMEOUT_MS,
        headers: {
          authorization: `Bearer ${settings.key}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...call.headers,
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (piece: string) => {
          text += piece;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, etag: response.headers.etag, text }),
        );
      },
    );
    sent.on('timeout', () => sent.destroy(new Error(`${call.method} ${call.path}: no answer in time`)));
    sent.on('error', reject);
    sent.end(body);
  });
}
