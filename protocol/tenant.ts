/** A tenant: nothing flows between two tenants, whatever their sites and addresses. */
import { z } from 'zod';
import { Condition, creation, listOf, replacement, resource } from './metadata.ts';

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
      })
      .default({})
      .meta({ description: 'What its apps may take together; what is absent is without limit' }),
  })
  .meta({ id: 'TenantSpec' });
export type TenantSpec = z.infer<typeof TenantSpec>;

export const TenantStatus = z.strictObject({ conditions: z.array(Condition) }).meta({ id: 'TenantStatus' });
export const Tenant = resource('Tenant', TenantSpec, TenantStatus);
export type Tenant = z.infer<typeof Tenant>;
export const TenantList = listOf('TenantList', Tenant);
export const TenantCreation = creation('TenantCreation', TenantSpec);
export const TenantReplacement = replacement('TenantReplacement', TenantSpec);
