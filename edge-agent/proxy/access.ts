/** Who asks, held against the newest word of access: what a key was given, or what the bindings give that name who signed in. */
import type { ClusterLeaf } from '../../protocol/document.ts';
import { type Bearer, bearerUser, groupsBound } from '../../protocol/identity.ts';
import type { Requester } from '../cache/port.ts';

/** Whom a token names. A key has no `who`, and who signed in is no key, whatever he is called. */
export interface Claimant {
  readonly subject: string;
  readonly who?: Bearer | undefined;
}

export type Access = Pick<ClusterLeaf, 'access' | 'bindings'>;

export const NO_ACCESS: Access = { access: [] };

/** As whom the claimant's requests go on; undefined if nothing lets him in. */
export function requesterOf(
  { subject, who }: Claimant,
  { access, bindings = [] }: Access,
): Requester | undefined {
  if (who === undefined) return access.find((grant) => grant.subject === subject);
  const groups = groupsBound(bindings, who);
  const user = bearerUser(who);
  return groups.length === 0 ? undefined : { subject: user, user, groups };
}

interface Begun {
  readonly claimant: Claimant;
  readonly requester: Requester;
}

/** Other groups are another access: what was begun under the old ones ends. */
export function isGranted({ claimant, requester }: Begun, access: Access): boolean {
  return isSame(requester, requesterOf(claimant, access));
}

/** The same of many, each claimant judged once however much of his is under way. */
export function createJudge(access: Access): (begun: Begun) => boolean {
  const known = new Map<string, Requester | undefined>();
  return ({ claimant, requester }) => {
    const key = JSON.stringify(claimant);
    if (!known.has(key)) known.set(key, requesterOf(claimant, access));
    return isSame(requester, known.get(key));
  };
}

function isSame(requester: Requester, grant: Requester | undefined): boolean {
  return (
    grant !== undefined &&
    grant.user === requester.user &&
    [...grant.groups].sort().join('\n') === [...requester.groups].sort().join('\n')
  );
}
