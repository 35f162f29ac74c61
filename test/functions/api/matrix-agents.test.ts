/**
 * Scenario 13 for agents: every operation of agents in the OpenAPI document against every bad signature, and against agents that are who they say and still are not the one. What
 * is refused changes nothing. An operation that nobody wrote down here fails.
 */
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { canonicalJson, type Json } from '../../../protocol/canonical.ts';
import { type Bench, callAs, createBench, createHost, putKey, type Reply, signedHeaders } from './bench.ts';
import { type Enrolled, edit, enrol, make, remove, SITE, tokenFor, withHub, withSite } from './estates.ts';
import { operationsOf } from './operations.ts';

const LEAF = canonicalJson({ kind: 'roots', roots: [{ id: 'own', publicKey: 'AAAA' }] });
const HASH = createHash('sha256').update(LEAF).digest('hex');
const ATTACHMENT = { kind: 'kubernetes', authority: 'PEM' };
const LIVENESS = { peers: [] };

/** Who calls: the edge whose document and cluster it is, one of another site, one of another tenant, and so on. */
type Who = 'edge' | 'twin' | 'foreign' | 'quarantined' | 'unapproved' | 'hub';

interface Attempt {
  readonly method: string;
  readonly path: string;
  readonly body?: (agent: Enrolled) => Json;
  /** Status and code for each of them; 2xx has no code. */
  readonly answers: Readonly<Record<Who, string>>;
}

const noEdge = { edge: '403 forbidden', twin: '403 forbidden', foreign: '403 forbidden' };
const shutOut = { quarantined: '403 forbidden', unapproved: '403 forbidden' };
const missing = '404 not_found';

const ATTEMPTS: Readonly<Record<string, Attempt>> = {
  readDocument: {
    method: 'GET',
    path: '/v1/agent/document',
    answers: {
      edge: '200',
      twin: missing,
      foreign: missing,
      quarantined: missing,
      unapproved: missing,
      hub: missing,
    },
  },
  readLeaf: {
    method: 'GET',
    path: `/v1/agent/leaves/${HASH}`,
    answers: {
      edge: '200',
      twin: missing,
      foreign: missing,
      quarantined: missing,
      unapproved: missing,
      hub: missing,
    },
  },
  receiveMessages: {
    method: 'GET',
    path: '/v1/agent/messages',
    answers: { ...noEdge, ...shutOut, hub: '200' },
  },
  // Whoever waits for approval, or was shut out, is still heard: a person decides by what it says.
  report: {
    method: 'POST',
    path: '/v1/agent/report',
    body: ({ host }) => ({ version: '0.1.0', wireguardKey: host.wireguardKey, advertise: [], findings: [] }),
    answers: { edge: '204', twin: '204', foreign: '204', quarantined: '204', unapproved: '204', hub: '204' },
  },
  reportLiveness: {
    method: 'POST',
    path: '/v1/agent/liveness',
    body: () => LIVENESS,
    answers: { ...noEdge, ...shutOut, hub: '204' },
  },
  attachCluster: {
    method: 'POST',
    path: '/v1/agent/clusters/berlin',
    body: () => ATTACHMENT,
    answers: { ...shutOut, edge: '200', twin: '409 already_exists', foreign: '200', hub: '403 forbidden' },
  },
  reportCluster: {
    method: 'POST',
    path: '/v1/agent/clusters/berlin/report',
    body: () => ({}),
    answers: { ...shutOut, edge: '204', twin: '403 forbidden', foreign: '204', hub: '403 forbidden' },
  },
};

interface Stage {
  readonly bench: Bench;
  readonly agents: Readonly<Record<Who, Enrolled>>;
}
const made: { stage?: Stage } = {};
const stage = (): Stage => made.stage ?? expect.fail('the control plane did not start');

beforeAll(async () => {
  const bench = await createBench();
  await withSite(bench);
  await make(bench, ['/v1/tenants', 'other']);
  await make(bench, ['/v1/tenants/other/sites', 'berlin'], SITE);
  const edge = await enrol(bench, await tokenFor(bench));
  const paris = { allotment: ['10.0.0.0/8'], prefixes: ['10.2.0.0/24'] };
  await make(bench, ['/v1/tenants/acme/sites', 'paris'], paris);
  const twin = await enrol(bench, await tokenFor(bench, { site: 'paris' }));
  const quarantined = await enrol(bench, await tokenFor(bench));
  const unapproved = await enrol(bench, await tokenFor(bench, { approve: false }));
  const { json } = await bench.call('POST', '/v1/tenants/other/tokens', {
    body: { spec: { site: 'berlin', approve: true } },
  });
  const foreign = await enrol(bench, json.secret);
  const [, , name = ''] = quarantined.id.split('.');
  await edit(bench, `/v1/tenants/acme/edges/${name}`, { site: 'berlin', approved: true, quarantined: true });
  made.stage = { bench, agents: { edge, twin, foreign, quarantined, unapproved, hub: await withHub(bench) } };
  await putDocument(bench, edge.id);
  for (const agent of [edge, foreign]) expect((await attempt('attachCluster', agent)).status).toBe(200);
});

async function putDocument({ store, blobs }: Bench, agent: string): Promise<void> {
  blobs.set(HASH, LEAF);
  const envelope = { alg: 'ES256' as const, agent, epoch: 1, generation: 1, manifestHash: HASH };
  const manifest = [{ name: 'roots', hash: HASH, bytes: LEAF.length }];
  await store.writeDocument({ agent, document: { envelope, key: 'k', signature: 's', manifest } }, undefined);
}

const attemptOf = (id: string): Attempt =>
  ATTEMPTS[id] ?? expect.fail(`Who may call ${id}? Say it in the table.`);

function attempt(id: string, agent: Enrolled, over: { readonly aheadSeconds?: number } = {}): Promise<Reply> {
  const { method, path, body } = attemptOf(id);
  return callAs(stage().bench, agent, { method, path, ...(body && { body: body(agent) }), ...over });
}

/** With these headers in place of a signature. */
function attemptWith(id: string, headers: Record<string, string>, key: string | null = null): Promise<Reply> {
  const { method, path, body } = attemptOf(id);
  const sent = body === undefined ? {} : { body: body(stage().agents.edge) };
  return stage().bench.call(method, path, { key, headers, ...sent });
}

async function expectRefused(code: string, attempted: (id: string) => Promise<Reply>): Promise<void> {
  const before = stage().bench.snapshot();
  for (const id of Object.keys(ATTEMPTS)) {
    const { json } = await attempted(id);
    expect([id, json?.code]).toEqual([id, code]);
  }
  expect(stage().bench.snapshot()).toBe(before);
}

test('every operation of agents is in the table', async () => {
  const { json } = await stage().bench.call('GET', '/openapi.json');
  const ids = operationsOf(json).filter(({ security }) => security.some((one) => 'agentSignature' in one));
  expect(ids.map(({ id }) => id).toSorted()).toEqual(Object.keys(ATTEMPTS).toSorted());
});

describe('scenario 13: who is nobody', () => {
  test('is refused everywhere: no signature, a key of a person, a signature of nothing', async () => {
    const admin = await putKey(stage().bench.store, '*', 'admin');
    await expectRefused('unauthenticated', (id) => attemptWith(id, {}));
    await expectRefused('unauthenticated', (id) => attemptWith(id, {}, admin));
    const nonsense = { 'signature-input': 'sig1=()', signature: 'sig1=:AA==:' };
    await expectRefused('unauthenticated', (id) => attemptWith(id, nonsense));
  });

  test('is refused under the name of an agent, with a key of his own or of another agent', async () => {
    const { edge, hub, twin } = stage().agents;
    await expectRefused('unauthenticated', (id) => attempt(id, { ...edge, host: createHost() }));
    await expectRefused('unauthenticated', (id) => attempt(id, { ...edge, host: twin.host }));
    await expectRefused('unauthenticated', (id) => attempt(id, { ...hub, host: edge.host }));
    await expectRefused('unauthenticated', (id) =>
      attempt(id, { ...edge, id: edge.id.replace('acme', 'other') }),
    );
  });

  test('is refused with the signature of another request: another path, method or body', async () => {
    const { bench, agents } = stage();
    const signed = (over: object) => (id: string) => {
      const { method, path, body } = attemptOf(id);
      const request = { method, path, ...(body && { body: body(agents.hub) }), ...over };
      return attemptWith(id, signedHeaders(bench, agents.hub, request));
    };
    await expectRefused('unauthenticated', signed({ path: '/v1/agent/other' }));
    await expectRefused('unauthenticated', signed({ method: 'DELETE' }));
    await expectRefused('unauthenticated', signed({ body: { something: 'else' } }));
  });

  test('is refused with a signature that has expired, or is not yet', async () => {
    const { hub } = stage().agents;
    await expectRefused('clock_skew', (id) => attempt(id, hub, { aheadSeconds: -61 }));
    await expectRefused('clock_skew', (id) => attempt(id, hub, { aheadSeconds: 61 }));
  });

  test('is refused once the agent is deleted', async () => {
    const { bench } = stage();
    const gone = await enrol(bench, await tokenFor(bench));
    await remove(bench, `/v1/tenants/acme/edges/${gone.id.split('.')[2] ?? ''}`);
    await expectRefused('unauthenticated', (id) => attempt(id, gone));
  });
});

describe.each(Object.entries(ATTEMPTS))('%s', (id, { answers }) => {
  test.each(Object.entries(answers))(
    'of %s answers %s, and a refusal changes nothing',
    async (who, wanted) => {
      const { bench, agents } = stage();
      const agent = Object.entries(agents).find(([name]) => name === who)?.[1] ?? expect.fail(who);
      const before = bench.snapshot();
      const { status, json } = await attempt(id, agent);
      expect(status < 400 ? String(status) : `${status} ${json.code}`).toBe(wanted);
      if (status >= 400) expect(bench.snapshot()).toBe(before);
    },
  );
});
