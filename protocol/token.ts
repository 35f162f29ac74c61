/** An enrolment token: one-off, an hour at most, stored as a hash, bound to a site and to prefixes (or to a hub). */
import { z } from 'zod';
import { Cidr } from './address.ts';
import { listOf, Metadata, Name, Timestamp } from './metadata.ts';

const MINUTES_MAX = 60;

export const TokenSpec = z
  .strictObject({
    site: Name.meta({ description: 'The site whose edge may enrol' }),
    prefixes: z
      .array(Cidr)
      .max(64)
      .optional()
      .meta({ description: 'Prefixes that the edge may advertise; absent: every one of the allotment' }),
    approve: z.boolean().default(false).meta({ description: 'true: the edge needs no approval by a person' }),
    minutes: z.int().min(1).max(MINUTES_MAX).default(MINUTES_MAX),
  })
  .meta({ id: 'TokenSpec' });
export type TokenSpec = z.infer<typeof TokenSpec>;

/** A hub's token: the hub is in the path. */
export const HubTokenSpec = z
  .strictObject({ minutes: z.int().min(1).max(MINUTES_MAX).default(MINUTES_MAX) })
  .meta({ id: 'HubTokenSpec' });

export const TokenStatus = z
  .strictObject({
    expiresAt: Timestamp,
    state: z.enum(['unused', 'used', 'expired']),
    usedBy: z.string().optional().meta({ description: 'Id of the agent that it enrolled' }),
  })
  .meta({ id: 'TokenStatus' });

export const Token = z
  .strictObject({
    metadata: Metadata,
    spec: z
      .strictObject({
        site: z.string().optional(),
        hub: z.string().optional(),
        prefixes: z.array(Cidr).optional(),
        approve: z.boolean(),
        minutes: z.int(),
      })
      .meta({ id: 'TokenTerms' }),
    status: TokenStatus,
  })
  .meta({ id: 'Token' });
export type Token = z.infer<typeof Token>;
export const TokenList = listOf('TokenList', Token);
export const TokenCreation = z.strictObject({ spec: TokenSpec }).meta({ id: 'TokenCreation' });
export const HubTokenCreation = z.strictObject({ spec: HubTokenSpec }).meta({ id: 'HubTokenCreation' });

/** The only answer that ever shows the secret. */
export const TokenCreated = Token.extend({
  secret: z.string().meta({ description: 'Shown once; write it to a file for the installer' }),
  install: z.string().meta({ description: 'The command to run on the host, with --token-file FILE' }),
}).meta({ id: 'TokenCreated' });
export type TokenCreated = z.infer<typeof TokenCreated>;
