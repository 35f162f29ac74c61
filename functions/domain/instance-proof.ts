/**
 * What a GetCallerIdentity request that an instance signed must be before anybody is asked whose signature it is: for
 * this statement, for this control plane, fresh, and with nothing in it that is not signed. It verifies no signature.
 */
import {
  IDENTITY_AUDIENCE_HEADER,
  IDENTITY_STATEMENT_HEADER,
  type InstanceProof,
} from '../../protocol/enrolment.ts';
import type { Refusal } from '../../protocol/problem.ts';
import type { Slot } from '../../protocol/slot.ts';
import { isBefore, secondsOf } from '../../protocol/time.ts';

/** The service itself takes a signature for 15 minutes; an instance signs anew for each request. */
export const PROOF_SECONDS_MAX = 300;

const REQUIRED = ['host', 'x-amz-date', IDENTITY_STATEMENT_HEADER, IDENTITY_AUDIENCE_HEADER] as const;
/** What may be sent beside those; all of it signed. */
const OPTIONAL = ['content-type', 'content-length', 'x-amz-security-token'] as const;
const KNOWN: ReadonlySet<string> = new Set([...REQUIRED, ...OPTIONAL, 'authorization']);

const VISIBLE = /^[\x20-\x7e]*$/;
const DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;
/** One scheme, one credential of one day and region for one service, and nothing behind the signature. */
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=\w{3,128}\/(\d{8})\/([a-z0-9-]{1,32})\/sts\/aws4_request, ?SignedHeaders=([a-z0-9-]+(?:;[a-z0-9-]+)*), ?Signature=[0-9a-f]{64}$/;

interface Authorization {
  readonly day: string;
  readonly region: string;
  readonly signed: readonly string[];
}

/** What the proof must be for. */
export interface ProofContext {
  /** SHA-256 of the enrolment's context and statement, in lower-case hex. */
  readonly statementHash: string;
  /** Origin of the control plane, as the request came to it. */
  readonly audience: string;
  /** ISO 8601, UTC. */
  readonly now: string;
}

/** When the proof was signed (ISO 8601, UTC, whole seconds), or why it is none. */
export function checkProof(
  { region, headers }: InstanceProof,
  context: ProofContext,
): { signedAt: string } | Refusal {
  const authorization = readAuthorization(headers['authorization']);
  if (authorization === undefined)
    return refusal('Its Authorization header is no Signature Version 4 for the service sts.');
  const detail =
    headerFault(headers, authorization.signed) ??
    scopeFault({ region, headers }, authorization) ??
    purposeFault(headers, context);
  if (detail !== undefined) return refusal(detail);
  const signedAt = timeOf(headers['x-amz-date'] ?? '');
  return signedAt !== undefined && isRecent(signedAt, context.now)
    ? { signedAt }
    : refusal(`It was not signed within ${PROOF_SECONDS_MAX} seconds of now; set the clock and sign anew.`);
}

/** Refuses who signed with another role than the slot's; the slot's own is not told. */
export function checkIdentity(
  identity: { readonly account: string; readonly role: string } | undefined,
  slot: Pick<Slot, 'account' | 'role'>,
): Refusal | undefined {
  if (identity === undefined)
    return refusal('The service did not take the signature: it is altered, or its credentials have ended.');
  if (identity.account === slot.account && identity.role === slot.role) return undefined;
  const who = `the role ${identity.role} of the account ${identity.account}`;
  return refusal(`It was signed by ${who}, and the slot of this hub is for another one.`);
}

/**
 * Refuses a statement of an instance that has been followed by another one: a replay must not bring its key back. Two of
 * the same second can't be told apart, so the later to arrive signs anew. `createdAt` is the hub's.
 */
export function checkOrder(
  signedAt: string,
  hub: { readonly createdAt: string; readonly instanceAt?: string | undefined },
): Refusal | undefined {
  if (secondsOf(signedAt) < Math.floor(secondsOf(hub.createdAt)))
    return refusal('It is older than the hub; sign anew.');
  if (hub.instanceAt === undefined || isBefore(hub.instanceAt, signedAt)) return undefined;
  return refusal(
    'An instance that signed later, or in the same second, has enrolled as this hub; sign anew.',
  );
}

function readAuthorization(text = ''): Authorization | undefined {
  const [, day, region, signed] = AUTHORIZATION.exec(text) ?? [];
  if (day === undefined || region === undefined || signed === undefined) return undefined;
  return { day, region, signed: signed.split(';') };
}

/** Every header is known, visible text, and signed; the service sees none that the signer did not mean. */
function headerFault(headers: InstanceProof['headers'], signed: readonly string[]): string | undefined {
  const names = Object.keys(headers);
  const foreign = names.find((name) => !KNOWN.has(name));
  if (foreign !== undefined) return `It has a header that does not belong there: ${shown(foreign)}.`;
  const damaged = names.find((name) => !VISIBLE.test(headers[name] ?? ''));
  if (damaged !== undefined) return `Its header ${damaged} holds more than visible characters.`;
  const absent = [...REQUIRED, ...signed].find((name) => !Object.hasOwn(headers, name));
  if (absent !== undefined) return `Its header ${shown(absent)} is missing.`;
  const loose = names.find((name) => name !== 'authorization' && !signed.includes(name));
  if (loose !== undefined) return `Its header ${loose} is not signed.`;
  return new Set(signed).size === signed.length ? undefined : 'It names a signed header twice.';
}

function scopeFault({ region, headers }: InstanceProof, authorization: Authorization): string | undefined {
  const host = `sts.${region}.amazonaws.com`;
  if (authorization.region !== region) return 'It was signed for another region than it names.';
  if (headers['host'] !== host) return `It was signed for another host than ${host}.`;
  return headers['x-amz-date']?.startsWith(`${authorization.day}T`)
    ? undefined
    : 'The day of its credential is not that of its date.';
}

function purposeFault(headers: InstanceProof['headers'], context: ProofContext): string | undefined {
  if (headers[IDENTITY_STATEMENT_HEADER] !== context.statementHash)
    return 'It was signed for another statement.';
  if (headers[IDENTITY_AUDIENCE_HEADER] !== context.audience)
    return `It was signed for another control plane than ${context.audience}.`;
  return undefined;
}

/** ISO 8601 of what Signature Version 4 writes. */
function timeOf(text: string): string | undefined {
  const [, year, month, day, hour, minute, second] = DATE.exec(text) ?? [];
  return year === undefined ? undefined : `${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
}

function isRecent(time: string, now: string): boolean {
  return Math.abs(secondsOf(now) - secondsOf(time)) <= PROOF_SECONDS_MAX;
}

/** A name from outside, short and without what could pass for more of the sentence. */
function shown(name: string): string {
  return name.replace(/[^a-z0-9-]/gi, '?').slice(0, 40);
}

function refusal(detail: string): Refusal {
  return { code: 'proof_invalid', detail: `The instance's proof is not good. ${detail}` };
}
