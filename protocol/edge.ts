/** An edge: the agent in a data center that dials out to the hubs. Enrolment makes it; the API only steers it. */
import { z } from 'zod';
import { Address, Cidr } from './address.ts';
import { Condition, listOf, Name, replacement, resource, Timestamp } from './metadata.ts';
import { Finding } from './report.ts';
import { EdgeKey, Features, KeyNumber, NextKey } from './rotation.ts';

export const EdgeSpec = z
  .strictObject({
    site: Name,
    approved: z.boolean().meta({ description: 'Until then the edge has no tunnel' }),
    quarantined: z.boolean().default(false).meta({ description: 'Cut off, but kept' }),
    keyNumber: KeyNumber.optional().meta({
      description: 'The WireGuard key that is wanted: one more has the edge make a new one. Absent: as it is',
    }),
  })
  .meta({ id: 'EdgeSpec' });
export type EdgeSpec = z.infer<typeof EdgeSpec>;

export const RefusedAdvert = z
  .strictObject({
    prefix: Cidr,
    reason: z.enum([
      'outside_allotment',
      'outside_token',
      'overlaps',
      'narrower',
      'reserved',
      'too_wide',
      'pool_exhausted',
    ]),
    detail: z.string(),
  })
  .meta({ id: 'RefusedAdvert' });
export type RefusedAdvert = z.infer<typeof RefusedAdvert>;

/** How a hub sees an edge. Ages are seconds before `observedAt`. */
export const Link = z
  .strictObject({
    hub: z.string(),
    up: z.boolean(),
    handshakeAgeSeconds: z.int().optional(),
    probeAgeSeconds: z.int().optional(),
    receivedBytes: z.int(),
    sentBytes: z.int(),
    spoofedPackets: z.int(),
    observedAt: Timestamp,
  })
  .meta({ id: 'Link' });
export type Link = z.infer<typeof Link>;

export const EdgeStatus = z
  .strictObject({
    agent: z.string(),
    wireguardKey: z.string(),
    tunnelAddress: Address,
    key: EdgeKey.optional(),
    nextKey: NextKey.optional(),
    version: z.string(),
    features: Features.optional(),
    advertised: z.array(Cidr),
    accepted: z.array(Cidr),
    refused: z.array(RefusedAdvert),
    document: z
      .strictObject({ epoch: z.int(), generation: z.int() })
      .optional()
      .meta({ description: 'The newest compiled document' }),
    applied: z
      .strictObject({ epoch: z.int(), generation: z.int(), at: Timestamp })
      .optional()
      .meta({ description: 'What the agent last reported as applied' }),
    links: z.array(Link),
    activeHub: z
      .string()
      .optional()
      .meta({ description: 'The hub that its traffic goes by, as it last told' }),
    findings: z
      .array(Finding)
      .optional()
      .meta({ description: 'What was wrong on its host when it last told; absent if it never did' }),
    conditions: z.array(Condition),
  })
  .meta({ id: 'EdgeStatus' });
export const Edge = resource('Edge', EdgeSpec, EdgeStatus);
export type Edge = z.infer<typeof Edge>;
export const EdgeList = listOf('EdgeList', Edge);
export const EdgeReplacement = replacement('EdgeReplacement', EdgeSpec);
