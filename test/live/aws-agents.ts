/**
 * Agents at the emulated deployment: the agent's own enrolment, signatures and verification, over the emulated API
 * Gateway. Only the wire is the test's, because the agent's own client speaks nothing but TLS.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { generatePrivateKey, publicKeyOf } from '../../edge-agent/apply/keys.ts';
import { proveRole } from '../../edge-agent/cloud/prove.ts';
import type { Call } from '../../edge-agent/link/client.ts';
import { type EnrolmentInput, type EnrolResult, enrol } from '../../edge-agent/link/enrol.ts';
import { type Caller, fetchDocument } from '../../edge-agent/link/fetch.ts';
import { ensureIdentity, type Identity } from '../../edge-agent/link/identity.ts';
import type { Kept } from '../../edge-agent/link/verify.ts';
import { signatureBase, signatureHeaders } from '../../protocol/signature.ts';
import type { SigningRoot } from '../../protocol/signing-root.ts';
import { exchange } from '../fixtures/ministack/calls.ts';
import { ACCOUNT, REGION } from '../fixtures/ministack/start.ts';
import { type AwsStand, CREDENTIALS } from './aws-stand.ts';
import { eventually } from './eventually.ts';

const DOCUMENT_MS_MAX = 30_000;

type Environment = Readonly<Record<string, string>>;

export interface Agent {
  readonly id: string;
  readonly caller: Caller;
  readonly roots: readonly SigningRoot[];
}

export function newIdentity(): Identity {
  const directory = mkdtempSync(join(tmpdir(), 'isthmus-identity-'));
  try {
    return ensureIdentity(join(directory, 'identity.pem'));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** What an instance of this hub's auto-scaling group has in its environment, by moto's STS. */
export async function instanceOf({ motoUrl }: AwsStand, hub: string): Promise<Environment> {
  const client = new STSClient({ endpoint: motoUrl, region: REGION, credentials: CREDENTIALS });
  const role = {
    RoleArn: `arn:aws:iam::${ACCOUNT}:role/isthmus-${hub}`,
    RoleSessionName: `i-0${hub.replace('hub-', '')}123`,
  };
  const { Credentials } = await client.send(new AssumeRoleCommand(role));
  client.destroy();
  return {
    AWS_ACCESS_KEY_ID: Credentials?.AccessKeyId ?? '',
    AWS_SECRET_ACCESS_KEY: Credentials?.SecretAccessKey ?? '',
    AWS_SESSION_TOKEN: Credentials?.SessionToken ?? '',
  };
}

interface HubEnrolment {
  readonly hub: string;
  readonly wireguardKey: string;
  readonly identity: Identity;
  readonly instance: Environment;
}

/** As an instance does it: nothing but its role and the slot's key. */
export function enrolByRole(stand: AwsStand, order: HubEnrolment): Promise<EnrolResult> {
  const { hub, wireguardKey, identity, instance } = order;
  return enrol(callerOf(stand), {
    ...PATIENCE,
    identity,
    statement: { hub, wireguardKey, hostname: `host-of-${hub}`, version: '0.1.0', advertise: [] },
    prove: (text) =>
      withEnvironment(instance, () =>
        proveRole({
          region: REGION,
          statementHash: createHash('sha256').update(text).digest('hex'),
          // The emulated API Gateway hands on its name without the port.
          audience: `https://${new URL(stand.outputs.ApiUrl).hostname}`,
        }),
      ),
  });
}

export function enrolByToken(stand: AwsStand, token: string, identity: Identity): Promise<EnrolResult> {
  const wireguardKey = publicKeyOf(generatePrivateKey());
  const statement = { token, wireguardKey, hostname: 'edge', version: '0.1.0', advertise: [] };
  return enrol(callerOf(stand), { ...PATIENCE, identity, statement });
}

const PATIENCE: Pick<EnrolmentInput, 'rootKeys' | 'sleep' | 'chance'> = {
  rootKeys: [],
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  chance: () => 0.5,
};

/** The agent that an enrolment made; throws what it was refused for. */
export function agentOf(stand: AwsStand, identity: Identity, result: EnrolResult): Agent {
  if (result.kind !== 'enrolled') throw new Error(JSON.stringify(result));
  const { agent: id, roots } = result.enrolled;
  return { id, roots, caller: callerOf(stand, { id, identity }) };
}

/**
 * The newest document, verified by the pinned roots with all its leaves. Agents ask again where there is none yet, or where
 * another one came while they read; what they refuse, they refuse at once.
 */
export async function documentOf({ id, caller, roots }: Agent): Promise<Kept> {
  const role = id.startsWith('hub.') ? 'hub' : 'edge';
  const fetched = await eventually(async () => {
    const answer = await fetchDocument(caller, { trust: { agent: id, role, roots }, held: [] });
    if (answer.kind === 'document' || answer.kind === 'refused') return answer;
    throw new Error(JSON.stringify(answer));
  }, DOCUMENT_MS_MAX);
  if (fetched.kind === 'refused') throw new Error(JSON.stringify(fetched));
  return fetched.kept;
}

interface Signer {
  readonly id: string;
  readonly identity: Identity;
}

function callerOf({ ministack, apiHost }: AwsStand, signer?: Signer): Caller {
  return {
    async call(call) {
      const { method, path, body } = call;
      const headers = {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...call.headers,
        ...(signer === undefined ? {} : signed(signer, call)),
      };
      const answer = await exchange(ministack.port, apiHost, { method, path, headers, body });
      return { kind: 'answer', status: answer.status, headers: answer.headers, body: answer.text };
    },
  };
}

function signed({ id, identity }: Signer, { method, path, body = '' }: Call): Record<string, string> {
  const [pathname = '', query] = path.split('?');
  const request = {
    method,
    path: pathname,
    query: query === undefined ? '' : `?${query}`,
    bodySha256: createHash('sha256').update(body).digest('base64'),
  };
  const parameters = { createdSeconds: Math.floor(Date.now() / 1_000), keyId: id };
  return signatureHeaders(request, parameters, identity.sign(signatureBase(request, parameters)));
}

/** The agent's clients read the environment of their process, which here is the test's. */
export async function withEnvironment<T>(values: Environment, work: () => Promise<T>): Promise<T> {
  const before = { ...process.env };
  Object.assign(process.env, values);
  try {
    return await work();
  } finally {
    for (const name of Object.keys(values)) {
      const value = before[name];
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}
