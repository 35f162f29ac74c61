/** Enrolment by an instance's role: what is signed, with which credentials, for whom; and what the configuration says then. */
import { createHash, createHmac } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ensureKey } from '../../edge-agent/apply/keys.ts';
import { enrolHost } from '../../edge-agent/enrol-command.ts';
import { pathsUnder, readConfig } from '../../edge-agent/settings.ts';
import type { TakenSlot } from '../../edge-agent/slot-file.ts';
import { checkProof } from '../../functions/domain/instance-proof.ts';
import { IDENTITY_BODY, IDENTITY_STATEMENT_HEADER, type InstanceProof } from '../../protocol/enrolment.ts';
import { FakeControlPlane, makeRoot } from '../fakes/control-plane.ts';
import { type FakeImds, startImds } from '../fakes/imds.ts';

const HUB = 'hub-a';
const SLOT = {
  hub: HUB,
  region: 'eu-central-1',
  interface: 'eni-0123456789abcdef0',
  secret: 'isthmus/hub-a',
  controlPlane: 'https://api.example',
};
const TAKEN: TakenSlot = {
  interface: SLOT.interface,
  device: 'ens6',
  mac: '02:00:00:00:00:0c',
  address: '10.0.1.10',
  subnet: '10.0.1.0/24',
};
const CREDENTIALS = {
  role: 'hub-role',
  accessKeyId: 'ASIAEXAMPLEEXAMPLE00',
  secretAccessKey: 'a secret of the role',
  token: 'session/token+example==',
};
const root = makeRoot();

let plane: FakeControlPlane;
let imds: FakeImds;
let directory: string;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'isthmus-enrol-slot-'));
  plane = await FakeControlPlane.start();
  imds = await startImds('i-0123456789abcdef0', CREDENTIALS);
  const enrolled = { agent: `hub.${HUB}`, role: 'hub' as const, tunnelAddress: '100.64.0.1', approved: true };
  plane.slots.set(HUB, { ...enrolled, roots: [{ id: root.id, publicKey: root.publicKey }] });
  writeFileSync(join(directory, 'ca.pem'), plane.certificate.cert);
  writeFileSync(join(directory, 'slot.json'), JSON.stringify(SLOT));
  vi.stubEnv('AWS_EC2_METADATA_SERVICE_ENDPOINT', imds.endpoint);
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE'])
    vi.stubEnv(name, undefined);
  vi.stubEnv('HOME', directory);
  return async () => {
    await plane.stop();
    await imds.close();
    rmSync(directory, { recursive: true });
  };
});

afterEach(() => vi.unstubAllEnvs());

const options = () => ({
  controlPlane: plane.url,
  ca: join(directory, 'ca.pem'),
  slot: join(directory, 'slot.json'),
});

async function takenSlot(taken: TakenSlot = TAKEN): Promise<void> {
  const paths = pathsUnder(directory);
  mkdirSync(dirname(paths.slot), { recursive: true });
  writeFileSync(paths.slot, JSON.stringify(taken));
  await ensureKey(paths.wireguardKey);
}

/** The proof that the control plane took; it has checked for which statement and for whom it is. */
function proofSent(): InstanceProof {
  const [proof] = plane.instances;
  if (proof === undefined) throw new Error('no proof was taken');
  return proof;
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();

/** Signature Version 4 by its definition, for the headers that the proof says are signed. */
function signatureOf(headers: Readonly<Record<string, string>>): string {
  const signed = /SignedHeaders=([^,]+)/.exec(headers['authorization'] ?? '')?.[1] ?? '';
  const lines = signed.split(';').map((name) => `${name}:${headers[name]}\n`);
  const request = ['POST', '/', '', lines.join(''), signed, sha256(IDENTITY_BODY)].join('\n');
  const date = headers['x-amz-date'] ?? '';
  const scope = [date.slice(0, 8), SLOT.region, 'sts', 'aws4_request'];
  const text = ['AWS4-HMAC-SHA256', date, scope.join('/'), sha256(request)].join('\n');
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${CREDENTIALS.secretAccessKey}`);
  return hmac(key, text).toString('hex');
}

describe('an instance that has taken its slot', () => {
  test('enrols with a request that its role has signed: for this statement and this control plane', async () => {
    await takenSlot();
    expect(await enrolHost(options(), pathsUnder(directory))).toMatchObject({ kind: 'enrolled' });
    const { region, headers } = proofSent();
    expect(headers['x-amz-security-token']).toBe(CREDENTIALS.token);
    expect(headers['authorization']).toContain(`Credential=${CREDENTIALS.accessKeyId}/`);
    expect(headers['authorization']).toContain(`Signature=${signatureOf(headers)}`);
    expect(region).toBe(SLOT.region);
  });

  test('sends what the control plane takes, to the letter', async () => {
    await takenSlot();
    await enrolHost(options(), pathsUnder(directory));
    const proof = proofSent();
    const context = {
      statementHash: proof.headers[IDENTITY_STATEMENT_HEADER] ?? '',
      audience: new URL(plane.url).origin,
      now: new Date().toISOString(),
    };
    expect(checkProof(proof, context)).toHaveProperty('signedAt');
    const elsewhere = { ...context, audience: 'https://other.example' };
    expect(checkProof(proof, elsewhere)).toHaveProperty('code', 'proof_invalid');
  });

  test('is configured for its account: region, hub, the slot as its LAN, and the port of the ingress', async () => {
    await takenSlot();
    const paths = pathsUnder(directory);
    await enrolHost(options(), paths);
    expect(readConfig(paths.config)).toMatchObject({
      kind: 'config',
      config: {
        agent: `hub.${HUB}`,
        role: 'hub',
        cloud: { region: SLOT.region, hub: HUB },
        lanDevice: TAKEN.device,
        gateway: { ingressPort: 8080 },
      },
    });
  });

  test('enrolled again on the same host it is the same agent, and signs anew', async () => {
    await takenSlot();
    const paths = pathsUnder(directory);
    await enrolHost(options(), paths);
    const identities = [...plane.identities];
    rmSync(paths.config);
    expect(await enrolHost(options(), paths)).toMatchObject({ kind: 'enrolled' });
    expect([...plane.identities]).toEqual(identities);
    expect(plane.instances).toHaveLength(2);
  });

  test('tells nothing of the secret', async () => {
    await takenSlot();
    await enrolHost(options(), pathsUnder(directory));
    const written = readFileSync(pathsUnder(directory).config, 'utf8') + JSON.stringify(plane.instances);
    expect(written).not.toContain(CREDENTIALS.secretAccessKey);
  });
});

describe('refusals before anything is sent', () => {
  test('without the slot', async () => {
    const outcome = await enrolHost(options(), pathsUnder(directory));
    expect(outcome).toMatchObject({ kind: 'failed', reason: expect.stringContaining('run edge-agent slot') });
    expect(plane.requests).toEqual([]);
  });

  test('with another slot than the file says', async () => {
    await takenSlot({ ...TAKEN, interface: 'eni-00000000000000000' });
    expect(await enrolHost(options(), pathsUnder(directory))).toMatchObject({ kind: 'failed' });
    expect(plane.requests).toEqual([]);
  });

  test.each([
    ['both', { tokenFile: 'token' }],
    ['neither', { slot: undefined }],
  ])('with %s a token and a slot', async (_, change) => {
    const outcome = await enrolHost({ ...options(), ...change }, pathsUnder(directory));
    expect(outcome).toMatchObject({ kind: 'failed', reason: expect.stringContaining('one of them') });
  });
});
