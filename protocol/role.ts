/**
 * A role: rules that say which verbs go on which kinds, optionally only on some names or sites. What no rule names is denied. Three roles are built in;
 * others are resources, of a tenant or of the deployment.
 */
import { z } from 'zod';
import { creation, listOf, Name, replacement, resource } from './metadata.ts';

const RULES_MAX = 16;
const NAMES_MAX = 16;
const SITES_MAX = 64;

/** Kinds of resources: what lies in the table with a version, and what a change of can concern an agent's document. */
export const RESOURCE_KINDS = [
  'tenant',
  'site',
  'service',
  'route',
  'policy',
  'edge',
  'hub',
  'token',
  'key',
  'cluster',
  'app',
  'pool',
  'role',
  'binding',
] as const;
export type ResourceKind = (typeof RESOURCE_KINDS)[number];

/** What rights are about. `event` is the audit log, `deployment` the pools, signing roots and version. */
export const RIGHT_KINDS = [...RESOURCE_KINDS, 'event', 'deployment'] as const;
export const RightKind = z.enum(RIGHT_KINDS).meta({ id: 'RightKind' });
export type RightKind = z.infer<typeof RightKind>;

/** `administer` is a tenant's being there: to create and delete tenants. All other changes are `write`. */
export const VERBS = ['read', 'write', 'administer'] as const;
export const Verb = z.enum(VERBS).meta({ id: 'Verb' });
export type Verb = z.infer<typeof Verb>;

/** A name, or what names begin with, followed by `*`. */
const NamePattern = z.string().regex(/^[a-z][a-z0-9-]{0,31}\*?$/, {
  message: 'Give a name, or the beginning of names followed by *.',
});
const Sites = z.array(Name).min(1).max(SITES_MAX);

export const Rule = z
  .strictObject({
    kinds: z
      .array(z.union([RightKind, z.literal('*')]))
      .min(1)
      .max(RIGHT_KINDS.length),
    verbs: z
      .array(z.union([Verb, z.literal('*')]))
      .min(1)
      .max(VERBS.length),
    names: z.array(NamePattern).min(1).max(NAMES_MAX).optional().meta({
      description: 'Only things of these names; a list shows those alone',
    }),
    sites: Sites.optional().meta({
      description: 'Only at these sites: gives nothing of kinds that stand at no site, such as apps',
    }),
  })
  .meta({ id: 'Rule' });
export type Rule = z.infer<typeof Rule>;

export const RoleSpec = z
  .strictObject({ description: z.string().max(200).default(''), rules: z.array(Rule).min(1).max(RULES_MAX) })
  .meta({ id: 'RoleSpec' });
export type RoleSpec = z.infer<typeof RoleSpec>;

export const Role = resource('Role', RoleSpec, z.strictObject({}).meta({ id: 'RoleStatus' }));
export type Role = z.infer<typeof Role>;
export const RoleList = listOf('RoleList', Role);
export const RoleCreation = creation('RoleCreation', RoleSpec);
export const RoleReplacement = replacement('RoleReplacement', RoleSpec);

/** What a binding gives, or a key has. */
export const RoleName = Name.meta({
  description: 'viewer, operator, admin, or a role of the tenant or the deployment',
});
export const SiteNames = Sites;

/** Asks whether the caller may; without `tenant` it is about the deployment. */
export const RightQuestion = z
  .strictObject({
    verb: Verb,
    kind: RightKind,
    tenant: Name.optional(),
    name: Name.optional().meta({ description: 'Of one thing; all of them if absent' }),
    site: Name.optional(),
  })
  .meta({ id: 'RightQuestion' });
export type RightQuestion = z.infer<typeof RightQuestion>;

export const RightAnswer = z
  .strictObject({
    allowed: z.boolean(),
    reason: z.string().meta({ description: 'Which role gives it, or what it would take' }),
  })
  .meta({ id: 'RightAnswer' });
export type RightAnswer = z.infer<typeof RightAnswer>;
