/** A document that is replaced while it is read, against a real HTTPS server. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { Client } from '../../../edge-agent/link/client.ts';
import { type Caller, fetchDocument } from '../../../edge-agent/link/fetch.ts';
import { ensureIdentity } from '../../../edge-agent/link/identity.ts';
import { FakeControlPlane, makeCertificate, makeRoot } from '../../fakes/control-plane.ts';
import { AGENT, documentOf, SELF } from './documents.ts';

const directory = mkdtempSync(join(tmpdir(), 'isthmus-fetch-'));
const identity = ensureIdentity(join(directory, 'identity.key'));
const root = makeRoot();
const trust = {
  agent: AGENT,
  role: 'edge' as const,
  roots: [{ id: root.id, publicKey: root.publicKey }],
};

let plane: FakeControlPlane;
let client: Client;

beforeEach(async () => {
  const certificate = makeCertificate();
  plane = await FakeControlPlane.start(certificate);
  plane.identities.set(AGENT, identity.publicKey);
  const signer = { agent: AGENT, sign: (message: string) => identity.sign(message) };
  client = new Client({ url: plane.url, ca: certificate.cert, signer, timeoutMs: 2_000, now: Date.now });
  return async () => {
    client.close();
    await plane.stop();
  };
});
afterAll(() => rmSync(directory, { recursive: true }));

const OTHER = { leaves: { self: { ...SELF, pollSeconds: 20 } } };
/** A new document comes just before this many first requests for leaves. */
const replacing = (times: number): Caller => {
  let generation = 1;
  return {
    call: async (call) => {
      if (call.path.includes('leaves') && generation <= times) {
        generation += 1;
        const pollSeconds = 30 + generation;
        plane.publish(root, documentOf(generation, { leaves: { self: { ...SELF, pollSeconds } } }));
      }
      return client.call(call);
    },
  };
};

test('of a document that is replaced while its leaves are read brings the one in its place', async () => {
  plane.publish(root, documentOf(1, OTHER));
  const fetched = await fetchDocument(replacing(1), { trust, held: [] });
  if (fetched.kind !== 'document') throw new Error(JSON.stringify(fetched));
  expect(fetched.kept.document.version.generation).toBe(2);
});

test('of documents that change faster than they are read ends, and does not go on for ever', async () => {
  plane.publish(root, documentOf(1, OTHER));
  expect(await fetchDocument(replacing(100), { trust, held: [] })).toMatchObject({ kind: 'denied' });
  expect(plane.requests.filter(({ path }) => path === '/v1/agent/document')).toHaveLength(3);
});
