/**
 * Enrolment: the token and a proof of possession buy the identity's admission. Asking again with the same key
 * gets the same answer, so a lost answer costs nothing. It must not write the configuration: the caller does.
 */
import { canonicalJson } from '../../protocol/canonical.ts';
import {
  ENROLMENT_CONTEXT,
  Enrolled,
  type EnrolmentStatement,
  type InstanceProof,
} from '../../protocol/enrolment.ts';
import { retryDelayMs } from './backoff.ts';
import type { Caller } from './fetch.ts';
import type { Identity } from './identity.ts';
import { type Denied, failureOf, type Unreachable } from './problem.ts';
import { rootId } from './verify.ts';

const ATTEMPTS_MAX = 5;

export interface EnrolmentInput {
  readonly identity: Identity;
  readonly statement: Omit<EnrolmentStatement, 'identityKey'>;
  /** Of an instance that fills a slot: proves the text that the identity key signs, too. */
  readonly prove?: ((text: string) => Promise<InstanceProof>) | undefined;
  /** Signing roots (SPKI in base64) that the operator named; empty: those of the answer are trusted once. */
  readonly rootKeys: readonly string[];
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** From 0 up to 1. */
  readonly chance: () => number;
}

export type EnrolResult =
  | { readonly kind: 'enrolled'; readonly enrolled: Enrolled }
  | { readonly kind: 'foreign_root'; readonly reason: string }
  | Denied
  | Unreachable;

export async function enrol(caller: Caller, input: EnrolmentInput): Promise<EnrolResult> {
  const body = await enrolmentBody(input);
  let result = await enrolOnce(caller, body);
  for (let attempt = 1; attempt < ATTEMPTS_MAX && result.kind === 'unreachable'; attempt += 1) {
    await input.sleep(retryDelayMs(attempt, input.chance()));
    result = await enrolOnce(caller, body);
  }
  return result.kind === 'enrolled' ? pinnedOrForeign(result, input.rootKeys) : result;
}

async function enrolmentBody({ statement: stated, identity, prove }: EnrolmentInput): Promise<string> {
  const statement = { ...stated, identityKey: identity.publicKey };
  const text = ENROLMENT_CONTEXT + canonicalJson(statement);
  const instance = prove === undefined ? {} : { instance: await prove(text) };
  return canonicalJson({ statement, proof: identity.sign(text), ...instance });
}

async function enrolOnce(caller: Caller, body: string): Promise<EnrolResult> {
  const answer = await caller.call({ method: 'POST', path: '/v1/enrol', body });
  if (answer.kind !== 'answer' || answer.status < 200 || answer.status > 299) return failureOf(answer);
  const enrolled = readEnrolled(answer.body);
  return enrolled === undefined
    ? { kind: 'unreachable', code: 'not_isthmus', reason: 'the answer to the enrolment cannot be read' }
    : { kind: 'enrolled', enrolled };
}

/** Only roots that the operator named are pinned, if any was named. */
function pinnedOrForeign(
  result: { readonly kind: 'enrolled'; readonly enrolled: Enrolled },
  rootKeys: readonly string[],
): EnrolResult {
  const sound = result.enrolled.roots.filter((root) => rootId(root.publicKey) === root.id);
  const roots = rootKeys.length === 0 ? sound : sound.filter((root) => rootKeys.includes(root.publicKey));
  if (roots.length > 0) return { kind: 'enrolled', enrolled: { ...result.enrolled, roots } };
  return {
    kind: 'foreign_root',
    reason: `the control plane signs with ${result.enrolled.roots.map(({ id }) => id).join(', ')}, not with the root key that was given`,
  };
}

function readEnrolled(body: string): Enrolled | undefined {
  try {
    return Enrolled.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}
