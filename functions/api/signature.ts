/**
 * Verifies the signatures of agents (RFC 9421, ed25519) against the identity key that enrolment stored. The signed text
 * is built by `protocol/signature.ts`, the same code that the agents sign with.
 */
import { createHash, createPublicKey, type KeyObject, timingSafeEqual, verify } from 'node:crypto';
import { CLOCK_TOLERANCE_SECONDS } from '../../protocol/enrolment.ts';
import {
  CONTENT_DIGEST_HEADER,
  formatContentDigest,
  readSignature,
  readSignatureInput,
  SIGNATURE_HEADER,
  SIGNATURE_INPUT_HEADER,
  type SignatureParameters,
  signatureBase,
} from '../../protocol/signature.ts';
import type { Item, Store } from '../store/port.ts';
import type { Arrival } from './operation.ts';
import { refuse } from './problems.ts';

export type EdgeAgent = { readonly role: 'edge'; readonly id: string; readonly item: Item<'edge'> };
export type HubAgent = { readonly role: 'hub'; readonly id: string; readonly item: Item<'hub'> };

/** An agent whose signature was verified. */
export type Agent = EdgeAgent | HubAgent;

export async function authenticateAgent(arrival: Arrival, store: Store): Promise<Agent> {
  const { headers } = arrival.request;
  const parameters = readSignatureInput(headers.get(SIGNATURE_INPUT_HEADER) ?? '');
  const signature = readSignature(headers.get(SIGNATURE_HEADER) ?? '');
  if (parameters === undefined || signature === undefined) return refuseSignature();
  const agent = await findAgent(parameters.keyId, store);
  const identityKey = readIdentityKey(agent?.item.internal.identityKey ?? '');
  if (agent === undefined || identityKey === undefined) return refuseSignature();
  const text = signedText(arrival.request, parameters, await arrival.body());
  const verified =
    text !== undefined && verify(null, Buffer.from(text), identityKey, Buffer.from(signature, 'base64'));
  if (!verified) return refuseSignature();
  requireRecent(parameters, arrival.now);
  return agent;
}

/** An Ed25519 public key of its SPKI (DER in base64), or undefined. */
export function readIdentityKey(spki: string): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' });
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    return undefined;
  }
}

/** The item behind an agent id (`edge.TENANT.NAME`, `hub.NAME`), unless it is gone. */
async function findAgent(id: string, store: Store): Promise<Agent | undefined> {
  const [role, ...names] = id.split('.');
  const [first = '', second = ''] = names;
  if (role === 'edge' && names.length === 2) {
    const item = await store.get({ kind: 'edge', tenant: first, name: second });
    return item && item.deletedAt === undefined ? { role: 'edge', id, item } : undefined;
  }
  if (role !== 'hub' || names.length !== 1) return undefined;
  const item = await store.get({ kind: 'hub', tenant: '*', name: first });
  return item && item.deletedAt === undefined ? { role: 'hub', id, item } : undefined;
}

/** The text that must have been signed; undefined if the digest is not the body's. */
function signedText(request: Request, parameters: SignatureParameters, body: Uint8Array): string | undefined {
  const bodySha256 = createHash('sha256').update(body).digest('base64');
  const digest = Buffer.from(formatContentDigest(bodySha256));
  const claimed = Buffer.from(request.headers.get(CONTENT_DIGEST_HEADER) ?? '');
  if (digest.length !== claimed.length || !timingSafeEqual(digest, claimed)) return undefined;
  const { pathname, search } = new URL(request.url);
  return signatureBase({ method: request.method, path: pathname, query: search, bodySha256 }, parameters);
}

/** Only a genuine signature is told how far off its clock is. */
function requireRecent(parameters: SignatureParameters, now: string): void {
  const seconds = Math.round(Date.parse(now) / 1000 - parameters.createdSeconds);
  if (Math.abs(seconds) > CLOCK_TOLERANCE_SECONDS)
    refuse(
      'clock_skew',
      `The request was signed ${Math.abs(seconds)} seconds ${seconds > 0 ? 'ago' : 'ahead'}; set the clock, or correct it by the Date header of this answer.`,
    );
}

function refuseSignature(): never {
  return refuse('unauthenticated', 'The request is not signed by an agent that is enrolled.');
}
