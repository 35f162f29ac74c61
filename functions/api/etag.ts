/**
 * Lost updates are refused: a resource's ETag is its generation in quotes, and every change names the one it saw. It is of the spec alone, so that
 * what the control plane writes beside it (a placement, a verdict on a release) makes nobody's change stale.
 */
import { refuse } from './problems.ts';

export function etagOf(generation: number): string {
  return `"${generation}"`;
}

/** Ends the request unless `If-Match` names the generation that is stored. `*` is no answer: it would overwrite blindly. */
export function requireMatch(ifMatch: string | undefined, generation: number): void {
  if (ifMatch === undefined)
    refuse('precondition_required', 'Read the resource first and send its ETag as If-Match.');
  if (!/^"\d+"$/.test(ifMatch))
    refuse(
      'stale',
      `If-Match is ${ifMatch.slice(0, 40)}; send the ETag that the resource was read with, with its quotes, for example "1".`,
    );
  if (ifMatch !== etagOf(generation))
    refuse(
      'stale',
      `If-Match is ${ifMatch.slice(0, 40)}, the resource is at ${etagOf(generation)}. Read it again and repeat the change.`,
    );
}

/** True if `If-None-Match` names this tag (RFC 9110: weak comparison). */
export function matchesNone(ifNoneMatch: string | undefined, etag: string): boolean {
  const tags = ifNoneMatch?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  return tags.includes(etag);
}
