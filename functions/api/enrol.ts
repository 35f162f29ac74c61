/**
 * Enrolment: a proof of possession and either a one-off token or an instance's role buy an identity. Nothing is written
 * before both were checked, and the one write that spends the token is conditional, so that of many redemptions one
 * succeeds.
 */
import { verify } from 'node:crypto';
import { canonicalJson } from '../../protocol/canonical.ts';
import { ENROLMENT_CONTEXT, Enrolled, Enrolment, type EnrolmentStatement } from '../../protocol/enrolment.ts';
import type { Item } from '../store/port.ts';
import { type Desk, findLive } from './collection.ts';
import { enrolEdge } from './edge-enrolment.ts';
import { refuseField } from './faults.ts';
import { enrolHub } from './hub-enrolment.ts';
import { enrolInstance } from './instance-enrolment.ts';
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
    summary: 'Enrol an agent with a token, or an instance with its role',
    guard: desk.guards.anyone,
    body: Enrolment,
    query: NO_QUERY,
    answers: [{ status: 200, description: 'The identity, the same for the same key', schema: Enrolled }],
    problems: [
      'proof_invalid',
      'token_invalid',
      'token_expired',
      'token_used',
      'pool_exhausted',
      'quota_exceeded',
      'busy',
    ],
    async handle({ body, origin, requestId, now }) {
      const credential = credentialOf(body);
      requireProof(body);
      const facts = { desk, statement: body.statement, requestId, now };
      const json =
        'token' in credential
          ? await enrolByToken(facts, credential.token)
          : await enrolInstance({ ...facts, ...credential, origin });
      return { status: 200, json };
    },
  });
}

type Credential =
  | { readonly token: string }
  | { readonly hub: string; readonly instance: NonNullable<Enrolment['instance']> };

/** Exactly one: a token, or a hub's name with the proof of an instance. */
function credentialOf({ statement, instance }: Enrolment): Credential {
  const { token, hub } = statement;
  if (token !== undefined && hub !== undefined)
    return refuseField('/statement/hub', 'Send a token or the name of a hub, not both.');
  if (hub !== undefined && instance === undefined)
    return refuseField('/instance', "An instance that enrols as a hub sends its role's proof.");
  if (hub !== undefined && instance !== undefined) return { hub, instance };
  if (instance !== undefined)
    return refuseField('/instance', 'It goes with the name of a hub, not with a token.');
  return token === undefined
    ? refuseField('/statement/token', 'Send a token, or the name of a hub and the proof of an instance.')
    : { token };
}

async function enrolByToken(facts: Omit<CheckedEnrolment, 'token'>, text: string): Promise<Enrolled> {
  const enrolment = { ...facts, token: await findToken(facts.desk, text) };
  requireRedeemable(enrolment);
  return enrolment.token.spec.hub === undefined ? enrolEdge(enrolment) : enrolHub(enrolment);
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
