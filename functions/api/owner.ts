/**
 * Whose manifests a resource is kept by. It says who may take a resource away because no file names it any more; who may write it is a matter of
 * rights alone.
 */
import type { Ownership } from '../../protocol/metadata.ts';
import type { Item } from '../store/port.ts';
import { refuse } from './problems.ts';

/** The owner that the item gets, null for nobody; undefined if it stays as it is. Ends the request if it is another one's. */
export function nextOwner(
  { key, owner: before }: Item,
  { owner, takeOwnership = false }: Ownership = {},
): string | null | undefined {
  if (owner === undefined || (owner ?? undefined) === before) return undefined;
  if (before !== undefined && owner !== null && !takeOwnership)
    refuse(
      'owned',
      `The ${key.kind} ${key.name} is kept by the manifests of ${before}. Send metadata.takeOwnership to take it from them.`,
    );
  return owner;
}

/** For the audit log. */
export function ownerText(owner: string | null | undefined): string {
  if (owner === undefined) return '';
  return owner === null ? ' It has no owner now.' : ` Its owner is ${owner} now.`;
}
