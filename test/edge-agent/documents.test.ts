/** Which document is in force, over fetches, trials, restarts and outages. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Documents } from '../../edge-agent/documents.ts';
import { Client } from '../../edge-agent/link/client.ts';
import { ensureIdentity } from '../../edge-agent/link/identity.ts';
import type { Leaf } from '../../protocol/document.ts';
import { FakeControlPlane, makeRoot, type Root } from '../fakes/control-plane.ts';
import { AGENT, documentOf, SELF } from './link/documents.ts';

const root = makeRoot();

function pin({ id, publicKey }: Root) {
  return { id, publicKey };
}

let plane: FakeControlPlane;
let client: Client;
let directory: string;
let nowMs: number;

beforeAll(async () => {
  plane = await FakeControlPlane.start();
});
afterAll(() => plane.stop());
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'isthmus-documents-'));
  const identity = ensureIdentity(join(directory, 'identity.key'));
  plane.identities.set(AGENT, identity.publicKey);
  const signer = { agent: AGENT, sign: (message: string) => identity.sign(message) };
  client = new Client({
    url: plane.url,
    ca: plane.certificate.cert,
    signer,
    timeoutMs: 2_000,
    now: Date.now,
  });
  nowMs = 0;
  return () => {
    client.close();
    rmSync(directory, { recursive: true });
  };
});

function boot(): Documents {
  const path = join(directory, 'ledger');
  return new Documents({
    path,
    agent: AGENT,
    role: 'edge',
    roots: [pin(root)],
    rollbackMs: 60_000,
    now: () => nowMs,
  });
}

function policy(inbound: 'tenant' | 'listed'): Leaf {
  return { kind: 'policy', inbound, flows: [] };
}

/** Fetches, applies, and hears from the control plane: a good day. */
async function take(documents: Documents, generation: number, leaves?: Record<string, Leaf>): Promise<void> {
  plane.publish(root, documentOf(generation, leaves === undefined ? {} : { leaves }));
  await documents.fetch(client);
  documents.applying({ epoch: 1, generation });
  nowMs += 1_000;
  documents.contact(nowMs);
}

const generationOf = (documents: Documents) => documents.inForce()?.version.generation;

describe('a document', () => {
  test('is in force as soon as it is verified, and after a restart without a control plane', async () => {
    const documents = boot();
    expect(documents.inForce()).toBeUndefined();
    await take(documents, 1);
    expect(generationOf(documents)).toBe(1);
    expect(boot().inForce()).toEqual(documents.inForce());
  });

  test('that is refused is named until the control plane offers none such', async () => {
    const documents = boot();
    await take(documents, 5);
    plane.publish(root, documentOf(4));
    expect(await documents.fetch(client)).toMatchObject({ kind: 'refused', code: 'older' });
    expect(documents.refused).toMatchObject({ generation: 4, reason: expect.stringContaining('older') });
    expect(generationOf(documents)).toBe(5);
    await take(documents, 6);
    expect(documents.refused).toBeUndefined();
  });

  test('older than the newest is refused after a restart too', async () => {
    await take(boot(), 5);
    plane.publish(root, documentOf(4));
    expect(await boot().fetch(client)).toMatchObject({ kind: 'refused', code: 'older' });
  });

  test('that the guard refuses is named until the guard takes it', async () => {
    const documents = boot();
    await take(documents, 1);
    documents.guardRefused({ epoch: 1, generation: 1 }, 'guard.default_route: why');
    const named = { epoch: 1, generation: 1, reason: 'guard.default_route: why' };
    await documents.fetch(client);
    expect(documents.refused).toEqual(named);
    documents.applying({ epoch: 1, generation: 1 });
    expect(documents.refused).toBeUndefined();
  });
});

describe('signing roots', () => {
  test('rotate by documents and stay rotated after a restart', async () => {
    const next = makeRoot();
    const documents = boot();
    await take(documents, 1, { self: SELF, roots: { kind: 'roots', roots: [pin(root), pin(next)] } });
    plane.publish(
      next,
      documentOf(2, { leaves: { self: SELF, roots: { kind: 'roots', roots: [pin(next)] } } }),
    );
    expect(await documents.fetch(client)).toMatchObject({ kind: 'document' });
    const again = boot();
    expect(again.roots).toEqual([pin(next)]);
    plane.publish(root, documentOf(3));
    expect(await again.fetch(client)).toMatchObject({ kind: 'refused', code: 'unknown_root' });
  });
});

describe('SCENARIO 26: a document that cuts the agent off', () => {
  async function cutOff(): Promise<Documents> {
    const documents = boot();
    await take(documents, 1, { self: SELF, policy: policy('tenant') });
    const moved = { ...SELF, tunnelAddress: '100.64.9.9' };
    plane.publish(root, documentOf(2, { leaves: { self: moved, policy: policy('listed') } }));
    await documents.fetch(client);
    documents.applying({ epoch: 1, generation: 2 });
    return documents;
  }

  test('is rolled back after 60 s, under its own denials, and marked when that reconnects', async () => {
    const documents = await cutOff();
    nowMs += 59_999;
    expect(documents.tick()).toBe(false);
    nowMs += 1;
    expect(documents.tick()).toBe(true);
    expect(documents.inForce()?.leaves).toEqual({ self: SELF, policy: policy('listed') });
    documents.applying({ epoch: 1, generation: 1 });
    nowMs += 1_000;
    expect(documents.contact(nowMs)).toBe(false);
    expect(documents.refused).toMatchObject({
      generation: 2,
      reason: expect.stringContaining('rolled_back'),
    });
    expect(generationOf(documents)).toBe(1);
    expect(generationOf(boot())).toBe(1);
    await documents.fetch(client);
    expect(generationOf(documents)).toBe(1);
    await take(documents, 3);
    expect(generationOf(documents)).toBe(3);
    expect(documents.refused).toBeUndefined();
  });

  test('comes into force again if the older one does not reconnect either: the control plane is just away', async () => {
    const documents = await cutOff();
    nowMs += 60_000;
    documents.tick();
    documents.applying({ epoch: 1, generation: 1 });
    nowMs += 60_000;
    expect(documents.tick()).toBe(true);
    expect(generationOf(documents)).toBe(2);
    documents.applying({ epoch: 1, generation: 2 });
    nowMs += 600_000;
    expect(documents.tick()).toBe(false);
    documents.contact(nowMs);
    expect(documents.refused).toBeUndefined();
    expect(generationOf(boot())).toBe(2);
  });

  test('is tried again after a crash in the middle of its trial', async () => {
    await cutOff();
    const again = boot();
    expect(generationOf(again)).toBe(2);
    again.applying({ epoch: 1, generation: 2 });
    nowMs += 60_000;
    expect(again.tick()).toBe(true);
    expect(generationOf(again)).toBe(1);
  });

  test('is not tried again once it was proven, whatever happens later', async () => {
    const documents = boot();
    await take(documents, 1);
    await take(documents, 2);
    const again = boot();
    again.applying({ epoch: 1, generation: 2 });
    nowMs += 600_000;
    expect(again.tick()).toBe(false);
    expect(generationOf(again)).toBe(2);
  });
});
