/** Clusters: made by the edge that holds them, used by whom their access names, told of by their edge alone. */
import { createPublicKey, verify } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '../../../protocol/canonical.ts';
import { ClusterFacts } from '../../../protocol/cluster.ts';
import { ClusterTokenClaims } from '../../../protocol/cluster-token.ts';
import type { ClusterLeaf } from '../../../protocol/document.ts';
import { type Bench, callAs, createBench, putKey, type Reply } from './bench.ts';
import { compiledLeaf } from './cluster-leaf.ts';
import { type Enrolled, edit, enrol, make, remove, tokenFor, withHub, withSite } from './estates.ts';

const CLUSTER = '/v1/tenants/acme/clusters/prod';
const ATTACHMENT = { kind: 'kubernetes', authority: 'PEM' };
const NOTHING = { cpuMillis: 0, memoryMib: 0, pods: 0 };
const FACTS = ClusterFacts.parse({
  version: 'v1.34.4',
  capacity: NOTHING,
  allocatable: NOTHING,
  nodes: [],
  statements: [{ type: 'Reachable', status: 'True', reason: 'Answers', message: 'The API server answers.' }],
});

let bench: Bench;
let edge: Enrolled;

beforeEach(async () => {
  bench = await createBench();
  await withSite(bench);
  edge = await enrol(bench, await tokenFor(bench));
});

function attach(agent: Enrolled, name = 'prod', body: object = ATTACHMENT): Promise<Reply> {
  return callAs(bench, agent, { method: 'POST', path: `/v1/agent/clusters/${name}`, body: { ...body } });
}

function tell(agent: Enrolled, body: Json, name = 'prod'): Promise<Reply> {
  return callAs(bench, agent, { method: 'POST', path: `/v1/agent/clusters/${name}/report`, body });
}

const leafOf = (agent: Enrolled): Promise<ClusterLeaf> => compiledLeaf(bench, agent.id);

describe('attaching', () => {
  test('makes the cluster at the site of the edge, and the same again changes nothing', async () => {
    const first = await attach(edge);
    expect([first.status, first.json]).toEqual([
      200,
      { tenant: 'acme', site: 'berlin', host: 'prod.acme.clusters.isthmus.internal' },
    ]);
    const before = bench.snapshot();
    expect((await attach(edge)).json).toEqual(first.json);
    expect(bench.snapshot()).toBe(before);
    const shown = await bench.call('GET', CLUSTER);
    expect(shown.json.spec).toEqual({
      site: 'berlin',
      access: {
        viewer: ['isthmus:viewers'],
        operator: ['isthmus:operators'],
        admin: ['isthmus:admins'],
        keys: [],
        bindings: [],
      },
      record: 'none',
      labels: {},
    });
    expect(shown.json.status).toMatchObject({ kind: 'kubernetes', edge: 'berlin', authority: 'PEM' });
  });

  test('from another edge of the site moves it; from another site it is refused', async () => {
    await attach(edge);
    const second = await enrol(bench, await tokenFor(bench));
    expect((await attach(second)).status).toBe(200);
    expect((await bench.call('GET', CLUSTER)).json.status.edge).toBe('berlin-2');
    await make(bench, ['/v1/tenants/acme/sites', 'tokyo'], { allotment: ['10.2.0.0/24'] });
    const foreign = await enrol(bench, await tokenFor(bench, { site: 'tokyo' }));
    const refused = await attach(foreign);
    expect([refused.status, refused.json.code]).toEqual([409, 'already_exists']);
  });

  test.each([
    ['a hub', async () => withHub(bench)],
    ['an edge that nobody approved', async () => enrol(bench, await tokenFor(bench, { approve: false }))],
  ])('by %s is refused', async (_, agent) => {
    const refused = await attach(await agent());
    expect([refused.status, refused.json.code]).toEqual([403, 'forbidden']);
  });

  test('a name that can be no host name is refused', async () => {
    expect((await attach(edge, 'Prod_1')).status).toBe(404);
  });
});

describe('what its edge tells', () => {
  test('is shown with its age, and parts that are absent stay as they were', async () => {
    await attach(edge);
    expect((await tell(edge, { facts: FACTS })).status).toBe(204);
    bench.clock.pass(60);
    expect((await tell(edge, { services: [] })).status).toBe(204);
    const { status } = (await bench.call('GET', CLUSTER)).json;
    expect(status.facts).toEqual(FACTS);
    expect(status.observedAt).toBe('2026-01-31T12:00:00.000Z');
    expect(status.conditions.map((one: { type: string; status: string }) => [one.type, one.status])).toEqual([
      ['Attached', 'True'],
      ['Fresh', 'True'],
      ['Reachable', 'True'],
    ]);
  });

  test('is not believed for ever', async () => {
    await attach(edge);
    await tell(edge, { facts: FACTS });
    bench.clock.pass(901);
    const { conditions } = (await bench.call('GET', CLUSTER)).json.status;
    expect(conditions.map((one: { type: string; status: string }) => [one.type, one.status])).toEqual([
      ['Attached', 'True'],
      ['Fresh', 'False'],
      ['Reachable', 'Unknown'],
    ]);
  });

  test('is taken from the edge that holds it, and from no other', async () => {
    await attach(edge);
    const other = await enrol(bench, await tokenFor(bench));
    expect((await tell(other, { facts: FACTS })).status).toBe(403);
    expect((await tell(edge, { facts: FACTS }, 'none')).status).toBe(404);
  });

  test('puts events into the audit log, each once', async () => {
    await attach(edge);
    const event = {
      id: 'drill-000001',
      at: '2026-01-31T12:00:01.000Z',
      action: 'drill.failed',
      actor: '',
      detail: 'The snapshot was cut off.',
    };
    expect((await tell(edge, { events: [event] })).text).toBe('');
    await tell(edge, { events: [event] });
    const { items } = (await bench.call('GET', '/v1/tenants/acme/events')).json;
    const drills = items.filter((one: { detail: string }) => one.detail.startsWith('drill.failed'));
    expect(drills).toEqual([
      {
        id: 'prod-drill-000001',
        time: '2026-01-31T12:00:01.000Z',
        tenant: 'acme',
        actor: `agent:${edge.id}`,
        action: 'report',
        kind: 'cluster',
        name: 'prod',
        detail: 'drill.failed: The snapshot was cut off.',
      },
    ]);
  });

  test('of requests can be read, once there is something', async () => {
    await attach(edge);
    expect((await bench.call('GET', `${CLUSTER}/requests`)).status).toBe(404);
    const counts = {
      requests: 9,
      fromCache: 5,
      coalesced: 1,
      upstream: 3,
      upstreamLists: 1,
      upstreamWatches: 1,
    };
    const rest = { accessReviews: 2, openStreams: 0, budgetBytes: 10, usedBytes: 1 };
    const requests = {
      windowSeconds: 60,
      ...counts,
      ...rest,
      types: [],
      talkers: [],
      advice: ['Let it watch.'],
    };
    await tell(edge, { requests });
    expect((await bench.call('GET', `${CLUSTER}/requests`)).json).toEqual(requests);
    const metrics = await bench.call('GET', `${CLUSTER}/metrics`);
    expect(metrics.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(metrics.text).toContain('isthmus_relief_window_requests{cluster="prod",by="cache"} 5\n');
  });
});

describe('a credential (scenario 7)', () => {
  const ask = (key: string) => bench.call('POST', `${CLUSTER}/credentials`, { key });

  test('is a token for exactly this cluster, signed by an issuer of the leaf, for a subject of it', async () => {
    await attach(edge);
    const reply = await ask(await putKey(bench.store, 'acme', 'operator'));
    expect([reply.status, reply.headers.get('cache-control')]).toEqual([200, 'no-store']);
    const [header = '', claims = '', signature = ''] = String(reply.json.token).split('.');
    const leaf = await leafOf(edge);
    const [issuer] = leaf.issuers;
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({
      alg: 'EdDSA',
      typ: 'isthmus-cluster+jwt',
      kid: issuer?.id,
    });
    const read = ClusterTokenClaims.parse(JSON.parse(Buffer.from(claims, 'base64url').toString()));
    expect([read.aud, read.exp - read.iat, read.sub]).toEqual([
      'isthmus:cluster:acme/prod',
      900,
      reply.json.subject,
    ]);
    const key = createPublicKey({
      key: Buffer.from(issuer?.publicKey ?? '', 'base64'),
      format: 'der',
      type: 'spki',
    });
    expect(verify(null, Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, 'base64url'))).toBe(
      true,
    );
    expect(leaf.access.find(({ subject }) => subject === read.sub)).toEqual({
      subject: read.sub,
      user: 'isthmus:acme:operator',
      groups: ['isthmus:operators'],
    });
  });

  test('is logged with who got it', async () => {
    await attach(edge);
    await ask(await putKey(bench.store, 'acme', 'viewer'));
    const { items } = (await bench.call('GET', '/v1/tenants/acme/events')).json;
    expect(items[0]).toMatchObject({ actor: 'key:viewer', action: 'issue', kind: 'cluster', name: 'prod' });
  });

  test('is refused to a key that the access gives no group, which is then in no document either', async () => {
    await attach(edge);
    const viewer = await putKey(bench.store, 'acme', 'viewer');
    const { spec } = (await bench.call('GET', CLUSTER)).json;
    await edit(bench, CLUSTER, { ...spec, access: { ...spec.access, viewer: [] } });
    expect((await ask(viewer)).json.code).toBe('forbidden');
    expect((await leafOf(edge)).access.map(({ user }) => user)).toEqual(['isthmus:*:root']);
  });

  test('of a key that is gone names nobody: its successor of the same name is somebody else', async () => {
    await attach(edge);
    const first = await make(bench, ['/v1/tenants/acme/keys', 'ci'], { role: 'operator' });
    const { subject } = (await ask(first.json.secret)).json;
    expect((await leafOf(edge)).access.map((one) => one.subject)).toContain(subject);
    await remove(bench, '/v1/tenants/acme/keys/ci');
    expect((await leafOf(edge)).access.map((one) => one.subject)).not.toContain(subject);
    await bench.store.purge({ kind: 'key', tenant: 'acme', name: 'ci' }, 2);
    await make(bench, ['/v1/tenants/acme/keys', 'ci'], { role: 'operator' });
    const { access } = await leafOf(edge);
    expect(access.map(({ user }) => user)).toContain('isthmus:acme:ci');
    expect(access.map((one) => one.subject)).not.toContain(subject);
  });
});

describe('a cluster', () => {
  test('stays at its site', async () => {
    await attach(edge);
    const { spec } = (await bench.call('GET', CLUSTER)).json;
    const refused = await edit(bench, CLUSTER, { ...spec, site: 'tokyo' });
    expect([refused.status, refused.json.errors]).toEqual([
      422,
      [expect.objectContaining({ pointer: '/spec/site' })],
    ]);
  });

  test('is changed by admins alone, because its access says who may do what', async () => {
    await attach(edge);
    const operator = await putKey(bench.store, 'acme', 'operator');
    const { spec } = (await bench.call('GET', CLUSTER)).json;
    const body = { spec: { ...spec, record: 'exec' } };
    const headers = { 'if-match': '"1"' };
    expect((await bench.call('PUT', CLUSTER, { key: operator, body, headers })).status).toBe(403);
    expect((await bench.call('PUT', CLUSTER, { body, headers })).status).toBe(200);
    expect((await leafOf(edge)).record).toBe('exec');
  });

  test('gives no group of the cluster itself', async () => {
    await attach(edge);
    const { spec } = (await bench.call('GET', CLUSTER)).json;
    const refused = await edit(bench, CLUSTER, {
      ...spec,
      access: { ...spec.access, admin: ['system:masters'] },
    });
    expect([refused.status, refused.json.errors[0].pointer]).toEqual([422, '/spec/access/admin/0']);
  });
});
