/** Whom a binding names: who signed in elsewhere, held against issuer, subject, groups and claims. */
import type { BindingSpec } from '../../protocol/binding.ts';

/** What a checked token says of its bearer. */
export interface Identity {
  readonly kind: 'person' | 'machine';
  readonly issuer: string;
  readonly subject: string;
  /** For people to read; nothing is decided by it. */
  readonly name: string;
  readonly groups: readonly string[];
  /** Claims that are text. */
  readonly claims: Readonly<Record<string, string>>;
}

/** A machine's token is never a person's, nor the other way round: their issuers vouch for different things. */
export function isNamed({ who }: Pick<BindingSpec, 'who'>, identity: Identity): boolean {
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
