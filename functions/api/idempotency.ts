/**
 * A creation may be sent again under its Idempotency-Key: the same request gets the same answer, another one a conflict.
 * The evidence lies in the created item, so that it is written with it or not at all.
 */
import { createHash } from 'node:crypto';
import { canonicalJson, type Json } from '../../protocol/canonical.ts';
import { type Caller, callerId } from '../domain/authorize.ts';
import type { Idempotent, Kind, Kinds } from '../store/port.ts';
import { refuse, refuseIf } from './problems.ts';

const KEY_LENGTH_MAX = 255;

export const IDEMPOTENCY_HEADER = 'Idempotency-Key';

type Evidence = NonNullable<Idempotent['idempotency']>;

export interface CreationRequest {
  readonly principal: Caller;
  readonly path: string;
  readonly body: Json;
  /** Value of the header. */
  readonly key: string | undefined;
}

/** Hashes of the key (one name space a principal) and of the request; undefined without a key. */
export function evidenceOf(request: CreationRequest): Evidence | undefined {
  const { key, principal } = request;
  if (key === undefined) return undefined;
  if (!/^[!-~]+$/.test(key) || key.length > KEY_LENGTH_MAX)
    refuse('invalid', `${IDEMPOTENCY_HEADER} is 1 to ${KEY_LENGTH_MAX} visible ASCII characters.`);
  return {
    key: hash([...callerId(principal), key]),
    request: hash([request.path, request.body]),
  };
}

/** Ends the request unless what exists was created by this very request. */
export function requireReplay(
  existing: Kinds[Kind]['internal'],
  evidence: Evidence | undefined,
  name: string,
): void {
  const stored = 'idempotency' in existing ? existing.idempotency : undefined;
  if (evidence === undefined || stored?.key !== evidence.key)
    refuse(
      'already_exists',
      `There is already a resource named ${name}. Choose another name, or replace it with PUT.`,
    );
  refuseIf(
    stored.request === evidence.request
      ? undefined
      : {
          code: 'idempotency_conflict',
          detail: 'This key came with another request before. Use a new key for a new request.',
        },
  );
}

function hash(value: Json): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}
