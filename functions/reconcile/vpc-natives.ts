/**
 * The native prefixes of a VPC, from the documents that its hubs were told: compiling them again for every look would
 * read the whole estate. It decides nothing.
 */
import { type Leaf, NetworkLeaf } from '../../protocol/document.ts';
import { sortedPrefixes } from '../domain/order.ts';
import type { Store } from '../store/port.ts';
import type { Blobs } from './ports.ts';

/** Name of the leaf of a hub's document with the native prefixes of its VPC. */
const NETWORK: Leaf['kind'] = 'network';
/** Leaves kept in memory; each VPC needs one or two. */
const LEAVES_MAX = 64;

/** `unknown`: no hub has a document yet, or one can't be read. What stands must then stay. */
export type Natives =
  | { readonly kind: 'known'; readonly prefixes: readonly string[] }
  | { readonly kind: 'unknown'; readonly reason: string };

/** By the agent ids of the hubs of a VPC. */
export type ReadNatives = (agents: readonly string[]) => Promise<Natives>;

export interface NativeDependencies {
  readonly store: Pick<Store, 'document'>;
  readonly blobs: Pick<Blobs, 'get'>;
}

/** A leaf never changes under its hash, so one is read once. */
export function nativeReader({ store, blobs }: NativeDependencies): ReadNatives {
  const known = new Map<string, readonly string[]>();
  const prefixesOf = async (hash: string): Promise<readonly string[]> => {
    const kept = known.get(hash);
    if (kept) return kept;
    const text = await blobs.get(hash);
    if (text === undefined) throw new Error(`the leaf ${hash} is not there`);
    const prefixes = NetworkLeaf.parse(JSON.parse(text)).native.flatMap((peer) => peer.prefixes);
    if (known.size === LEAVES_MAX) known.clear();
    known.set(hash, prefixes);
    return prefixes;
  };
  return async (agents) => {
    try {
      const stored = await Promise.all(agents.map((agent) => store.document(agent)));
      const documents = stored.flatMap((found) => (found ? [found.document] : []));
      if (documents.length === 0) return { kind: 'unknown', reason: 'No hub of the VPC has a document yet.' };
      const leaves = documents.flatMap(({ manifest }) => manifest).filter(({ name }) => name === NETWORK);
      const hashes = [...new Set(leaves.map(({ hash }) => hash))];
      return { kind: 'known', prefixes: sortedPrefixes((await Promise.all(hashes.map(prefixesOf))).flat()) };
    } catch (fault) {
      // The routes of pools must not wait for this.
      const why = fault instanceof Error ? fault.message : String(fault);
      return { kind: 'unknown', reason: `A hub's document can't be read: ${why}` };
    }
  };
}
