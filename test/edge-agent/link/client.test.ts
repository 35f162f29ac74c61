/** The HTTPS client and what is built on it, against a real HTTPS server. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Client } from '../../../edge-agent/link/client.ts';
import { enrol } from '../../../edge-agent/link/enrol.ts';
import { fetchDocument } from '../../../edge-agent/link/fetch.ts';
import { ensureIdentity, readIdentity } from '../../../edge-agent/link/identity.ts';
import { receiveMessages } from '../../../edge-agent/link/messages.ts';
import { Reporter } from '../../../edge-agent/link/report.ts';
import {
  type Certificate,
  FakeControlPlane,
  makeCertificate,
  makeRoot,
  problem,
} from '../../fakes/control-plane.ts';
import { AGENT, documentOf, SELF } from './documents.ts';

const directory = mkdtempSync(join(tmpdir(), 'isthmus-link-'));
const identity = ensureIdentity(join(directory, 'identity.key'));
const root = makeRoot();
const roots = [{ id: root.id, publicKey: root.publicKey }];
const trust = { agent: AGENT, role: 'edge' as const, roots };
const WIREGUARD_KEY = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=';
const ENROLLED = { agent: AGENT, role: 'edge' as const, tunnelAddress: '100.64.0.2', approved: true, roots };
const STATEMENT = {
  token: 'ist_acme_a_b',
  wireguardKey: WIREGUARD_KEY,
  hostname: 'host',
  version: '0.1.0',
  advertise: [],
};

let certificate: Certificate;
let plane: FakeControlPlane;
let client: Client;

beforeAll(() => {
  certificate = makeCertificate();
});
beforeEach(async () => {
  plane = await FakeControlPlane.start(certificate);
  plane.identities.set(AGENT, identity.publicKey);
  client = open(plane.url);
  return async () => {
    client.close();
    await plane.stop();
  };
});
afterAll(() => rmSync(directory, { recursive: true }));

function open(url: string, ca: string | undefined = certificate.cert): Client {
  const signer = { agent: AGENT, sign: (message: string) => identity.sign(message) };
  return new Client({ url, ca, signer, timeoutMs: 2_000, now: Date.now });
}

function enrolmentInput(change: { rootKeys?: string[]; identity?: typeof identity } = {}) {
  return {
    identity,
    statement: STATEMENT,
    rootKeys: [],
    sleep: () => Promise.resolve(),
    chance: () => 0.5,
    ...change,
  };
}

describe('the identity', () => {
  test('is made once, in a file for its owner alone, and read again', () => {
    const path = join(directory, 'other.key');
    expect(readIdentity(path)).toBeUndefined();
    const made = ensureIdentity(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(ensureIdentity(path).publicKey).toBe(made.publicKey);
    expect(readIdentity(path)?.sign('a')).toBe(made.sign('a'));
  });
});

describe('enrolment', () => {
  test('buys admission with a token and a proof, and asked again with the same key gets the same answer', async () => {
    plane.identities.clear();
    plane.tokens.set(STATEMENT.token, { enrolled: ENROLLED });
    const first = await enrol(client, enrolmentInput());
    expect(first).toEqual({ kind: 'enrolled', enrolled: ENROLLED });
    expect(await enrol(client, enrolmentInput())).toEqual(first);
    const other = ensureIdentity(join(directory, 'clone.key'));
    expect(await enrol(client, enrolmentInput({ identity: other }))).toMatchObject({
      kind: 'denied',
      code: 'token_used',
    });
  });

  test('pins only the roots that the operator named', async () => {
    plane.tokens.set(STATEMENT.token, { enrolled: ENROLLED });
    expect(await enrol(client, enrolmentInput({ rootKeys: [root.publicKey] }))).toMatchObject({
      kind: 'enrolled',
    });
    expect(await enrol(client, enrolmentInput({ rootKeys: [makeRoot().publicKey] }))).toMatchObject({
      kind: 'foreign_root',
    });
  });

  test('is tried five times while nobody answers, then given up as a value', async () => {
    await plane.stop();
    const waits: number[] = [];
    const sleep = (milliseconds: number) => {
      waits.push(milliseconds);
      return Promise.resolve();
    };
    expect(await enrol(client, { ...enrolmentInput(), sleep })).toMatchObject({
      kind: 'unreachable',
      code: 'ECONNREFUSED',
    });
    expect(waits).toEqual([750, 1_500, 3_000, 6_000]);
    plane = await FakeControlPlane.start(certificate);
  });

  test('is not tried again after a refusal', async () => {
    expect(await enrol(client, enrolmentInput())).toMatchObject({ kind: 'denied', code: 'token_invalid' });
    expect(plane.requests).toHaveLength(1);
  });
});

describe('a fetch', () => {
  test('brings the document, then only what is new', async () => {
    plane.publish(root, documentOf(1));
    const first = await fetchDocument(client, { trust, held: [] });
    if (first.kind !== 'document') throw new Error(JSON.stringify(first));
    expect(first.kept.document.leaves['self']).toEqual(SELF);
    expect(first.pollSeconds).toBe(30);
    const known = { trust: { ...trust, newest: first.kept.signed }, held: [first.kept] };
    expect(await fetchDocument(client, known)).toEqual({ kind: 'unchanged', pollSeconds: 30 });
    plane.publish(
      root,
      documentOf(2, { leaves: { self: SELF, policy: { kind: 'policy', inbound: 'listed', flows: [] } } }),
    );
    plane.requests.length = 0;
    expect(await fetchDocument(client, known)).toMatchObject({ kind: 'document' });
    expect(plane.requests.map(({ path }) => path.split('/').slice(0, 4).join('/'))).toEqual([
      '/v1/agent/document',
      '/v1/agent/leaves',
    ]);
  });

  test('SCENARIO 6: of a server with valid TLS and a foreign root takes nothing', async () => {
    plane.publish(makeRoot(), documentOf(9));
    expect(await fetchDocument(client, { trust, held: [] })).toMatchObject({
      kind: 'refused',
      code: 'unknown_root',
    });
    expect(plane.requests.filter(({ path }) => path.includes('leaves'))).toEqual([]);
  });

  test('SCENARIO 6: of a server with another certificate does not even ask', async () => {
    const impostor = await FakeControlPlane.start(makeCertificate());
    impostor.publish(root, documentOf(9));
    const fooled = open(impostor.url);
    expect(await fetchDocument(fooled, { trust, held: [] })).toMatchObject({ kind: 'unreachable' });
    expect(impostor.requests).toEqual([]);
    fooled.close();
    await impostor.stop();
  });

  test('takes no leaf whose text is not the one that was signed', async () => {
    plane.publish(root, documentOf(1));
    for (const hash of plane.leaves.keys())
      plane.leaves.set(hash, '{"kind":"policy","inbound":"tenant","flows":[]}');
    expect(await fetchDocument(client, { trust, held: [] })).toMatchObject({
      kind: 'refused',
      code: 'leaf_altered',
    });
  });

  test('tells a refusal from silence and from somebody else', async () => {
    expect(await fetchDocument(client, { trust, held: [] })).toMatchObject({
      kind: 'denied',
      code: 'not_found',
      pollSeconds: 30,
    });
    plane.lie = problem(401, 'unauthenticated');
    expect(await fetchDocument(client, { trust, held: [] })).toMatchObject({ kind: 'denied', status: 401 });
    plane.lie = problem(503, 'busy');
    expect(await fetchDocument(client, { trust, held: [] })).toMatchObject({
      kind: 'unreachable',
      code: 'busy',
    });
    plane.lie = { status: 200, body: '<html>captive portal</html>' };
    expect(await fetchDocument(client, { trust, held: [] })).toMatchObject({
      kind: 'refused',
      code: 'malformed',
    });
  });
});

describe('the client', () => {
  test('does not follow redirects', async () => {
    plane.lie = { status: 302, body: '', headers: { location: `${plane.url}/elsewhere` } };
    expect(await client.call({ method: 'GET', path: '/v1/agent/document' })).toMatchObject({ status: 302 });
    expect(plane.requests).toHaveLength(1);
  });

  test('gives up on a server that says nothing', async () => {
    plane.silent = true;
    const answer = await client.call({ method: 'GET', path: '/', timeoutMs: 100 });
    expect(answer).toEqual({ kind: 'unreachable', code: 'timeout', reason: 'no answer in time' });
  });

  test('gives up on an answer without end', async () => {
    const endless: RequestListener = (_, response) => {
      const more = () => {
        while (response.write('x'.repeat(1_000_000)));
        response.once('drain', more);
      };
      more();
    };
    const server = createServer({ ...certificate }, endless);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const patient = open(`https://127.0.0.1:${port}`);
    expect(await patient.call({ method: 'GET', path: '/' })).toMatchObject({
      kind: 'unreachable',
      code: 'too_large',
    });
    patient.close();
    server.closeAllConnections();
    server.close();
  });

  test('SCENARIO 18: learns how far its clock is off and signs by the control plane time', async () => {
    plane.clockOffsetMs = 3_600_000;
    plane.publish(root, documentOf(1));
    expect(await fetchDocument(client, { trust, held: [] })).toMatchObject({ kind: 'document' });
    expect(plane.requests.map(({ status }) => status)).toEqual([401, 200, 200, 200]);
    expect(Math.abs(client.clockOffsetMs - 3_600_000)).toBeLessThan(2_000);
  });

  test('keeps one connection for calls one after the other', async () => {
    plane.publish(root, documentOf(1));
    for (let round = 0; round < 3; round += 1)
      await client.call({ method: 'GET', path: '/v1/agent/document' });
    expect(new Set(plane.requests.map(({ port }) => port)).size).toBe(1);
  });
});

describe('reports', () => {
  const REPORT = { version: '0.1.0', wireguardKey: WIREGUARD_KEY, advertise: [], findings: [] };

  test('are sent when they differ from the last one that arrived', async () => {
    const reporter = new Reporter(client);
    expect(await reporter.send(REPORT)).toEqual({ kind: 'sent' });
    expect(await reporter.send(REPORT)).toEqual({ kind: 'unchanged' });
    plane.lie = problem(503, 'busy');
    expect(await reporter.send({ ...REPORT, activeHub: 'a' })).toMatchObject({ kind: 'unreachable' });
    plane.lie = undefined;
    expect(await reporter.send({ ...REPORT, activeHub: 'a' })).toEqual({ kind: 'sent' });
    expect(plane.reports).toEqual([REPORT, { ...REPORT, activeHub: 'a' }]);
  });
});

describe('messages', () => {
  test('are received after a cursor', async () => {
    plane.messages = { changed: [AGENT], cursor: 'b c' };
    expect(await receiveMessages(client, '')).toEqual({ kind: 'messages', messages: plane.messages });
    await receiveMessages(client, 'b c');
    expect(plane.requests.map(({ path }) => path)).toEqual([
      '/v1/agent/messages?wait=20',
      '/v1/agent/messages?cursor=b%20c&wait=20',
    ]);
  });
});
