/** An agent of a cost run: its keys, and its signed requests, made by the same text as real agents sign. */
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { canonicalJson } from '../protocol/canonical.ts';
import { ENROLMENT_CONTEXT } from '../protocol/enrolment.ts';
import { signatureBase, signatureHeaders } from '../protocol/signature.ts';
import { RELEASE } from '../protocol/version.ts';

/** Where requests go to: handlers look at the path alone. */
export const ORIGIN = 'https://control.example';

export interface Keys {
  readonly privateKey: KeyObject;
  /** SPKI, DER in base64. */
  readonly identityKey: string;
  readonly wireguardKey: string;
}

/** `number` makes the WireGuard key, so that runs are alike. */
export function makeKeys(number: number): Keys {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const identityKey = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  const wireguardKey = createHash('sha256').update(`wireguard ${number}`).digest('base64');
  return { privateKey, identityKey, wireguardKey };
}

export interface Wanted {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string | undefined;
  readonly etag?: string | undefined;
}

/** A request signed at this time (ISO 8601). */
export function signedRequest(agent: { id: string; keys: Keys }, now: string, wanted: Wanted): Request {
  const { method, path, body, etag } = wanted;
  const signed = {
    method,
    path,
    query: '',
    bodySha256: createHash('sha256')
      .update(body ?? '')
      .digest('base64'),
  };
  const parameters = { createdSeconds: Math.floor(Date.parse(now) / 1e3), keyId: agent.id };
  const signature = sign(null, Buffer.from(signatureBase(signed, parameters)), agent.keys.privateKey);
  const headers = {
    ...signatureHeaders(signed, parameters, signature.toString('base64')),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(etag === undefined ? {} : { 'if-none-match': etag }),
  };
  return new Request(`${ORIGIN}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
}

/** The body of an enrolment with this token. */
export function enrolment(keys: Keys, token: string, advertise: readonly string[]): object {
  const { identityKey, wireguardKey } = keys;
  const statement = { token, identityKey, wireguardKey, hostname: 'host-1', version: RELEASE, advertise };
  const text = Buffer.from(ENROLMENT_CONTEXT + canonicalJson({ ...statement, advertise: [...advertise] }));
  return { statement, proof: sign(null, text, keys.privateKey).toString('base64') };
}
