/**
 * Secrets that the API hands out: API keys and enrolment tokens. The store holds SHA-256 of the 32 hex digits only;
 * they carry 128 bits of chance, so a slow hash would add nothing.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { canonicalJson, type Json } from '../../protocol/canonical.ts';
import { type Caller, callerId } from '../domain/authorize.ts';
import type { Clock } from '../reconcile/ports.ts';
import { IDEMPOTENCY_HEADER } from './idempotency.ts';

const SECRET_DIGITS = 32;
const NAME_DIGITS = 12;
const PART = '[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?';
const KEY_TEXT = new RegExp(`^isk_(\\*|${PART})_(${PART})_([0-9a-f]{${SECRET_DIGITS}})$`);
const TOKEN_TEXT = new RegExp(`^ist_(\\*|${PART})_(${PART})_([0-9a-f]{${SECRET_DIGITS}})$`);

/** A secret's text in its parts; `tenant` is `*` for the deployment. */
export interface SecretText {
  readonly tenant: string;
  readonly name: string;
  readonly secret: string;
}

export function formatKey(text: SecretText): string {
  return `isk_${text.tenant}_${text.name}_${text.secret}`;
}

export function readKey(text: string): SecretText | undefined {
  return partsOf(KEY_TEXT.exec(text));
}

export function formatToken(text: SecretText): string {
  return `ist_${text.tenant}_${text.name}_${text.secret}`;
}

export function readToken(text: string): SecretText | undefined {
  return partsOf(TOKEN_TEXT.exec(text));
}

/** SHA-256 in lower-case hex: what is stored of a secret. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** True if the secret has this hash; takes as long for a wrong one. */
export function matchesHash(secret: string, hash: string): boolean {
  const digest = createHash('sha256').update(secret).digest();
  const stored = Buffer.from(hash, 'hex');
  return digest.length === stored.length && timingSafeEqual(digest, stored);
}

/** 32 hex digits that follow from the server's own secret and from `purpose`: the same request, the same digits. */
export function deriveSecret(serverSecret: string, purpose: Json): string {
  return createHmac('sha256', serverSecret)
    .update(canonicalJson(purpose))
    .digest('hex')
    .slice(0, SECRET_DIGITS);
}

function partsOf(match: RegExpExecArray | null): SecretText | undefined {
  const [, tenant, name, secret] = match ?? [];
  return tenant && name && secret ? { tenant, name, secret } : undefined;
}

/** What a creation is, as far as its secret goes. */
export interface SecretCall {
  readonly principal: Caller;
  readonly path: string;
  readonly header: (name: string) => string | undefined;
}

export interface SecretSource {
  readonly clock: Clock;
  readonly tokenSecret: () => Promise<string>;
}

/**
 * The secret of a key or token created at that time: chance, but under an Idempotency-Key what the same request had before.
 * Deleted and created again it has another one.
 */
export async function secretFor(source: SecretSource, call: SecretCall, createdAt: string): Promise<string> {
  const purpose = replayOf('secret', call);
  if (purpose === undefined) return source.clock.randomHex(SECRET_DIGITS / 2);
  return deriveSecret(await source.tokenSecret(), [purpose, createdAt]);
}

/** What the answer to a creation shows: the secret just made, or, of a replay, that of the first answer. */
export async function shownSecret(
  source: SecretSource,
  call: SecretCall & { readonly now: string },
  made: Made,
): Promise<string> {
  return made.createdAt === call.now ? made.secret : secretFor(source, call, made.createdAt);
}

interface Made {
  readonly secret: string;
  /** Of the item that is stored. */
  readonly createdAt: string;
}

/** The name of a new token, which its creator does not choose. */
export async function nameFor(source: SecretSource, call: SecretCall): Promise<string> {
  const purpose = replayOf('name', call);
  const digits =
    purpose === undefined
      ? source.clock.randomHex(NAME_DIGITS / 2)
      : deriveSecret(await source.tokenSecret(), purpose).slice(0, NAME_DIGITS);
  return `t${digits}`;
}

function replayOf(what: string, { principal, path, header }: SecretCall): Json | undefined {
  const key = header(IDEMPOTENCY_HEADER);
  return key === undefined ? undefined : [what, ...callerId(principal), path, key];
}
