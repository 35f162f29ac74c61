/**
 * The API as the resource function calls it: a bounded number of tries within a deadline, and refusals as values that
 * say whether the API has decided. It does not know what the calls are for.
 */
import { z } from 'zod';
import { Problem } from '../../protocol/problem.ts';
import type { AnswerPorts } from './cloudformation.ts';
import { readJson } from './json.ts';

/** The world of the resource function. */
export interface ResourcePorts extends AnswerPorts {
  /** Text of a secret; it may be some minutes old. */
  readonly secret: (id: string) => Promise<string>;
  /** The secret of this id was refused: read it anew the next time. */
  readonly forget: (id: string) => void;
  readonly nowMs: () => number;
}

/** The API has decided against it. */
export class Refused extends Error {
  readonly code: string;
  /** True if the fault is one of the request's fields. */
  readonly hasFields: boolean;

  constructor(code: string, sentence: string, hasFields = false) {
    super(sentence);
    this.name = 'Refused';
    this.code = code;
    this.hasFields = hasFields;
  }
}

/** There was no clear answer in time: what was asked may have been done. */
export class Unanswered extends Error {
  constructor(sentence: string) {
    super(sentence);
    this.name = 'Unanswered';
  }
}

const ANSWER_MS = 20_000;
const TRIES_MAX = 8;
const PAUSE_FIRST_MS = 500;
const PAUSE_MAX_MS = 10_000;
const KEY_TEXT = /^[!-~]{1,200}$/;
/** A status that says: try again. */
const PASSING = [429, 500, 502, 503, 504];

const Found = z.looseObject({ metadata: z.looseObject({ name: z.string() }), spec: z.unknown() });
/** A resource with the version it was read in. */
export type Resource = z.infer<typeof Found> & { readonly etag: string };

interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface ClientOptions {
  readonly url: string;
  readonly keySecret: string;
  /** No try begins after it. */
  readonly deadlineMs: number;
}

export type Client = ReturnType<typeof createClient>;

export function createClient(ports: ResourcePorts, options: ClientOptions) {
  const send = (call: Call) => sendPatiently(ports, options, call);
  return {
    /** Undefined if the API says that it is not there. Any other 404 is of something that is no API of ours. */
    async find(path: string): Promise<Resource | undefined> {
      const found = await send({ method: 'GET', path });
      if (found instanceof Refused && found.code === 'not_found') return undefined;
      return resourceOf(found);
    },
    async create(collection: string, body: unknown, key: string): Promise<Resource | Refused> {
      const headers = { 'idempotency-key': key };
      const answer = await send({ method: 'POST', path: collection, headers, body });
      return answer instanceof Refused ? answer : resourceOf(answer);
    },
    async replace(path: string, body: unknown, etag: string): Promise<Resource | Refused> {
      const answer = await send({ method: 'PUT', path, headers: { 'if-match': etag }, body });
      return answer instanceof Refused ? answer : resourceOf(answer);
    },
    async remove(path: string, etag: string): Promise<Refused | undefined> {
      const answer = await send({ method: 'DELETE', path, headers: { 'if-match': etag } });
      return answer instanceof Refused ? answer : undefined;
    },
    pause: ports.pause,
  };
}

interface Answer {
  readonly status: number;
  readonly etag: string;
  readonly retryMs: number;
  readonly text: string;
}

async function sendPatiently(
  ports: ResourcePorts,
  options: ClientOptions,
  call: Call,
): Promise<Answer | Refused> {
  let last = 'There was no time left to ask the API.';
  let isKeyFresh = false;
  for (let tries = 0; tries < TRIES_MAX && ports.nowMs() < options.deadlineMs; tries += 1) {
    const answer = await sendOnce(ports, options, call);
    let pauseMs = Math.min(PAUSE_FIRST_MS * 2 ** tries, PAUSE_MAX_MS);
    if (typeof answer === 'string') last = answer;
    else if (answer.status === 401 && !isKeyFresh) {
      // The key may have been changed since it was read.
      ports.forget(options.keySecret);
      isKeyFresh = true;
      last = refusalOf(call, answer).message;
      continue;
    } else if (PASSING.includes(answer.status)) {
      last = refusalOf(call, answer).message;
      pauseMs = Math.max(pauseMs, Math.min(answer.retryMs, PAUSE_MAX_MS));
    } else return answer.status < 300 ? answer : refusalOf(call, answer);
    await ports.pause(pauseMs);
  }
  throw new Unanswered(last);
}

/** The answer, or a sentence that says why there is none. */
async function sendOnce(ports: ResourcePorts, options: ClientOptions, call: Call): Promise<Answer | string> {
  const key = await keyOf(ports, options);
  const body = call.body === undefined ? {} : { body: JSON.stringify(call.body) };
  const type: Record<string, string> = call.body === undefined ? {} : { 'content-type': 'application/json' };
  try {
    const response = await ports.fetch(options.url + call.path, {
      method: call.method,
      headers: { authorization: `Bearer ${key}`, ...type, ...call.headers },
      ...body,
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    return {
      status: response.status,
      etag: response.headers.get('etag') ?? '',
      retryMs: Number(response.headers.get('retry-after') ?? 0) * 1_000 || 0,
      text: await response.text(),
    };
  } catch (fault) {
    const cause = fault instanceof Error && fault.cause instanceof Error ? fault.cause : fault;
    const why = cause instanceof Error ? cause.message : 'no answer';
    return `The API at ${options.url} gave no answer to ${call.method} ${call.path}: ${why}.`;
  }
}

/**
 * The text of the secret, if it is one word. Anything else would be refused by whoever makes the header, in a sentence with the
 * secret in it, and that sentence would be shown by CloudFormation.
 */
async function keyOf(ports: ResourcePorts, { keySecret }: ClientOptions): Promise<string> {
  const key = (await ports.secret(keySecret)).trim();
  if (KEY_TEXT.test(key)) return key;
  ports.forget(keySecret);
  throw new Error(`The secret ${keySecret} does not hold the text of an API key, and nothing else.`);
}

function resourceOf(answer: Answer | Refused): Resource {
  if (answer instanceof Refused) throw answer;
  const parsed = Found.safeParse(readJson(answer.text));
  if (!parsed.success)
    throw new Refused('no_api', 'The answer is no resource of Isthmus. Is the URL that of the API?');
  return { ...parsed.data, etag: answer.etag };
}

function refusalOf(call: Call, { status, text }: Answer): Refused {
  const problem = Problem.safeParse(readJson(text)).data;
  if (problem === undefined)
    return new Refused('no_api', `${call.method} ${call.path} got ${status}, and not from Isthmus itself.`);
  const { code, detail, errors = [], instance } = problem;
  const fields = errors
    .filter((fault) => fault.detail !== detail)
    .map((fault) => ` ${fault.pointer}: ${fault.detail}`);
  const request = instance === undefined ? '' : `, request ${instance}`;
  return new Refused(code, `${detail}${fields.join('')} (${code}${request})`, errors.length > 0);
}
