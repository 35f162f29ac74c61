/**
 * Enrolment: a one-off token and a proof of possession buy an identity. Later requests are signed with the agent's own key.
 * The private halves of both keys never leave the host.
 */
import { z } from 'zod';
import { Address, Cidr } from './address.ts';
import { SigningRoot } from './document.ts';

/** Largest difference between the clocks of an agent and the control plane that a signed request may show. */
export const CLOCK_TOLERANCE_SECONDS = 60;

/** WireGuard public key: 32 bytes in base64. */
export const WireguardKey = z
  .string()
  .regex(/^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/, {
    message: 'Write a WireGuard public key: 32 bytes in base64.',
  })
  .meta({ id: 'WireguardKey' });

/** The part that is signed, as canonical JSON, by the identity key (Ed25519). */
export const EnrolmentStatement = z
  .strictObject({
    token: z.string().max(200),
    identityKey: z.string().max(200).meta({ description: 'Ed25519 public key: SPKI, DER in base64' }),
    wireguardKey: WireguardKey,
    hostname: z.string().max(253),
    version: z.string().max(50),
    advertise: z.array(Cidr).max(64),
  })
  .meta({ id: 'EnrolmentStatement' });
export type EnrolmentStatement = z.infer<typeof EnrolmentStatement>;

/** `proof`: signature of `isthmus-enrol-v1\n` and the statement's canonical JSON, in base64. */
export const Enrolment = z
  .strictObject({ statement: EnrolmentStatement, proof: z.string().max(200) })
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
