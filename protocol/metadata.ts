/** What every resource has: names, metadata, conditions, lists. */
import { z } from 'zod';

/** A DNS label: names of tenants, sites and services become host names. */
export const Name = z
  .string()
  .regex(/^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/, {
    message:
      'Use 1 to 32 lower-case letters, digits and hyphens; begin with a letter and end with a letter or digit.',
  })
  .meta({ id: 'Name', examples: ['berlin'] });

/** ISO 8601 in UTC with milliseconds. */
export const Timestamp = z.iso.datetime().meta({ id: 'Timestamp', examples: ['2026-01-31T12:00:00.000Z'] });

export const Metadata = z
  .strictObject({
    name: z.string(),
    tenant: z.string().optional(),
    owner: Name.optional().meta({
      description: 'Whose manifests it is kept by (`isthmus apply --owner`); absent if nobody said so',
    }),
    createdAt: Timestamp,
    updatedAt: Timestamp,
    generation: z.int().min(1).meta({
      description: 'Rises by one with every change of spec or owner; the ETag is this number in quotes',
    }),
    version: z.int().min(1).meta({ description: 'Rises by one with every write, of what is told as well' }),
  })
  .meta({ id: 'Metadata' });
export type Metadata = z.infer<typeof Metadata>;

/** As in the Kubernetes API conventions; `lastTransitionTime` gives the statement its age. */
export const Condition = z
  .strictObject({
    type: z.string().meta({ examples: ['Ready'] }),
    status: z.enum(['True', 'False', 'Unknown']),
    reason: z.string().meta({ examples: ['HandshakeFresh'] }),
    message: z.string(),
    lastTransitionTime: Timestamp,
  })
  .meta({ id: 'Condition' });
export type Condition = z.infer<typeof Condition>;

/** The resource of a kind, from its spec and its status. */
export function resource<Spec extends z.ZodType, Status extends z.ZodType>(
  id: string,
  spec: Spec,
  status: Status,
) {
  return z.strictObject({ metadata: Metadata, spec, status }).meta({ id });
}

/** A page of a list: `next` is an opaque token for `?page=`, absent on the last page. */
export function listOf<Item extends z.ZodType>(id: string, item: Item) {
  return z.strictObject({ items: z.array(item), next: z.string().optional() }).meta({ id });
}

/** What a creator chooses of the metadata. */
export const Naming = z.strictObject({ name: Name }).meta({ id: 'Naming' });

/** What a creator chooses of the metadata of what manifests make. */
export const OwnedNaming = Naming.extend({ owner: Name.optional() }).meta({ id: 'OwnedNaming' });

/** Whose a resource is to be from now on. */
export const Ownership = z
  .strictObject({
    owner: Name.nullable().optional().meta({ description: 'null: nobody; absent: as it is' }),
    takeOwnership: z
      .boolean()
      .optional()
      .meta({ description: 'Also if it is of another owner, who loses it' }),
  })
  .meta({ id: 'Ownership' });
export type Ownership = z.infer<typeof Ownership>;

/** What a client sends to create a named resource. */
export function creation<Spec extends z.ZodType>(id: string, spec: Spec) {
  return z.strictObject({ metadata: OwnedNaming, spec }).meta({ id });
}

/** What a client sends to replace the spec of a resource; the whole spec, not a patch. Its owner stays, unless another one is said. */
export function replacement<Spec extends z.ZodType>(id: string, spec: Spec) {
  return z.strictObject({ metadata: Ownership.optional(), spec }).meta({ id });
}
