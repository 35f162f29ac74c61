/**
 * A service that says whose signature a GetCallerIdentity request has, as STS does: it knows the keys of roles, and
 * checks Signature Version 4 over the headers that it is sent. Beside it, the signer that an instance has.
 */
import { createHash, createHmac } from 'node:crypto';
import type { InstanceIdentity } from '../../functions/api/dependencies.ts';
import { IDENTITY_BODY, type InstanceProof } from '../../protocol/enrolment.ts';

/** Credentials of a role's session, as the metadata service gives them to an instance. */
export interface Credentials {
  readonly keyId: string;
  readonly secret: string;
  readonly token: string;
}

export interface Signing {
  readonly credentials: Credentials;
  readonly region: string;
  /** ISO 8601, UTC. */
  readonly now: string;
  /** Headers of the caller's own, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A request as an instance signs it. */
export function signIdentity({ credentials, region, now, headers }: Signing): InstanceProof {
  const date = `${now.slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
  const signed: Record<string, string> = {
    host: `sts.${region}.amazonaws.com`,
    'content-type': 'application/x-www-form-urlencoded',
    'x-amz-date': date,
    'x-amz-security-token': credentials.token,
    ...headers,
  };
  const names = Object.keys(signed).sort();
  const scope = `${date.slice(0, 8)}/${region}/sts/aws4_request`;
  const signature = signatureOf(signed, { names, scope, secret: credentials.secret });
  const authorization = `AWS4-HMAC-SHA256 Credential=${credentials.keyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { region, headers: { ...signed, authorization } };
}

export class FakeIdentityService {
  readonly #sessions = new Map<string, { credentials: Credentials; identity: InstanceIdentity }>();
  /** Proofs that it was asked about. */
  asked = 0;

  /** An instance starts with a role, and gets credentials of its own. */
  start(identity: InstanceIdentity): Credentials {
    const number = this.#sessions.size;
    const credentials = {
      keyId: `ASIA${number}ROLE`,
      secret: `secret ${number}`,
      token: `session/${number}`,
    };
    this.#sessions.set(credentials.keyId, { credentials, identity });
    return credentials;
  }

  /** Undefined for a signature that is nobody's. */
  readonly identify = async ({ headers }: InstanceProof): Promise<InstanceIdentity | undefined> => {
    this.asked += 1;
    const found = /Credential=([^/]+)\/([^,]+), SignedHeaders=([^,]+), Signature=(\w+)$/.exec(
      headers['authorization'] ?? '',
    );
    const [, keyId = '', scope = '', names = '', signature] = found ?? [];
    const session = this.#sessions.get(keyId);
    if (session === undefined || session.credentials.token !== headers['x-amz-security-token'])
      return undefined;
    const made = { names: names.split(';'), scope, secret: session.credentials.secret };
    return signatureOf(headers, made) === signature ? session.identity : undefined;
  };
}

function signatureOf(
  headers: Readonly<Record<string, string>>,
  { names, scope, secret }: { names: readonly string[]; scope: string; secret: string },
): string {
  const lines = names.map((name) => `${name}:${(headers[name] ?? '').trim()}\n`).join('');
  const request = `POST\n/\n\n${lines}\n${names.join(';')}\n${sha256(IDENTITY_BODY)}`;
  const text = `AWS4-HMAC-SHA256\n${headers['x-amz-date'] ?? ''}\n${scope}\n${sha256(request)}`;
  const key = scope.split('/').reduce<string | Buffer>((last, part) => hmac(last, part), `AWS4${secret}`);
  return hmac(key, text).toString('hex');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
