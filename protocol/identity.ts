/**
 * Whom a binding names: who signed in elsewhere, held against issuer, subject, groups and claims. The control plane and a cluster's edge judge by these very lines.
 */
import { z } from 'zod';
import type { BindingSubject } from './binding.ts';

const TEXT_MAX = 256;
const CLAIM_LENGTH_MAX = 2_048;
const GROUPS_MAX = 64;
const CLAIMS_MAX = 32;

/** No half of a surrogate pair, which has no one way to be written in UTF-8. */
export const WELL_FORMED = /^\P{Cs}*$/u;
const Text = z.string().min(1).max(TEXT_MAX).regex(WELL_FORMED);

/** Of an identity what bindings go by, as far as it counts: what a token for a cluster says of its bearer. */
export const Bearer = z.strictObject({
  kind: z.enum(['person', 'machine']),
  issuer: Text,
  subject: Text,
  groups: z.array(Text).max(GROUPS_MAX),
  claims: z
    .record(Text, z.string().max(CLAIM_LENGTH_MAX).regex(WELL_FORMED))
    .refine((claims) => Object.keys(claims).length <= CLAIMS_MAX),
});
export type Bearer = z.infer<typeof Bearer>;

/** What a checked token says of its bearer. `claims` are those that are text. */
export interface Identity extends Readonly<Omit<Bearer, 'groups' | 'claims'>> {
  /** For people to read; nothing is decided by it. */
  readonly name: string;
  readonly groups: readonly string[];
  readonly claims: Readonly<Record<string, string>>;
}

type Judged = Omit<Identity, 'name'>;

/** A machine's token is never a person's, nor the other way round: their issuers vouch for different things. */
export function isNamed({ who }: { readonly who: BindingSubject }, identity: Judged): boolean {
  if (who.issuer !== identity.issuer) return false;
  if (who.kind === 'person') return identity.kind === 'person' && who.subject === identity.subject;
  if (who.kind === 'group') return identity.kind === 'person' && identity.groups.includes(who.group);
  return (
    identity.kind === 'machine' &&
    matchesPattern(who.subject, identity.subject) &&
    Object.entries(who.claims).every(([name, pattern]) => {
      const value = Object.hasOwn(identity.claims, name) ? identity.claims[name] : undefined;
      return value !== undefined && matchesPattern(pattern, value);
    })
  );
}

/**
 * `*` stands for anything but a colon, so that `repo:acme/*:ref:refs/heads/main` can't be met by a branch with a clever name; `**` for anything. Goes through the
 * text once for each star at most, whatever the pattern.
 */
export function matchesPattern(pattern: string, text: string): boolean {
  const parts = pattern.split(/(\*{1,2})/);
  const reached = parts.reduce<ReadonlySet<number>>(
    (starts, part) => stepOver(part, text, starts),
    new Set([0]),
  );
  return reached.has(text.length);
}

/** Where in the text the part may end, having begun at one of these places. */
function stepOver(part: string, text: string, starts: ReadonlySet<number>): ReadonlySet<number> {
  if (part !== '*' && part !== '**')
    return new Set(
      [...starts].filter((start) => text.startsWith(part, start)).map((start) => start + part.length),
    );
  const ends = new Set<number>();
  for (const start of [...starts].sort((a, b) => a - b)) {
    for (let end = start; end <= text.length && !ends.has(end); end += 1) {
      ends.add(end);
      if (part === '*' && text[end] === ':') break;
    }
  }
  return ends;
}

/** A binding as a cluster's edge knows it: whom it names, and the groups that they have there. */
export interface Bound {
  readonly who: BindingSubject;
  readonly groups: readonly string[];
}

/** All that the bindings give, sorted. None: he is shut out. */
export function groupsBound(bindings: readonly Bound[], identity: Judged): string[] {
  const named = bindings.filter((binding) => isNamed(binding, identity));
  return [...new Set(named.flatMap(({ groups }) => groups))].sort();
}

/**
 * The user that a cluster sees: `isthmus:person:https://login.example.com#ada`. Issuer and subject are percent-encoded where one could be taken for the other, or for the end of a
 * header; so two people have never one name, and no key, whose user has no `#`, has a person's.
 */
export function bearerUser({ kind, issuer, subject }: Pick<Bearer, 'kind' | 'issuer' | 'subject'>): string {
  return `isthmus:${kind}:${encoded(issuer)}#${encoded(subject)}`;
}

function encoded(text: string): string {
  return text.replaceAll(/[^!"$&-~]/gu, (character) => encodeURIComponent(character));
}
