/** Keys and tokens: shown once, stored as hashes, the same again under the same Idempotency-Key. */
import { beforeEach, describe, expect, test } from 'vitest';
import { type Bench, createBench, createHost, enrolmentOf } from './bench.ts';
import { enrol, make, tokenFor, withSite } from './estates.ts';

const TOKENS = '/v1/tenants/acme/tokens';
const BODY = { spec: { site: 'berlin' } };

let bench: Bench;

beforeEach(async () => {
  bench = await createBench();
  await withSite(bench);
});

describe('a token', () => {
  test('is shown once, with the command to run, and stored as a hash', async () => {
    const created = await bench.call('POST', TOKENS, { body: BODY });
    const { secret, install, ...token } = created.json;
    expect(secret).toMatch(/^ist_acme_t[0-9a-f]{12}_[0-9a-f]{32}$/);
    expect(install).toBe('install --token-file isthmus.token --role edge');
    expect(token).toMatchObject({
      spec: { site: 'berlin', approve: false, minutes: 60 },
      status: { state: 'unused', expiresAt: '2026-01-31T13:00:00.000Z' },
    });
    const read = await bench.call('GET', `${TOKENS}/${token.metadata.name}`);
    expect(read.json).toEqual(token);
    expect(bench.snapshot()).not.toContain(secret.slice(-32));
  });

  test('without an Idempotency-Key is another one each time', async () => {
    expect(await tokenFor(bench)).not.toBe(await tokenFor(bench));
  });

  test('under the same Idempotency-Key is the same, secret included; with another request it is a conflict', async () => {
    const headers = { 'idempotency-key': 'once' };
    const first = await bench.call('POST', TOKENS, { body: BODY, headers });
    const replies = await Promise.all(
      [1, 2, 3].map(() => bench.call('POST', TOKENS, { body: BODY, headers })),
    );
    for (const reply of replies) expect(reply.text).toBe(first.text);
    const other = await bench.call('POST', TOKENS, {
      body: { spec: { site: 'berlin', minutes: 5 } },
      headers,
    });
    expect(other.json.code).toBe('idempotency_conflict');
    expect((await bench.call('GET', TOKENS)).json.items).toHaveLength(1);
  });

  test('under the same Idempotency-Key of another principal is another one', async () => {
    const headers = { 'idempotency-key': 'once' };
    const key = (await make(bench, ['/v1/tenants/acme/keys', 'ops'], { role: 'operator' })).json.secret;
    const first = await bench.call('POST', TOKENS, { body: BODY, headers });
    const second = await bench.call('POST', TOKENS, { body: BODY, headers, key });
    expect(second.status).toBe(201);
    expect(second.json.secret).not.toBe(first.json.secret);
  });

  test('tells whether it was used, and by whom; or that it has expired', async () => {
    await enrol(bench, await tokenFor(bench));
    await tokenFor(bench, { minutes: 1 });
    bench.clock.pass(60);
    const states = (await bench.call('GET', TOKENS)).json.items.map(
      (token: { status: object }) => token.status,
    );
    expect(states).toContainEqual(expect.objectContaining({ state: 'used', usedBy: 'edge.acme.berlin' }));
    expect(states).toContainEqual(expect.objectContaining({ state: 'expired' }));
  });

  test('that was deleted buys nothing', async () => {
    const created = await bench.call('POST', TOKENS, { body: BODY });
    const path = `${TOKENS}/${created.json.metadata.name}`;
    expect((await bench.call('DELETE', path, { headers: { 'if-match': '"1"' } })).status).toBe(204);
    const body = enrolmentOf(createHost(), created.json.secret);
    expect((await bench.call('POST', '/v1/enrol', { key: null, body })).json.code).toBe('token_invalid');
  });

  test('of a hub is listed with its hub only', async () => {
    for (const name of ['one', 'two'])
      await make(bench, ['/v1/hubs', name], { endpoint: '198.51.100.10:51820' });
    const created = await bench.call('POST', '/v1/hubs/one/tokens', { body: { spec: {} } });
    expect(created.json.secret).toMatch(/^ist_\*_t/);
    expect((await bench.call('GET', '/v1/hubs/one/tokens')).json.items).toHaveLength(1);
    expect((await bench.call('GET', '/v1/hubs/two/tokens')).json.items).toHaveLength(0);
    const name = created.json.metadata.name;
    expect((await bench.call('GET', `/v1/hubs/two/tokens/${name}`)).json.code).toBe('not_found');
  });
});

describe('an API key', () => {
  test.each([
    ['/v1/keys', 'isk_*_ci_', '*'],
    ['/v1/tenants/acme/keys', 'isk_acme_ci_', 'acme'],
  ])('of %s is shown once, works, and is stored as a hash', async (path, start, tenant) => {
    const created = await make(bench, [path, 'ci'], { role: 'viewer' });
    const { secret, ...key } = created.json;
    expect(secret.startsWith(start)).toBe(true);
    expect((await bench.call('GET', `${path}/ci`)).json).toEqual(key);
    expect((await bench.call('GET', '/v1/whoami', { key: secret })).json).toEqual({
      kind: 'key',
      name: 'ci',
      tenant,
      role: 'viewer',
      grants: [{ tenant, role: 'viewer' }],
    });
    expect(bench.snapshot()).not.toContain(secret.slice(-32));
  });

  test('under the same Idempotency-Key has the same secret', async () => {
    const body = { metadata: { name: 'ci' }, spec: { role: 'viewer' } };
    const headers = { 'idempotency-key': 'once' };
    const first = await bench.call('POST', '/v1/keys', { body, headers });
    expect((await bench.call('POST', '/v1/keys', { body, headers })).text).toBe(first.text);
  });
});

describe('events', () => {
  test('are listed the newest first, in pages, each tenant its own', async () => {
    const event = { actor: 'system', action: 'create', kind: 'site', name: 'x', detail: 'A thing.' } as const;
    for (const [index, tenant] of ['acme', '*', 'acme', 'acme'].entries())
      await bench.store.writeEvent({
        id: `e${index}`,
        time: `2026-01-31T12:00:0${index}.000Z`,
        tenant,
        ...event,
      });
    const page = await bench.call('GET', '/v1/tenants/acme/events?limit=2');
    const next = await bench.call('GET', `/v1/tenants/acme/events?limit=2&page=${page.json.next}`);
    const ids = [...page.json.items, ...next.json.items].map(({ id }: { id: string }) => id);
    expect(ids).toEqual(['e3', 'e2', 'e0']);
    expect((await bench.call('GET', '/v1/events')).json.items.map(({ id }: { id: string }) => id)).toEqual([
      'e1',
    ]);
    expect((await bench.call('GET', '/v1/tenants/nobody/events')).json.code).toBe('not_found');
  });
});

describe('what everybody may know', () => {
  test('the deployment, the roots, and that the API answers', async () => {
    const deployment = (await bench.call('GET', '/v1/deployment')).json;
    expect(deployment).toMatchObject({
      pools: ['100.64.0.0/10'],
      domain: 'isthmus.internal',
      version: '0.1.0',
    });
    const roots = await bench.call('GET', '/v1/roots', { key: null });
    expect(roots.json).toEqual({ roots: deployment.roots });
    expect((await bench.call('GET', '/healthz', { key: null })).json).toEqual({ status: 'ok' });
  });

  test('every answer has a request id of its own and the headers that keep browsers in bounds', async () => {
    const replies = await Promise.all([bench.call('GET', '/v1/tenants'), bench.call('GET', '/v1/none')]);
    for (const { headers } of replies)
      expect([headers.get('cache-control'), headers.get('x-content-type-options')]).toEqual([
        'no-store',
        'nosniff',
      ]);
    const ids = replies.map(({ headers }) => headers.get('isthmus-request-id'));
    expect(new Set(ids).size).toBe(2);
    expect(ids.every((id) => id?.match(/^[0-9a-f]{32}$/))).toBe(true);
  });
});
