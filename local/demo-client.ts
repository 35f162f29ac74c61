/**
 * A tiny client of the HTTPS API, as any user could write one: it trusts one certificate authority, has one key, and
 * parses each answer with the schema of the contract.
 */
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import type { z } from 'zod';
import { Problem } from '../protocol/problem.ts';

const TIMEOUT_MS = 15_000;
const ANSWER_BYTES_MAX = 4_000_000;

export interface Client {
  get<T>(path: string, schema: z.ZodType<T>): Promise<T>;
  post<T>(path: string, body: unknown, schema: z.ZodType<T>): Promise<T>;
  close(): void;
}

export interface ClientSettings {
  readonly url: string;
  readonly authority: string | undefined;
  readonly key: string;
}

export function createClient(settings: ClientSettings): Client {
  const agent = new Agent({
    keepAlive: true,
    ...(settings.authority === undefined ? {} : { ca: settings.authority }),
  });
  const call = async <T>(method: string, target: { path: string; body?: unknown }, schema: z.ZodType<T>) => {
    const { status, text } = await exchange(
      new URL(target.path, settings.url),
      { method, agent, headers: { authorization: `Bearer ${settings.key}` } },
      target.body,
    );
    const json: unknown = text === '' ? undefined : JSON.parse(text);
    if (status > 299) throw new Error(`${method} ${target.path}: ${sentenceOf(json, status)}`);
    return schema.parse(json);
  };
  return {
    get: (path, schema) => call('GET', { path }, schema),
    post: (path, body, schema) => call('POST', { path, body }, schema),
    close: () => agent.destroy(),
  };
}

function sentenceOf(json: unknown, status: number): string {
  const problem = Problem.safeParse(json);
  return problem.success ? `${problem.data.title}. ${problem.data.detail}` : `status ${status}`;
}

interface Exchange {
  readonly method: string;
  readonly agent: Agent;
  readonly headers: Record<string, string>;
}

function exchange(url: URL, how: Exchange, body: unknown): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? how.headers : { ...how.headers, 'content-type': 'application/json' };
    const sent = request(url, { ...how, headers, timeout: TIMEOUT_MS }, (response) => {
      readText(response).then((text) => resolve({ status: response.statusCode ?? 0, text }), reject);
    });
    sent.on('timeout', () =>
      sent.destroy(new Error(`no answer from ${url.host} in ${TIMEOUT_MS / 1_000} s`)),
    );
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

async function readText(response: IncomingMessage): Promise<string> {
  let text = '';
  response.setEncoding('utf8');
  for await (const piece of response) {
    text += String(piece);
    if (text.length > ANSWER_BYTES_MAX) throw new Error('the answer is too large');
  }
  return text;
}
