/** An API key: who a person or a machine is, with one role in one tenant or (`*`) in the deployment; and whom the API takes a caller for. */
import { z } from 'zod';
import { listOf, Metadata, Naming } from './metadata.ts';
import { RoleName } from './role.ts';

/** Built in. Each may do what the ones before it may. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export function isBuiltIn(role: string): role is Role {
  return ROLES.some((name) => name === role);
}

export const KeySpec = z
  .strictObject({ role: RoleName, description: z.string().max(200).default('') })
  .meta({ id: 'KeySpec' });
export const Key = z
  .strictObject({ metadata: Metadata, spec: KeySpec, status: z.strictObject({}).meta({ id: 'KeyStatus' }) })
  .meta({ id: 'Key' });
export type Key = z.infer<typeof Key>;
export const KeyList = listOf('KeyList', Key);
export const KeyCreation = z.strictObject({ metadata: Naming, spec: KeySpec }).meta({ id: 'KeyCreation' });
export const KeyCreated = Key.extend({ secret: z.string().meta({ description: 'Shown once' }) }).meta({
  id: 'KeyCreated',
});

/** A role that a caller has in a place. */
export const Granted = z
  .strictObject({ tenant: z.string(), role: z.string(), sites: z.array(z.string()).optional() })
  .meta({ id: 'Granted' });

/**
 * Who makes a request, once the credential was checked. `tenant` is `*` for the whole deployment; of whoever has roles in several places, `tenant` and
 * `role` are the first of `grants`, and empty if there is none.
 */
export const Principal = z
  .strictObject({
    kind: z.enum(['key', 'person', 'machine']),
    name: z.string(),
    tenant: z.string(),
    role: z.string(),
    grants: z.array(Granted),
    issuer: z.string().optional().meta({ description: 'Of who signed in elsewhere' }),
    subject: z.string().optional(),
  })
  .meta({ id: 'Principal' });
export type Principal = z.infer<typeof Principal>;
