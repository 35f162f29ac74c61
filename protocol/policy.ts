/**
 * A policy: flows that an isolated tenant allows between its sites. Policies only ever allow, so their order
 * does not matter and adding one never closes anything. Between tenants there is no policy: nothing flows.
 */
import { z } from 'zod';
import { Condition, creation, listOf, Name, replacement, resource } from './metadata.ts';
import { Port, Protocol } from './service.ts';

const PORTS_MAX = 32;

export const PolicySpec = z
  .strictObject({
    from: z.strictObject({ site: Name }),
    to: z.strictObject({ site: Name, service: Name.optional() }),
    ports: z
      .array(z.strictObject({ protocol: Protocol.default('tcp'), port: Port }))
      .max(PORTS_MAX)
      .default([])
      .meta({ description: 'Empty: every protocol and port. With a service: its own port when empty.' }),
  })
  .meta({ id: 'PolicySpec' });
export type PolicySpec = z.infer<typeof PolicySpec>;

export const PolicyStatus = z.strictObject({ conditions: z.array(Condition) }).meta({ id: 'PolicyStatus' });
export const Policy = resource('Policy', PolicySpec, PolicyStatus);
export type Policy = z.infer<typeof Policy>;
export const PolicyList = listOf('PolicyList', Policy);
export const PolicyCreation = creation('PolicyCreation', PolicySpec);
export const PolicyReplacement = replacement('PolicyReplacement', PolicySpec);
