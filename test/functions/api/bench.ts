/** A control plane in memory for the tests of the API: a store, a clock that stands still, agents with real keys. */
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createApi } from '../../../functions/api/app.ts';
import type { ApiDependencies } from '../../../functions/api/dependencies.ts';
import { newItem } from '../../../functions/api/item.ts';
import type { Operation } from '../../../functions/api/operation.ts';
import { createOperations } from '../../../functions/api/operations.ts';
import { formatKey, hashSecret } from '../../../functions/api/secret.ts';
import type { Store } from '../../../functions/store/port.ts';
import { canonicalJson, type Json } from '../../../protocol/canonical.ts';
import { ENROLMENT_CONTEXT } from '../../../protocol/enrolment.ts';
import type { Role } from '../../../protocol/key.ts';
import { Problem } from '../../../protocol/problem.ts';
import { signatureBase, signatureHeaders } from '../../../protocol/signature.ts';
import { memoryStore } from '../../fakes/memory-store.ts';

export const ROOT = { id: '0123456789abcdef', publicKey: 'AAAA' };
export const START = '2026-01-31T12:00:00.000Z';

/** A clock that a test moves, with chance that counts up. */
export class BenchClock {
  #now = Date.parse(START);
  #count = 0;

  now(): string {
    return new Date(this.#now).toISOString();
  }

  pass(seconds: number): void {
    this.#now += seconds * 1_000;
  }

  randomHex(bytes: number): string {
    this.#count += 1;
    return createHash('sha256')
      .update(`chance ${this.#count}`)
      .digest('hex')
      .slice(0, bytes * 2);
  }
}

export interface Bench {
  readonly api: ReturnType<typeof createApi>;
  readonly store: Store;
  readonly clock: BenchClock;
  readonly blobs: Map<string, string>;
  readonly failures: unknown[];
  /** Everything that is stored, to see that a refused request changed none of it. */
  snapshot(): string;
  /** A request as the deployment's admin, unless `key` says otherwise. */
  call(method: string, path: string, options?: CallOptions): Promise<Reply>;
}

export interface CallOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly key?: string | null;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The answer as JSON; tests look into it freely. */
  readonly json: ReturnType<typeof JSON.parse>;
}

const SECRET = '0123456789abcdef0123456789abcdef';
export const ADMIN = formatKey({ tenant: '*', name: 'root', secret: SECRET });

/** Puts an API key into the store. */
export async function putKey(store: Store, tenant: string, name: Role): Promise<string> {
  const content = {
    spec: { role: name, description: '' },
    status: {},
    internal: { secretHash: hashSecret(SECRET) },
  };
  await put(store, { kind: 'key', tenant, name }, content);
  return formatKey({ tenant, name, secret: SECRET });
}

async function put(
  store: Store,
  key: { kind: 'key'; tenant: string; name: string },
  content: { spec: { role: Role; description: string }; status: object; internal: { secretHash: string } },
): Promise<void> {
  const cause = { actor: 'system', requestId: 'bootstrap', now: START };
  const item = newItem<'key'>({ key, ...content, status: {} }, cause, {
    action: 'create',
    detail: 'Bootstrap.',
  });
  await store.create({ ...item, outbox: [] });
}

export async function createBench(over: Partial<ApiDependencies> = {}): Promise<Bench> {
  const written = new Map<string, string>();
  const store = over.store ?? recording(memoryStore(), written);
  const clock = new BenchClock();
  const blobs = new Map<string, string>();
  const failures: unknown[] = [];
  const content = {
    spec: { role: 'admin' as const, description: '' },
    status: {},
    internal: { secretHash: hashSecret(SECRET) },
  };
  await put(store, { kind: 'key', tenant: '*', name: 'root' }, content);
  const dependencies: ApiDependencies = {
    store,
    clock,
    blobs: { get: async (hash) => blobs.get(hash) },
    deployment: { pools: ['100.64.0.0/10'], domain: 'isthmus.internal', roots: [ROOT], pollSeconds: 30 },
    version: '0.1.0',
    tokenSecret: async () => 'a server secret of many characters',
    installLine: ({ secretFile, role }) => `install --token-file ${secretFile} --role ${role}`,
    messages: { wait: async (_, cursor) => ({ changed: [], cursor: cursor ?? '0' }) },
    onFailure: ({ error }) => failures.push(error),
    ...over,
  };
  const api = createApi(dependencies);
  const operations = createOperations(dependencies);
  return {
    api,
    store,
    clock,
    blobs,
    failures,
    snapshot: () => JSON.stringify([...written].map(String).sort()),
    async call(method, path, options = {}) {
      const reply = await send(api, method, { path, ...options });
      expectPromised(operations, { method, path }, reply);
      return reply;
    },
  };
}

/** A store that remembers the last value written under each key. */
function recording(store: Store, written: Map<string, string>): Store {
  const note = <T>(name: string, key: unknown, value: T) =>
    written.set(`${name} ${JSON.stringify(key)}`, JSON.stringify(value));
  return {
    ...store,
    async create(item) {
      const outcome = await store.create(item);
      if (outcome === 'written') note('item', item.key, item);
      return outcome;
    },
    async replace(item) {
      const outcome = await store.replace(item);
      if (outcome === 'written') note('item', item.key, item);
      return outcome;
    },
    async writeLedger(ledger) {
      const outcome = await store.writeLedger(ledger);
      if (outcome === 'written') note('ledger', ledger.block, ledger);
      return outcome;
    },
    async claimHost(host, tenant) {
      const outcome = await store.claimHost(host, tenant);
      if (outcome === 'claimed') note('host', host, tenant);
      return outcome;
    },
    async writeReport(agent, at, report) {
      await store.writeReport(agent, at, report);
      note('report', agent, { at, report });
    },
    async writeLiveness(hub, at, liveness) {
      await store.writeLiveness(hub, at, liveness);
      note('liveness', hub, { at, liveness });
    },
    async writeTold(cluster, part, told) {
      await store.writeTold(cluster, part, told);
      note('told', [cluster, part], told);
    },
    async writeEvent(event) {
      await store.writeEvent(event);
      // A refusal may be told, and changes nothing else.
      if (event.result !== 'refused') note('event', event.id, event);
    },
  };
}

/** Every answer of every test is held to the schema that OpenAPI promises for it; the schemas are strict. */
function expectPromised(
  operations: readonly Operation[],
  { method, path }: { method: string; path: string },
  reply: Reply,
): void {
  if (reply.status >= 400) Problem.parse(reply.json);
  const [pathname = ''] = path.split('?');
  const operation = operations.find(
    ({ docs }) =>
      docs.method === method.toLowerCase() &&
      new RegExp(`^${docs.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(pathname),
  );
  const promised = operation?.docs.answers.find(({ status }) => status === reply.status);
  if (operation !== undefined && reply.status < 400 && promised === undefined)
    throw new Error(`${operation.docs.id} does not promise ${reply.status}`);
  promised?.schema?.parse(promised.mediaType === undefined ? reply.json : reply.text);
}

async function send(
  api: Bench['api'],
  method: string,
  options: CallOptions & { path: string },
): Promise<Reply> {
  const { path, body, headers = {}, key = ADMIN } = options;
  const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
  const bearer: Record<string, string> = key === null ? {} : { authorization: `Bearer ${key}` };
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const init = { method, headers: { ...type, ...bearer, ...headers } };
  const response = await api.request(path, body === undefined ? init : { ...init, body: text });
  return readReply(response);
}

export async function readReply(response: Response): Promise<Reply> {
  const text = await response.text();
  const isJson = /json(;|$)/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson ? JSON.parse(text) : undefined,
  };
}

/** A host that enrols: its identity and what it says of itself. */
export interface Host {
  readonly identityKey: string;
  readonly privateKey: KeyObject;
  readonly wireguardKey: string;
}

export function createHost(): Host {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const identityKey = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  const wireguardKey = createHash('sha256').update(identityKey).digest('base64');
  return { identityKey, privateKey, wireguardKey };
}

export function enrolmentOf(host: Host, token: string, advertise: readonly string[] = []) {
  return statedBy(host, { token, advertise });
}

/** A statement of the host, with the signature that proves its key. */
export function statedBy<More extends Readonly<Record<string, Json>>>(host: Host, more: More) {
  const { identityKey, wireguardKey } = host;
  const statement = { identityKey, wireguardKey, hostname: 'host-1', version: '0.1.0', ...more };
  const text = Buffer.from(ENROLMENT_CONTEXT + canonicalJson(statement));
  return { statement, proof: sign(null, text, host.privateKey).toString('base64') };
}

export interface SignOptions {
  readonly method: string;
  readonly path: string;
  readonly body?: Json;
  /** Seconds by which the agent's clock is ahead. */
  readonly aheadSeconds?: number;
}

/** The three headers of a request signed by the agent. */
export function signedHeaders(bench: Bench, agent: { id: string; host: Host }, options: SignOptions) {
  const [path = '', query] = options.path.split('?');
  const body = options.body === undefined ? '' : JSON.stringify(options.body);
  const request = {
    method: options.method,
    path,
    query: query === undefined ? '' : `?${query}`,
    bodySha256: createHash('sha256').update(body).digest('base64'),
  };
  const now = Math.floor(Date.parse(bench.clock.now()) / 1_000);
  const parameters = { createdSeconds: now + (options.aheadSeconds ?? 0), keyId: agent.id };
  const signature = sign(null, Buffer.from(signatureBase(request, parameters)), agent.host.privateKey);
  return signatureHeaders(request, parameters, signature.toString('base64'));
}

/** A signed request of an agent. */
export async function callAs(
  bench: Bench,
  agent: { id: string; host: Host },
  options: SignOptions & { headers?: Record<string, string> },
) {
  const headers = { ...options.headers, ...signedHeaders(bench, agent, options) };
  const body = options.body === undefined ? {} : { body: options.body };
  return bench.call(options.method, options.path, { key: null, headers, ...body });
}
