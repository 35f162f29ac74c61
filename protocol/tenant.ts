/** A tenant: nothing flows between two tenants, whatever their sites and addresses. */
import { z } from 'zod';
import { Condition, creation, listOf, replacement, resource } from './metadata.ts';

/** How many of a kind there may be where nothing else is said: in a tenant, or (hubs, tenants, what belongs to nobody else) in the deployment. */
export const COUNTS_MAX = {
  ...{ site: 1_000, edge: 2_000, token: 1_000, cluster: 256, pool: 256, service: 5_000, route: 2_000 },
  ...{ app: 2_000, policy: 1_000, key: 500, role: 200, binding: 1_000, hub: 100, tenant: 5_000 },
} as const;

const Counted = z.enum([
  'site',
  'edge',
  'token',
  'cluster',
  'pool',
  'service',
  'route',
  'app',
  'policy',
  'key',
  'role',
  'binding',
]);
const COUNT_MAX = 20_000;

export const TenantSpec = z
  .strictObject({
    description: z.string().max(200).default(''),
    isolation: z.enum(['open', 'isolated']).default('open').meta({
      description: 'open: the sites of the tenant reach each other. isolated: only what a policy allows.',
    }),
    quota: z
      .strictObject({
        cpuMillis: z.int().min(0).optional(),
        memoryMib: z.int().min(0).optional(),
        replicas: z.int().min(0).optional(),
        counts: z
          .partialRecord(Counted, z.int().min(0).max(COUNT_MAX))
          .optional()
          .meta({
            description: 'How many of a kind it may have; what is absent is as for everybody',
            examples: [{ site: 20, key: 10 }],
          }),
      })
      .default({})
      .meta({
        description:
          'What its apps may take together, without limit if absent, and how much there may be in it. Set by roles of the deployment alone',
      }),
  })
  .meta({ id: 'TenantSpec' });
export type TenantSpec = z.infer<typeof TenantSpec>;

export const TenantStatus = z.strictObject({ conditions: z.array(Condition) }).meta({ id: 'TenantStatus' });
export const Tenant = resource('Tenant', TenantSpec, TenantStatus);
export type Tenant = z.infer<typeof Tenant>;
export const TenantList = listOf('TenantList', Tenant);
export const TenantCreation = creation('TenantCreation', TenantSpec);
export const TenantReplacement = replacement('TenantReplacement', TenantSpec);
