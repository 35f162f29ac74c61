/**
 * An instance proves whose slot it fills: its role signs a request to the service that knows all roles. What can be
 * checked here is checked first; the service is asked last, and only about a proof that was made for this request.
 */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../protocol/canonical.ts';
import { ENROLMENT_CONTEXT, type EnrolmentStatement, type InstanceProof } from '../../protocol/enrolment.ts';
import type { Slot } from '../../protocol/slot.ts';
import { checkIdentity, checkProof } from '../domain/instance-proof.ts';
import type { Desk } from './collection.ts';
import { Rejection, refuse, refuseIf } from './problems.ts';

export interface Proving {
  readonly statement: EnrolmentStatement;
  readonly instance: InstanceProof;
  /** Of the control plane, as this request came to it. */
  readonly origin: string;
  readonly now: string;
}

/** Ends the request unless an instance of this slot signed it. `session` is the instance's id, `signedAt` ISO 8601. */
export async function requireInstance(
  desk: Pick<Desk, 'identify'>,
  { statement, instance, origin, now }: Proving,
  slot: Slot,
): Promise<{ session: string; signedAt: string }> {
  const { identify } = desk;
  if (identify === undefined)
    return refuse('proof_invalid', 'This deployment has no instance roles: enrol with a token.');
  const context = { statementHash: hashOf(statement), audience: origin, now };
  const checked = checkProof(instance, context);
  if ('code' in checked) throw new Rejection(checked);
  const identity = await identify(instance);
  refuseIf(checkIdentity(identity, slot));
  return { session: identity?.session ?? '', signedAt: checked.signedAt };
}

function hashOf(statement: EnrolmentStatement): string {
  return createHash('sha256')
    .update(ENROLMENT_CONTEXT + canonicalJson(statement))
    .digest('hex');
}
