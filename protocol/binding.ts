/**
 * A binding: gives people and machines that sign in elsewhere a role here. Whoever no binding names may do nothing, however well he signed in.
 */
import { z } from 'zod';
import { creation, listOf, replacement, resource } from './metadata.ts';
import { RoleName, SiteNames } from './role.ts';

const CLAIMS_MAX = 8;
const TEXT_MAX = 256;

const Issuer = z.url().max(TEXT_MAX).meta({ description: 'As its tokens name it' });
const Text = z.string().min(1).max(TEXT_MAX);
/** Begins with a letter or digit, so that nothing is given to everybody by a slip. */
const Pattern = z.string().regex(/^[A-Za-z0-9][!-~]{0,255}$/, {
  message: 'Begin with a letter or digit; * stands for anything but a colon, ** for anything.',
});

/** Whom a binding names. A group is a claim of the token, a machine is named by a pattern of its subject. */
export const BindingSubject = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('person'), issuer: Issuer, subject: Text }),
    z.strictObject({ kind: z.literal('group'), issuer: Issuer, group: Text }),
    z.strictObject({
      kind: z.literal('machine'),
      issuer: Issuer,
      subject: Pattern.meta({
        examples: ['repo:acme/shop:ref:refs/heads/main', 'repo:acme/*:environment:production'],
      }),
      claims: z
        .record(z.string().max(64), Pattern)
        .refine((claims) => Object.keys(claims).length <= CLAIMS_MAX, {
          error: `Name at most ${CLAIMS_MAX} claims.`,
        })
        .default({})
        .meta({ description: 'Other claims that must be there, as patterns' }),
    }),
  ])
  .meta({ id: 'BindingSubject' });
export type BindingSubject = z.infer<typeof BindingSubject>;

export const BindingSpec = z
  .strictObject({
    who: BindingSubject,
    role: RoleName,
    sites: SiteNames.optional().meta({ description: 'Only at these sites; as the sites of a rule' }),
    description: z.string().max(200).default(''),
  })
  .meta({ id: 'BindingSpec' });
export type BindingSpec = z.infer<typeof BindingSpec>;

export const Binding = resource('Binding', BindingSpec, z.strictObject({}).meta({ id: 'BindingStatus' }));
export type Binding = z.infer<typeof Binding>;
export const BindingList = listOf('BindingList', Binding);
export const BindingCreation = creation('BindingCreation', BindingSpec);
export const BindingReplacement = replacement('BindingReplacement', BindingSpec);
