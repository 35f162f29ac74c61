/** The control plane's API as this program uses it: one request, one parsed answer. It follows no redirect and keeps nothing. */
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { z } from 'zod';
import { parseJson } from '../protocol/json.ts';
import { Principal } from '../protocol/key.ts';
import { Problem } from '../protocol/problem.ts';
import { Tenant } from '../protocol/tenant.ts';
import { type Address, at, type Taking } from './address.ts';
import { Fault, faultKindOf } from './fault.ts';
import type { Profile } from './profile.ts';
import { silenceOf } from './silence.ts';

const TIMEOUT_MS = 30_000;
const ANSWER_BYTES_MAX = 16_000_000;
const PAGES_MAX = 100;

export interface Api {
  get<Schema extends z.ZodType>(address: Address<Taking<'get'>>, schema: Schema): Promise<z.infer<Schema>>;
  /** What an edge told, and when; the time is absent if the control plane does not say. */
  told<Schema extends z.ZodType>(
    address: Address<Taking<'get'>>,
    schema: Schema,
  ): Promise<{ readonly value: z.infer<Schema>; readonly at: string | undefined }>;
  post<Schema extends z.ZodType>(address: Address, schema: Schema, body?: unknown): Promise<z.infer<Schema>>;
  /** Undefined if there is none. */
  find<Schema extends z.ZodType>(
    address: Address<Taking<'get'>>,
    schema: Schema,
  ): Promise<z.infer<Schema> | undefined>;
  /** Replaces the generation that was read, or is refused. */
  put<Schema extends z.ZodType>(
    address: Address,
    schema: Schema,
    change: { readonly body: unknown; readonly generation: number },
  ): Promise<z.infer<Schema>>;
  remove(address: Address, generation: number): Promise<void>;
  /** All pages of a list. */
  list<Schema extends z.ZodType>(address: Address<Taking<'get'>>, item: Schema): Promise<z.infer<Schema>[]>;
  /** The tenant of the profile, or the one that the key belongs to. */
  tenant(): Promise<string>;
}

interface Wanted<Schema extends z.ZodType> {
  readonly schema: Schema;
  readonly body?: unknown;
  readonly generation?: number;
}

/** `bearer` is asked before each request: the profile's key, unless it is said otherwise; none for what anybody may read. */
export function openApi(
  profile: Profile,
  bearer: () => Promise<string | undefined> = async () => profile.key?.trim(),
): Api {
  return apiOver(async (asked) => exchange(profile, asked, await bearer()), profile);
}

/** The API over whatever carries a request: HTTPS, or the control plane in the same process. */
export function apiOver(
  carry: (asked: Exchange) => Promise<Answer>,
  profile: Pick<Profile, 'url' | 'tenant'>,
): Api {
  const read = <Schema extends z.ZodType>({ status, text }: Answer, schema: Schema): z.infer<Schema> => {
    if (status >= 400) throw refusalOf(status, text);
    const parsed = schema.safeParse(text === '' ? undefined : parseJson(text));
    if (parsed.success) return parsed.data;
    throw new Fault(
      'failed',
      `${profile.url} answered something else than this program knows. Is it of another version?`,
    );
  };
  const call = async <Schema extends z.ZodType>(
    method: string,
    { path }: Pick<Address, 'path'>,
    { schema, body, generation }: Wanted<Schema>,
  ): Promise<z.infer<Schema>> => read(await carry({ method, path, body, generation }), schema);
  const ownTenant = async () => {
    return tenantOf(await call('GET', at('/v1/whoami', {}), { schema: Principal }));
  };
  let tenant: Promise<string> | undefined;
  return {
    get: (address, schema) => call('GET', address, { schema }),
    find: async ({ path }, schema) => {
      const answer = await carry({ method: 'GET', path });
      return answer.status === 404 ? undefined : read(answer, schema);
    },
    told: async ({ path }, schema) => {
      const answer = await carry({ method: 'GET', path });
      return { value: read(answer, schema), at: answer.lastModified };
    },
    post: (address, schema, body) => call('POST', address, { schema, body }),
    put: (address, schema, { body, generation }) => call('PUT', address, { schema, body, generation }),
    remove: async (address, generation) => {
      await call('DELETE', address, { schema: z.undefined(), generation });
    },
    list: async ({ path }, item) => {
      const page = z.object({ items: z.array(item), next: z.string().optional() });
      const found: z.infer<typeof item>[] = [];
      let next: string | undefined;
      for (let pages = 0; pages < PAGES_MAX; pages += 1) {
        const query = next === undefined ? '' : `?page=${encodeURIComponent(next)}`;
        const answer = await call('GET', { path: `${path}${query}` }, { schema: page });
        found.push(...answer.items);
        next = answer.next;
        if (next === undefined) return found;
      }
      throw new Fault('failed', `${path} has more than ${PAGES_MAX} pages.`);
    },
    tenant: async () => profile.tenant ?? (tenant ??= ownTenant()),
  };
}

/** The tenant that a caller can only mean. */
function tenantOf({ tenant, grants, issuer, subject }: Principal): string {
  const tenants = new Set(grants.map((one) => one.tenant));
  if (tenant === '')
    throw new Fault('forbidden', `Nobody has given you a role yet. You are ${subject} of ${issuer}.`);
  if (tenant !== '*' && tenants.size < 2) return tenant;
  const why = tenants.has('*')
    ? 'Your key is of the whole deployment'
    : `You have roles in ${[...tenants].join(', ')}`;
  throw new Fault('usage', `${why}: say which tenant by --tenant or ISTHMUS_TENANT.`);
}

/** Asks for the tenant that everything will be about: a name that is wrong is told now, not by the next command. */
export async function confirmTenant(api: Api): Promise<void> {
  await api.get(at('/v1/tenants/{tenant}', { tenant: await api.tenant() }), Tenant);
}

function refusalOf(status: number, text: string): Fault {
  const problem = Problem.safeParse(parseJson(text)).data;
  if (problem === undefined)
    return new Fault('unreachable', `HTTP ${status} from something that is no control plane of Isthmus.`);
  const { title, detail, errors = [] } = problem;
  const each = errors.length < 2 ? [] : errors.map((one) => `  ${one.pointer}: ${one.detail}`);
  return new Fault(faultKindOf(status), [`${title}. ${detail}`, ...each].join('\n'));
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly lastModified: string | undefined;
}

export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  /** For If-Match. */
  readonly generation?: number | undefined;
}

function exchange(
  { url, ca }: Profile,
  { method, path, body, generation }: Exchange,
  bearer: string | undefined,
): Promise<Answer> {
  const origin = new URL(url);
  const text = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const asking = httpsRequest(
      {
        host: origin.hostname.replace(/^\[|\]$/g, ''),
        port: origin.port === '' ? 443 : Number(origin.port),
        method,
        path,
        signal: AbortSignal.timeout(TIMEOUT_MS),
        headers: {
          accept: 'application/json',
          ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
          ...(generation === undefined ? {} : { 'if-match': `"${generation}"` }),
          ...(text === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        },
        ...(ca === undefined ? {} : { ca }),
      },
      (answer) => {
        const { statusCode: status = 0, headers } = answer;
        const lastModified = headers['last-modified'];
        readText(answer).then((read) => resolve({ status, text: read, lastModified }), reject);
      },
    );
    asking.on('error', (cause) => reject(new Fault('unreachable', silenceOf({ url, ca }, cause), { cause })));
    asking.end(text);
  });
}

async function readText(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer) {
    const part = Buffer.from(chunk);
    bytes += part.length;
    if (bytes > ANSWER_BYTES_MAX) throw new Fault('failed', 'The answer is too large.');
    chunks.push(part);
  }
  return Buffer.concat(chunks).toString('utf8');
}
