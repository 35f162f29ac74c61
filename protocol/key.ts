/** An API key: who a person or a machine is, with one role in one tenant or (`*`) in the deployment. */
import { z } from 'zod';
import { listOf, Metadata, Naming } from './metadata.ts';

/** Each role may do what the ones before it may. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export const Role = z.enum(ROLES).meta({ id: 'Role' });
export type Role = z.infer<typeof Role>;

export const KeySpec = z
  .strictObject({ role: Role, description: z.string().max(200).default('') })
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

/** Who makes a request, once the credential was checked. `tenant` is `*` for the whole deployment. */
export const Principal = z
  .strictObject({ name: z.string(), tenant: z.string(), role: Role })
  .meta({ id: 'Principal' });
export type Principal = z.infer<typeof Principal>;
