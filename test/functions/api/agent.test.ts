/** What agents fetch and tell: documents by ETag, leaves of their own manifest only, reports, liveness, messages. */
import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { canonicalJson } from '../../../protocol/canonical.ts';
import type { SignedDocument } from '../../../protocol/document.ts';
import { type Bench, callAs, createBench, createHost, type Reply } from './bench.ts';
import { type Enrolled, edit, enrol, remove, report, tokenFor, withHub, withSite } from './estates.ts';

const EDGE = '/v1/tenants/acme/edges/berlin';

let bench: Bench;
let edge: Enrolled;

beforeEach(async () => {
  bench = await createBench();
  await withSite(bench);
  edge = await enrol(bench, await tokenFor(bench));
});

function get(agent: Enrolled, path: string, headers: Record<string, string> = {}): Promise<Reply> {
  return callAs(bench, agent, { method: 'GET', path: `/v1/agent/${path}`, headers });
}

/** Stores a document of one leaf; the API neither compiles nor signs. */
async function putDocument(agent: string, generation = 1): Promise<{ hash: string; text: string }> {
  const text = canonicalJson({ kind: 'roots', roots: [{ id: agent, publicKey: String(generation) }] });
  const hash = createHash('sha256').update(text).digest('hex');
  bench.blobs.set(hash, text);
  const envelope = { alg: 'ES256' as const, agent, epoch: 1, generation, manifestHash: hash };
  const document: SignedDocument = {
    envelope,
    key: 'k',
    signature: 's',
    manifest: [{ name: 'roots', hash, bytes: text.length }],
  };
  const after = generation === 1 ? undefined : { epoch: 1, generation: generation - 1 };
  await bench.store.writeDocument({ agent, document }, after);
  return { hash, text };
}

describe('the document', () => {
  test('comes with its version as ETag, and says when to come back', async () => {
    await putDocument(edge.id);
    const reply = await get(edge, 'document');
    expect(reply.json.envelope).toMatchObject({ agent: edge.id, epoch: 1, generation: 1 });
    expect([reply.headers.get('etag'), reply.headers.get('isthmus-poll-seconds')]).toEqual(['"1.1"', '30']);
  });

  test('is not sent again to who has it, and is once there is a newer one', async () => {
    await putDocument(edge.id);
    const same = await get(edge, 'document', { 'if-none-match': '"1.1"' });
    expect([same.status, same.text, same.headers.get('etag')]).toEqual([304, '', '"1.1"']);
    expect(same.headers.get('isthmus-poll-seconds')).toBe('30');
    await putDocument(edge.id, 2);
    expect((await get(edge, 'document', { 'if-none-match': '"1.1"' })).headers.get('etag')).toBe('"1.2"');
  });

  test('is nobody else’s', async () => {
    await putDocument(edge.id);
    const other = await enrol(bench, await tokenFor(bench));
    expect((await get(other, 'document')).json.code).toBe('not_found');
  });

  test('is withdrawn with the approval', async () => {
    await putDocument(edge.id);
    await edit(bench, EDGE, { site: 'berlin', approved: false });
    expect((await get(edge, 'document')).status).toBe(404);
  });

  test('of a deleted edge is asked for by nobody that is known', async () => {
    await remove(bench, EDGE);
    expect((await get(edge, 'document')).json.code).toBe('unauthenticated');
  });
});

describe('a leaf', () => {
  test('of the own manifest is the very text that was hashed', async () => {
    const { hash, text } = await putDocument(edge.id);
    expect((await get(edge, `leaves/${hash}`)).text).toBe(text);
  });

  test('of another agent is not found, though it is there', async () => {
    await putDocument(edge.id);
    const hub = await withHub(bench);
    const foreign = await putDocument(hub.id);
    expect((await get(edge, `leaves/${foreign.hash}`)).json.code).toBe('not_found');
    expect((await get(hub, `leaves/${foreign.hash}`)).status).toBe(200);
  });

  test.each(['', 'A'.repeat(64), 'a'.repeat(63), '..%2f..'])('named %s is not found', async (hash) => {
    expect((await get(edge, `leaves/${hash}`)).status).toBe(404);
  });
});

describe('a report', () => {
  test('shows as applied, with its age', async () => {
    await putDocument(edge.id);
    bench.clock.pass(5);
    expect((await report(bench, edge, { applied: { epoch: 1, generation: 1 } })).status).toBe(204);
    const { status } = (await bench.call('GET', EDGE)).json;
    expect(status.applied).toEqual({ epoch: 1, generation: 1, at: bench.clock.now() });
    expect(status.document).toEqual({ epoch: 1, generation: 1 });
    expect(status.conditions).toContainEqual(expect.objectContaining({ type: 'Applied', status: 'True' }));
  });

  test('of nothing new changes no item', async () => {
    const before = (await bench.call('GET', EDGE)).headers.get('etag');
    await report(bench, edge);
    expect((await bench.call('GET', EDGE)).headers.get('etag')).toBe(before);
  });

  test('rotates the WireGuard key, and the log says so', async () => {
    const { wireguardKey } = createHost();
    await report(bench, edge, { wireguardKey });
    const shown = (await bench.call('GET', EDGE)).json;
    expect(shown.status.wireguardKey).toBe(wireguardKey);
    expect(shown.metadata).toMatchObject({ version: 2, generation: 1 });
    expect(bench.snapshot()).toContain('The edge berlin changed its WireGuard key.');
  });

  test('of new adverts is decided anew: registered ones stay, a narrower one never wins', async () => {
    await report(bench, edge, { advertise: ['10.2.0.0/24', '10.1.0.0/25', '11.0.0.0/24'] });
    const { accepted, refused } = (await bench.call('GET', EDGE)).json.status;
    expect(accepted).toEqual(['10.2.0.0/24']);
    const reasons = refused.map(({ reason }: { reason: string }) => reason);
    expect(reasons.sort()).toEqual(['narrower', 'outside_allotment']);
    const site = (await bench.call('GET', '/v1/tenants/acme/sites/berlin')).json;
    expect(site.status.prefixes.map(({ real }: { real: string }) => real)).toEqual([
      '10.1.0.0/24',
      '10.2.0.0/24',
    ]);
  });

  test('of a hub brings its certificate', async () => {
    const hub = await withHub(bench);
    await report(bench, hub, { certificate: 'PEM' });
    expect((await bench.call('GET', '/v1/hubs/one')).json.status.certificate).toBe('PEM');
  });

  test('with an unknown field is refused, and nothing is stored', async () => {
    const before = bench.snapshot();
    const reply = await report(bench, edge, { desired: {} });
    expect(reply.json).toMatchObject({ code: 'invalid', errors: [{ pointer: '/desired' }] });
    expect(bench.snapshot()).toBe(before);
  });
});

describe('liveness', () => {
  const seen = { up: true, handshakeAgeSeconds: 3, receivedBytes: 1, sentBytes: 2, spoofedPackets: 0 };

  test('of all hubs makes the links of an edge', async () => {
    const hubs = [await withHub(bench, 'one'), await withHub(bench, 'two')];
    for (const hub of hubs) {
      const body = { peers: [{ agent: edge.id, ...seen }] };
      expect((await callAs(bench, hub, { method: 'POST', path: '/v1/agent/liveness', body })).status).toBe(
        204,
      );
    }
    const { status } = (await bench.call('GET', EDGE)).json;
    const observedAt = bench.clock.now();
    expect(status.links).toEqual([
      { hub: 'one', ...seen, observedAt },
      { hub: 'two', ...seen, observedAt },
    ]);
    expect(status.conditions).toContainEqual(expect.objectContaining({ type: 'Connected', status: 'True' }));
    const ready = (await bench.call('GET', '/v1/tenants/acme/sites/berlin')).json.status.conditions;
    expect(ready).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }));
  });

  test('in parts counts once all of them are there', async () => {
    const hub = await withHub(bench);
    const send = (index: number, agent: string) =>
      callAs(bench, hub, {
        method: 'POST',
        path: '/v1/agent/liveness',
        body: { part: { round: 0, index, count: 2 }, peers: [{ agent, ...seen }] },
      });
    const links = async () => (await bench.call('GET', EDGE)).json.status.links;
    expect((await send(1, edge.id)).status).toBe(204);
    expect(await links()).toEqual([]);
    expect((await send(0, 'edge.acme.other')).status).toBe(204);
    expect(await links()).toMatchObject([{ ...seen, observedAt: bench.clock.now() }]);
    const beyond = await send(2, edge.id);
    expect(beyond.json).toMatchObject({ code: 'invalid', errors: [{ pointer: '/part/index' }] });
  });

  test('that grows old makes the edge unknown, not down', async () => {
    const hub = await withHub(bench);
    const body = { peers: [{ agent: edge.id, ...seen }] };
    await callAs(bench, hub, { method: 'POST', path: '/v1/agent/liveness', body });
    bench.clock.pass(120);
    const { conditions } = (await bench.call('GET', EDGE)).json.status;
    expect(conditions).toContainEqual(expect.objectContaining({ type: 'Connected', status: 'Unknown' }));
  });
});

describe('messages', () => {
  test('are waited for by the hub’s name, with its cursor and seconds', async () => {
    const asked: unknown[] = [];
    bench = await createBench({
      messages: {
        async wait(...call) {
          asked.push(call);
          return { changed: ['edge.acme.berlin'], cursor: '8' };
        },
      },
    });
    const hub = await withHub(bench);
    expect((await get(hub, 'messages?cursor=7&wait=20')).json).toEqual({
      changed: ['edge.acme.berlin'],
      cursor: '8',
    });
    expect((await get(hub, 'messages?wait=20')).status).toBe(200);
    expect(asked).toEqual([
      ['one', '7', 20],
      ['one', undefined, 20],
    ]);
    expect((await get(hub, 'messages?wait=26')).json).toMatchObject({ errors: [{ pointer: '?wait' }] });
  });
});

test('a report may bring a new WireGuard key, but not one that an agent of any tenant has', async () => {
  const hub = await withHub(bench);
  const stolen = await report(bench, hub, { wireguardKey: edge.host.wireguardKey });
  expect([stolen.status, stolen.json.errors[0].pointer]).toEqual([422, '/wireguardKey']);
  expect((await bench.call('GET', '/v1/hubs/one')).json.status.wireguardKey).toBe(hub.host.wireguardKey);
  expect((await report(bench, hub, { wireguardKey: createHost().wireguardKey })).status).toBe(204);
});
