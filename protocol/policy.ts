/**
 * A policy: a flow that is allowed between named things of a tenant. Policies only ever allow, so their order does not matter and adding one never closes
 * anything. They open what an isolated tenant closes between its sites, and, where they name an app or a group as their end, what the app's own access closes.
 * Between tenants there is no policy: nothing flows.
 */
import { z } from 'zod';
import { Condition, creation, listOf, Name, replacement, resource } from './metadata.ts';
import { Port, Protocol } from './service.ts';

const PORTS_MAX = 32;

export const PolicyPort = z
  .strictObject({ protocol: Protocol.default('tcp'), port: Port })
  .meta({ id: 'PolicyPort' });
export type PolicyPort = z.infer<typeof PolicyPort>;

/** Where a flow begins, or ends. */
export const PolicyEnd = z
  .strictObject({
    site: Name.optional().meta({ description: 'All that the site exposes' }),
    service: Name.optional().meta({ description: 'Of the site: the address of this service alone' }),
    app: Name.optional().meta({ description: 'The containers of this app, wherever they run' }),
    group: Name.optional().meta({ description: 'The containers of all apps of this isolation group' }),
  })
  .refine(({ site, app, group }) => [site, app, group].filter((one) => one !== undefined).length === 1, {
    error: 'Name one of site, app and group.',
  })
  .refine(({ site, service }) => service === undefined || site !== undefined, {
    error: 'Name the site that the service is at.',
    path: ['site'],
  })
  .meta({ id: 'PolicyEnd' });
export type PolicyEnd = z.infer<typeof PolicyEnd>;

export const PolicySpec = z
  .strictObject({
    from: PolicyEnd,
    to: PolicyEnd,
    ports: z.array(PolicyPort).max(PORTS_MAX).default([]).meta({
      description:
        'Of an app: as its manifest has them, whatever they are published at. Empty: every protocol and port of a site; the own ones of a service or an app.',
    }),
  })
  .meta({ id: 'PolicySpec' });
export type PolicySpec = z.infer<typeof PolicySpec>;

export const PolicyStatus = z.strictObject({ conditions: z.array(Condition) }).meta({ id: 'PolicyStatus' });
export const Policy = resource('Policy', PolicySpec, PolicyStatus);
export type Policy = z.infer<typeof Policy>;
export const PolicyList = listOf('PolicyList', Policy);
export const PolicyCreation = creation('PolicyCreation', PolicySpec);
export const PolicyReplacement = replacement('PolicyReplacement', PolicySpec);
