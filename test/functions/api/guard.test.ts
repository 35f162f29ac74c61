/** Scenario 13: every operation of the OpenAPI document against every bad principal. Nothing runs, nothing is stored. */
import { beforeAll, describe, expect, test } from 'vitest';
import { type Bench, callAs, createBench, createHost, putKey, type Reply, signedHeaders } from './bench.ts';
import { type Enrolled, enrol, make, SITE, tokenFor, withHub, withSite } from './estates.ts';
import { type Described, operationsOf } from './operations.ts';

let bench: Bench;
let operations: Described[];
let edge: Enrolled;
let hub: Enrolled;
let foreign: string;
let viewer: string;
let operator: string;

beforeAll(async () => {
  bench = await createBench();
  await withSite(bench);
  await make(bench, ['/v1/tenants', 'other']);
  await make(bench, ['/v1/tenants/other/sites', 'berlin'], SITE);
  hub = await withHub(bench);
  edge = await enrol(bench, await tokenFor(bench));
  foreign = await putKey(bench.store, 'other', 'admin');
  viewer = await putKey(bench.store, 'acme', 'viewer');
  operator = await putKey(bench.store, 'acme', 'operator');
  operations = operationsOf((await bench.call('GET', '/openapi.json')).json);
});

const isUsers = ({ security }: Described) => security.some((scheme) => 'apiKey' in scheme);
const isAgents = ({ security }: Described) => security.some((scheme) => 'agentSignature' in scheme);

function pathOf({ path }: Described): string {
  const names: Record<string, string> = { tenant: 'acme', site: 'berlin', hub: 'one', hash: 'a'.repeat(64) };
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => names[name] ?? 'berlin');
}

/** A request that would be fit to run, as far as its form goes. */
function attempt(
  operation: Described,
  key: string | null,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const body = operation.hasBody ? { body: {} } : {};
  return bench.call(operation.method.toUpperCase(), pathOf(operation), {
    key,
    headers: { 'if-match': '"1"', ...headers },
    ...body,
  });
}

/** Every refusal is the one expected, and the store is as before. */
async function expectRefused(
  chosen: (operation: Described) => boolean,
  ask: (operation: Described) => Promise<Reply>,
  codes: readonly string[],
): Promise<void> {
  const subjects = operations.filter(chosen);
  expect(subjects.length).toBeGreaterThan(4);
  const before = bench.snapshot();
  for (const operation of subjects) {
    const reply = await ask(operation);
    expect(codes, `${operation.id}: ${reply.text}`).toContain(reply.json?.code);
  }
  expect(bench.snapshot()).toBe(before);
}

const SECRET = 'f'.repeat(32);
const BAD_KEYS: [string, string | null][] = [
  ['no key', null],
  ['a malformed key', 'isk_nonsense'],
  ['a key of an unknown name', `isk_acme_nobody_${SECRET}`],
  ['a known key with another secret', `isk_*_root_${SECRET}`],
  ['a key with the name of an object member', `isk_acme_constructor_${SECRET}`],
];

describe('scenario 13: operations of users', () => {
  test.each(BAD_KEYS)('refuse %s', async (_, key) => {
    await expectRefused(isUsers, (operation) => attempt(operation, key), ['unauthenticated']);
  });

  test('refuse other schemes than Bearer', async () => {
    const headers = { authorization: `Basic ${Buffer.from('root:x').toString('base64')}` };
    await expectRefused(isUsers, (operation) => attempt(operation, null, headers), ['unauthenticated']);
  });

  test('refuse the signature of an agent', async () => {
    await expectRefused(
      isUsers,
      (operation) => {
        const signed = { method: operation.method.toUpperCase(), path: pathOf(operation) };
        const body = operation.hasBody ? { body: {} } : {};
        return callAs(bench, hub, { ...signed, ...body, headers: { 'if-match': '"1"' } });
      },
      ['unauthenticated'],
    );
  });

  test('refuse a key of another tenant, without telling what there is', async () => {
    const inTenant = (operation: Described) => isUsers(operation) && operation.path.includes('{tenant}');
    await expectRefused(inTenant, (operation) => attempt(operation, foreign), ['not_found']);
  });

  test('of the deployment refuse a key of a tenant', async () => {
    const global = (operation: Described) =>
      isUsers(operation) &&
      !operation.path.includes('{tenant}') &&
      !['whoami', 'canI', 'getDeployment'].includes(operation.id);
    await expectRefused(global, (operation) => attempt(operation, foreign), ['forbidden']);
  });

  test('refuse every write of a viewer', async () => {
    // A question changes nothing, and a token for a cluster neither: there a viewer is what the cluster's own authorization lets it be.
    const writes = (operation: Described) =>
      isUsers(operation) &&
      operation.method !== 'get' &&
      !['createClusterCredential', 'canI', 'previewPolicy'].includes(operation.id);
    await expectRefused(writes, (operation) => attempt(operation, viewer), ['forbidden']);
  });

  test('refuse an operator to write keys, roles, bindings, or tenants', async () => {
    const admin = (operation: Described) =>
      isUsers(operation) && operation.method !== 'get' && /(Key|Tenant|Role|Binding)$/.test(operation.id);
    await expectRefused(admin, (operation) => attempt(operation, operator), ['forbidden']);
  });

  test('refuse a key from the moment that it is deleted', async () => {
    const created = await make(bench, ['/v1/tenants/acme/keys', 'leaver'], { role: 'viewer' });
    const key = created.json.secret;
    expect((await bench.call('GET', '/v1/whoami', { key })).json).toEqual({
      kind: 'key',
      name: 'leaver',
      tenant: 'acme',
      role: 'viewer',
      grants: [{ tenant: 'acme', role: 'viewer' }],
    });
    await bench.call('DELETE', '/v1/tenants/acme/keys/leaver', { headers: { 'if-match': '"1"' } });
    expect((await bench.call('GET', '/v1/whoami', { key })).status).toBe(401);
  });
});

/** An agent's request, with something done to its headers. */
async function asAgent(operation: Described, agent: Enrolled, twist: Twist = {}): Promise<Reply> {
  const method = operation.method.toUpperCase();
  const body = operation.hasBody ? { body: {} } : {};
  const signed = { method, path: pathOf(operation), ...body, ...twist.sign };
  const headers = { ...signedHeaders(bench, agent, signed), ...twist.headers };
  return bench.call(method, `${pathOf(operation)}${twist.query ?? ''}`, { key: null, headers, ...body });
}

interface Twist {
  readonly sign?: { path?: string; method?: string; body?: { [key: string]: string }; aheadSeconds?: number };
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: string;
}

const TWISTS: [string, Twist, string][] = [
  ['no signature', { headers: { signature: '', 'signature-input': '' } }, 'unauthenticated'],
  ['a malformed signature', { headers: { signature: 'isthmus=:AAAA:' } }, 'unauthenticated'],
  ['a signature of zeros', { headers: { signature: `isthmus=:${'A'.repeat(86)}==:` } }, 'unauthenticated'],
  ['a signature of another path', { sign: { path: '/v1/agent/else' } }, 'unauthenticated'],
  ['a signature of another method', { sign: { method: 'PATCH' } }, 'unauthenticated'],
  ['a signature of another body', { sign: { body: { a: 'b' } } }, 'unauthenticated'],
  ['a query that was not signed', { query: '?cursor=1' }, 'unauthenticated'],
  [
    'a digest of another body',
    { headers: { 'content-digest': `sha-256=:${'A'.repeat(43)}=:` } },
    'unauthenticated',
  ],
  ['a clock 61 seconds ahead', { sign: { aheadSeconds: 61 } }, 'clock_skew'],
  ['a clock 61 seconds behind', { sign: { aheadSeconds: -61 } }, 'clock_skew'],
];

describe('scenario 13: operations of agents', () => {
  test.each(TWISTS)('refuse %s', async (_, twist, code) => {
    await expectRefused(isAgents, (operation) => asAgent(operation, hub, twist), [code]);
  });

  test('refuse the key of an admin', async () => {
    await expectRefused(isAgents, (operation) => attempt(operation, foreign), ['unauthenticated']);
  });

  test('refuse an agent that is unknown, and one that signs with another key', async () => {
    const host = createHost();
    for (const id of ['edge.acme.nobody', 'hub.nobody', 'hub.one', edge.id, 'edge.acme', 'hub.one.two'])
      await expectRefused(isAgents, (operation) => asAgent(operation, { id, host }), ['unauthenticated']);
  });

  test('refuse a signature with fewer components or with another algorithm', async () => {
    const good = signedHeaders(bench, hub, { method: 'GET', path: '/v1/agent/document' });
    for (const [from, to] of [
      ['"@path" ', ''],
      ['ed25519', 'hmac-sha256'],
      ['isthmus=', 'sig1='],
      ['"@query" ', ''],
    ]) {
      const input = good['signature-input']?.replace(from ?? '', to ?? '') ?? '';
      expect(input).not.toBe(good['signature-input']);
      await expectRefused(
        isAgents,
        (operation) => asAgent(operation, hub, { headers: { 'signature-input': input } }),
        ['unauthenticated'],
      );
    }
  });

  test('of hubs refuse an edge', async () => {
    for (const operation of operations.filter(({ id }) => ['receiveMessages', 'reportLiveness'].includes(id)))
      expect((await asAgent(operation, edge)).json.code).toBe('forbidden');
  });

  test('take a good signature up to 60 seconds off', async () => {
    const messages = { method: 'GET', path: '/v1/agent/messages' };
    for (const aheadSeconds of [-60, 0, 60])
      expect((await callAs(bench, hub, { ...messages, aheadSeconds })).status).toBe(200);
  });
});
