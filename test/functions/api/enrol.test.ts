/** Enrolment: scenarios 1 (a stolen token) and 2 (a replayed enrolment), and what a token buys. */
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Bench, callAs, createBench, createHost, enrolmentOf, type Host, type Reply } from './bench.ts';
import { edit, enrol, hubTokenFor, make, remove, SITE, tokenFor, withHub, withSite } from './estates.ts';

const EDGES = '/v1/tenants/acme/edges';

let bench: Bench;

beforeEach(async () => {
  bench = await createBench();
  await withSite(bench);
});

function send(body: unknown, on = bench): Promise<Reply> {
  return on.call('POST', '/v1/enrol', { key: null, body });
}

describe('scenario 1: a stolen enrolment token', () => {
  test('of N parallel redemptions by different keys, one succeeds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 12 }), async (count) => {
        const own = await createBench();
        await withSite(own);
        const token = await tokenFor(own);
        const bodies = Array.from({ length: count }, () => enrolmentOf(createHost(), token));
        const replies = await Promise.all(bodies.map((body) => send(body, own)));
        expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
        const others = replies.filter(({ status }) => status !== 200).map(({ json }) => json.code);
        expect(new Set(others)).toEqual(new Set(['token_used']));
        expect((await own.call('GET', EDGES)).json.items).toHaveLength(1);
        expect(own.failures).toEqual([]);
      }),
      { numRuns: 15, seed: 1 },
    );
  });

  test('without approval in the token, the edge waits, gets no document, and nothing is exposed', async () => {
    const agent = await enrol(bench, await tokenFor(bench, { approve: false }), {
      advertise: ['10.2.0.0/24'],
    });
    const edge = (await bench.call('GET', `${EDGES}/berlin`)).json;
    expect(edge.spec).toEqual({ site: 'berlin', approved: false, quarantined: false });
    expect(edge.status.accepted).toEqual(['10.2.0.0/24']);
    const site = (await bench.call('GET', '/v1/tenants/acme/sites/berlin')).json;
    expect(site.status.prefixes.map(({ real }: { real: string }) => real)).toEqual(['10.1.0.0/24']);
    const document = await callAs(bench, agent, { method: 'GET', path: '/v1/agent/document' });
    expect([document.status, document.json.code]).toEqual([404, 'not_found']);
    expect(document.headers.get('isthmus-poll-seconds')).toBe('5');
  });

  test('an approval exposes what the edge advertised', async () => {
    await enrol(bench, await tokenFor(bench, { approve: false }), { advertise: ['10.2.0.0/24'] });
    const reply = await edit(bench, `${EDGES}/berlin`, { site: 'berlin', approved: true });
    expect(reply.status, reply.text).toBe(200);
    const site = (await bench.call('GET', '/v1/tenants/acme/sites/berlin')).json;
    const reals = site.status.prefixes.map(({ real }: { real: string }) => real);
    expect(reals).toEqual(['10.1.0.0/24', '10.2.0.0/24']);
  });

  test('the log of the edge tells of the enrolment, without the secret', async () => {
    const token = await tokenFor(bench);
    await enrol(bench, token);
    const stored = bench.snapshot();
    expect(stored).toContain('Edge berlin enrolled at berlin from host host-1');
    expect(stored).not.toContain(token.slice(-32));
  });
});

describe('scenario 2: a replayed enrolment', () => {
  test('duplicates and reorders of the same request get the same answer, once', async () => {
    const token = await tokenFor(bench);
    const body = enrolmentOf(createHost(), token, ['10.2.0.0/24']);
    const replies = await Promise.all(Array.from({ length: 8 }, () => send(body)));
    const late = await send(body);
    expect(new Set([...replies, late].map(({ text }) => text)).size).toBe(1);
    expect(late.json).toMatchObject({ agent: 'edge.acme.berlin', role: 'edge', approved: true });
    expect((await bench.call('GET', EDGES)).json.items).toHaveLength(1);
  });

  test('also after the token has expired, since the first answer may have been lost', async () => {
    const body = enrolmentOf(createHost(), await tokenFor(bench));
    const first = await send(body);
    bench.clock.pass(7_200);
    expect((await send(body)).text).toBe(first.text);
  });

  test('by another key is token_used', async () => {
    const token = await tokenFor(bench);
    await enrol(bench, token);
    expect((await send(enrolmentOf(createHost(), token))).json).toMatchObject({
      code: 'token_used',
      status: 409,
    });
  });

  test('does not bring back an edge that was deleted', async () => {
    const body = enrolmentOf(createHost(), await tokenFor(bench));
    await send(body);
    expect((await remove(bench, `${EDGES}/berlin`)).status).toBe(204);
    expect((await send(body)).json.code).toBe('token_invalid');
  });
});

describe('a token that is not good', () => {
  const sabotage: [string, (token: string, host: Host) => unknown, string][] = [
    [
      'altered in its secret',
      (token, host) => enrolmentOf(host, `${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}`),
      'token_invalid',
    ],
    [
      'of another tenant',
      (token, host) => enrolmentOf(host, token.replace('_acme_', '_other_')),
      'token_invalid',
    ],
    ['that is no token', (_, host) => enrolmentOf(host, 'ist_acme'), 'token_invalid'],
    [
      'with a foreign proof',
      (token, host) => ({ ...enrolmentOf(host, token), proof: enrolmentOf(createHost(), token).proof }),
      'proof_invalid',
    ],
    [
      'with a proof of other words',
      (token, host) => ({
        statement: { ...enrolmentOf(host, token).statement, hostname: 'else' },
        proof: enrolmentOf(host, token).proof,
      }),
      'proof_invalid',
    ],
    [
      'with a key that is none',
      (token, host) => ({
        ...enrolmentOf(host, token),
        statement: { ...enrolmentOf(host, token).statement, identityKey: 'AAAA' },
      }),
      'proof_invalid',
    ],
    ['with an unknown field', (token, host) => ({ ...enrolmentOf(host, token), role: 'hub' }), 'invalid'],
  ];

  test.each(sabotage)('%s is refused, and nothing is stored', async (_, build, code) => {
    const token = await tokenFor(bench);
    const before = bench.snapshot();
    expect((await send(build(token, createHost()))).json.code).toBe(code);
    expect(bench.snapshot()).toBe(before);
  });

  test('expired is refused, and nothing is stored', async () => {
    const token = await tokenFor(bench, { minutes: 1 });
    bench.clock.pass(60);
    const before = bench.snapshot();
    expect((await send(enrolmentOf(createHost(), token))).json.code).toBe('token_expired');
    expect(bench.snapshot()).toBe(before);
  });

  test('of a site that is gone is refused, also once there is a successor', async () => {
    const token = await tokenFor(bench);
    expect((await remove(bench, '/v1/tenants/acme/sites/berlin')).status).toBe(204);
    expect((await send(enrolmentOf(createHost(), token))).json.code).toBe('token_invalid');
    const key = { kind: 'site', tenant: 'acme', name: 'berlin' } as const;
    await bench.store.purge(key, (await bench.store.get(key))?.version ?? 0);
    await make(bench, ['/v1/tenants/acme/sites', 'berlin'], SITE);
    expect((await send(enrolmentOf(createHost(), token))).json.code).toBe('token_invalid');
  });
});

describe('an edge', () => {
  test('is named after its site, the next one with a number, and each has an address of its own', async () => {
    const agents = [];
    for (let count = 0; count < 3; count += 1) agents.push(await enrol(bench, await tokenFor(bench)));
    expect(agents.map(({ id }) => id)).toEqual([
      'edge.acme.berlin',
      'edge.acme.berlin-2',
      'edge.acme.berlin-3',
    ]);
    const edges = (await bench.call('GET', EDGES)).json.items;
    const addresses = edges.map((edge: { status: { tunnelAddress: string } }) => edge.status.tunnelAddress);
    expect(new Set(addresses).size).toBe(3);
  });

  test('of tokens that race gets a name of its own', async () => {
    const tokens = await Promise.all(Array.from({ length: 5 }, () => tokenFor(bench)));
    const agents = await Promise.all(tokens.map((token) => enrol(bench, token)));
    expect(new Set(agents.map(({ id }) => id)).size).toBe(5);
    const listed = (await bench.call('GET', '/v1/tenants/acme/tokens')).json.items;
    const used = listed.map((token: { status: { usedBy: string } }) => token.status.usedBy);
    expect(used.sort()).toEqual(agents.map(({ id }) => id).sort());
  });

  test('that enrols again with its own key and a new token stays who it is', async () => {
    const agent = await enrol(bench, await tokenFor(bench));
    const renewed = { ...agent.host, wireguardKey: createHost().wireguardKey };
    const again = await enrol(bench, await tokenFor(bench), { host: renewed });
    expect(again.id).toBe(agent.id);
    const edge = (await bench.call('GET', `${EDGES}/berlin`)).json;
    expect(edge.status.wireguardKey).toBe(renewed.wireguardKey);
  });

  test('is refused what lies outside the allotment or the token', async () => {
    const token = await tokenFor(bench, { prefixes: ['10.2.0.0/16'] });
    await enrol(bench, token, { advertise: ['0.0.0.0/0', '11.0.0.0/24', '10.3.0.0/24', '10.2.5.0/24'] });
    const { accepted, refused } = (await bench.call('GET', `${EDGES}/berlin`)).json.status;
    expect(accepted).toEqual(['10.2.5.0/24']);
    const reasons = refused.map(
      ({ prefix, reason }: { prefix: string; reason: string }) => `${prefix} ${reason}`,
    );
    expect(reasons.sort()).toEqual([
      '0.0.0.0/0 too_wide',
      '10.3.0.0/24 outside_token',
      '11.0.0.0/24 outside_allotment',
    ]);
  });
});

describe('a hub', () => {
  test('gets its keys by a token, and its address from its creation on', async () => {
    const created = await make(bench, ['/v1/hubs', 'one'], { endpoint: '198.51.100.10:51820' });
    const agent = await enrol(bench, await hubTokenFor(bench, 'one'));
    expect(agent.id).toBe('hub.one');
    const hub = (await bench.call('GET', '/v1/hubs/one')).json;
    expect(hub.status.wireguardKey).toBe(agent.host.wireguardKey);
    expect(hub.status.tunnelAddress).toBe(created.json.status.tunnelAddress);
  });

  test('replaced by a new token: the old key is out, and its token cannot bring it back', async () => {
    await make(bench, ['/v1/hubs', 'one'], { endpoint: '198.51.100.10:51820' });
    const token = await hubTokenFor(bench, 'one');
    const old = await enrol(bench, token);
    const successor = await enrol(bench, await hubTokenFor(bench, 'one'));
    expect((await send(enrolmentOf(old.host, token))).json.code).toBe('token_invalid');
    const path = '/v1/agent/messages';
    expect((await callAs(bench, old, { method: 'GET', path })).status).toBe(401);
    expect((await callAs(bench, successor, { method: 'GET', path })).status).toBe(200);
    expect(bench.snapshot()).toContain('The keys of the host before were replaced.');
  });

  test('is not what an edge token makes', async () => {
    await withHub(bench);
    const agent = await enrol(bench, await tokenFor(bench));
    expect(agent.id).toBe('edge.acme.berlin');
  });
});
