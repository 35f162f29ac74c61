/**
 * Enrolment: a proof of possession and a one-off token buy an identity. Nothing is written before both were checked,
 * and the one write that spends the token is conditional, so that of many redemptions one succeeds.
 */
import { verify } from 'node:crypto';
import { canonicalJson } from '../../protocol/canonical.ts';
import { ENROLMENT_CONTEXT, Enrolled, Enrolment, type EnrolmentStatement } from '../../protocol/enrolment.ts';
import type { Item } from '../store/port.ts';
import { type Desk, findLive } from './collection.ts';
import { enrolEdge } from './edge-enrolment.ts';
import { enrolHub } from './hub-enrolment.ts';
import { NO_QUERY, type Operation, operation } from './operation.ts';
import { refuse } from './problems.ts';
import { requireRedeemable } from './redeem.ts';
import { matchesHash, readToken } from './secret.ts';
import { readIdentityKey } from './signature.ts';

export function enrolOperation(desk: Desk): Operation {
  return operation({
    id: 'enrol',
    method: 'post',
    path: '/v1/enrol',
    tag: 'agents',
    summary: 'Enrol an agent with a token',
    guard: desk.guards.anyone,
    body: Enrolment,
    query: NO_QUERY,
    answers: [{ status: 200, description: 'The identity, the same for the same key', schema: Enrolled }],
    problems: ['proof_invalid', 'token_invalid', 'token_expired', 'token_used', 'pool_exhausted', 'busy'],
    async handle({ body, requestId, now }) {
      requireProof(body);
      const token = await findToken(desk, body.statement.token);
      const enrolment = { desk, token, statement: body.statement, requestId, now };
      requireRedeemable(enrolment);
      const json = token.spec.hub === undefined ? await enrolEdge(enrolment) : await enrolHub(enrolment);
      return { status: 200, json };
    },
  });
}

/** An enrolment whose proof and token were checked. */
export interface CheckedEnrolment {
  readonly desk: Desk;
  readonly token: Item<'token'>;
  readonly statement: EnrolmentStatement;
  readonly requestId: string;
  readonly now: string;
}

function requireProof({ statement, proof }: Enrolment): void {
  const key = readIdentityKey(statement.identityKey);
  const text = Buffer.from(ENROLMENT_CONTEXT + canonicalJson(statement));
  if (key === undefined || !verify(null, text, key, Buffer.from(proof, 'base64')))
    refuse('proof_invalid', 'The proof is not a signature of this statement by its identity key.');
}

/** An unknown token, one of another tenant and a wrong secret look the same. */
async function findToken({ store }: Desk, text: string): Promise<Item<'token'>> {
  const parts = readToken(text);
  const token = parts && (await findLive(store, { kind: 'token', tenant: parts.tenant, name: parts.name }));
  if (parts === undefined || token === undefined || !matchesHash(parts.secret, token.internal.secretHash))
    return refuse('token_invalid', 'The token is not known. Create a new one, and copy it whole.');
  return token;
}
