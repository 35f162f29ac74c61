/** A client of our own API within the process: makes a resource what it should be, by the rules that hold for everybody. */
import { z } from 'zod';
import { canonicalJson, type Json } from '../../protocol/canonical.ts';

/** Tries of one change that somebody else keeps overtaking. */
const TRIES_MAX = 5;
/** What is more than one word, a header does not take, and says so in a sentence with all of it. */
const KEY_TEXT = /^[!-~]{1,200}$/;
const NOT_FOUND = 404;
const EXISTS = 409;
const STALE = 412;

const Shown = z.object({ spec: z.record(z.string(), z.json()) });
const Told = z.object({ detail: z.string() });

export interface Api {
  request(path: string, init: RequestInit): Response | Promise<Response>;
}

export interface ResourceAt {
  /** Path of the list, `/v1/hubs`. */
  readonly collection: string;
  readonly name: string;
}

/** Answers the wanted spec; handed the spec that there is, if there is one. */
export type Change = (spec: Readonly<Record<string, Json>> | undefined) => object;

export interface Client {
  /** To be asked first: with a text that is no key, every other call throws that text. */
  isAdmitted(): Promise<boolean>;
  /** Creates or replaces the resource; writes nothing if it is so already. Throws what the API says against it. */
  ensure(at: ResourceAt, change: Change): Promise<void>;
}

export function createClient(api: Api, { url, key }: { readonly url: string; readonly key: string }): Client {
  const ask = async (
    method: string,
    path: string,
    body?: { readonly json: object; readonly match?: string },
  ) =>
    api.request(new URL(path, url).href, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(body?.match === undefined ? {} : { 'if-match': body.match }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body.json) }),
    });
  const tryOnce = async (at: ResourceAt, change: Change): Promise<Response | 'as wanted'> => {
    const path = `${at.collection}/${at.name}`;
    const found = await ask('GET', path);
    if (found.status === NOT_FOUND)
      return ask('POST', at.collection, { json: { metadata: { name: at.name }, spec: change(undefined) } });
    if (!found.ok) return found;
    const { spec } = Shown.parse(await found.json());
    const wanted = change(spec);
    if (isSame(spec, wanted)) return 'as wanted';
    return ask('PUT', path, { json: { spec: wanted }, match: found.headers.get('etag') ?? '' });
  };
  return {
    isAdmitted: async () => KEY_TEXT.test(key.trim()) && (await ask('GET', '/v1/whoami')).ok,
    async ensure(at, change) {
      for (let tries = 1; ; tries += 1) {
        const answer = await tryOnce(at, change);
        if (answer === 'as wanted' || answer.ok) return;
        const isOvertaken = answer.status === STALE || answer.status === EXISTS;
        if (!isOvertaken || tries === TRIES_MAX) throw new Error(await sentenceOf(at, answer));
      }
    },
  };
}

async function sentenceOf({ collection, name }: ResourceAt, answer: Response): Promise<string> {
  const told = Told.safeParse(await answer.json().catch(() => undefined));
  return `${collection}/${name}: ${told.success ? told.data.detail : `status ${answer.status}`}`;
}

function isSame(spec: Json, wanted: object): boolean {
  const json: Json = JSON.parse(JSON.stringify(wanted));
  return canonicalJson(spec) === canonicalJson(json);
}
