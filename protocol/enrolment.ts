/**
 * Enrolment: a one-off token and a proof of possession buy an identity. Later requests are signed with the agent's own key.
 * The private halves of both keys never leave the host.
 */
import { z } from 'zod';
import { Address, Cidr } from './address.ts';
import { Name } from './metadata.ts';
import { SigningRoot } from './signing-root.ts';
import { WireguardKey } from './wireguard-key.ts';

/** Largest difference between the clocks of an agent and the control plane that a signed request may show. */
export const CLOCK_TOLERANCE_SECONDS = 60;

/** The part that is signed, as canonical JSON, by the identity key (Ed25519). */
export const EnrolmentStatement = z
  .strictObject({
    token: z.string().max(200).optional().meta({ description: 'Or `hub`, for an instance of a slot' }),
    hub: Name.optional().meta({ description: 'Hub whose slot this instance fills; `instance` proves it' }),
    identityKey: z.string().max(200).meta({ description: 'Ed25519 public key: SPKI, DER in base64' }),
    wireguardKey: WireguardKey,
    hostname: z.string().max(253),
    version: z.string().max(50),
    advertise: z.array(Cidr).max(64),
  })
  .meta({ id: 'EnrolmentStatement' });
export type EnrolmentStatement = z.infer<typeof EnrolmentStatement>;

/** The service that says whose signature it is; POSTed to exactly `https://sts.REGION.amazonaws.com/`. */
export const IDENTITY_BODY = 'Action=GetCallerIdentity&Version=2011-06-15';
/** Signed header: SHA-256 of the enrolment's context and statement, in lower-case hex. */
export const IDENTITY_STATEMENT_HEADER = 'x-isthmus-statement';
/** Signed header: origin of the control plane, `https://HOST`, so that no other one can use the signature. */
export const IDENTITY_AUDIENCE_HEADER = 'x-isthmus-audience';

/** A GetCallerIdentity request signed (SigV4) by an instance's role: its headers, by lower-case name. */
export const InstanceProof = z
  .strictObject({
    region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/),
    headers: z.record(z.string().max(64), z.string().max(4_000)),
  })
  .meta({ id: 'InstanceProof' });
export type InstanceProof = z.infer<typeof InstanceProof>;

/** `proof`: signature of `isthmus-enrol-v1\n` and the statement's canonical JSON, in base64. */
export const Enrolment = z
  .strictObject({
    statement: EnrolmentStatement,
    proof: z.string().max(200),
    instance: InstanceProof.optional(),
  })
  .meta({ id: 'Enrolment' });
export type Enrolment = z.infer<typeof Enrolment>;

export const ENROLMENT_CONTEXT = 'isthmus-enrol-v1\n';

/** The same request gets the same answer. */
export const Enrolled = z
  .strictObject({
    agent: z.string(),
    role: z.enum(['edge', 'hub']),
    tenant: z.string().optional(),
    site: z.string().optional(),
    tunnelAddress: Address,
    approved: z.boolean(),
    roots: z.array(SigningRoot).min(1),
  })
  .meta({ id: 'Enrolled' });
export type Enrolled = z.infer<typeof Enrolled>;
