/** Typed access to the leaves of a document. It interprets nothing. */
import type { Document, Leaf } from '../../protocol/document.ts';

type LeafOf<Kind extends Leaf['kind']> = Extract<Leaf, { kind: Kind }>;

function isOf<Kind extends Leaf['kind']>(kind: Kind): (leaf: Leaf) => leaf is LeafOf<Kind> {
  return (leaf): leaf is LeafOf<Kind> => leaf.kind === kind;
}

/** All leaves of a kind, in the order of their names. */
export function leavesOf<Kind extends Leaf['kind']>(document: Document, kind: Kind): LeafOf<Kind>[] {
  const names = Object.keys(document.leaves).sort();
  return names.flatMap((name) => document.leaves[name] ?? []).filter(isOf(kind));
}

/** The only leaf of a kind, if there is one. */
export function leafOf<Kind extends Leaf['kind']>(document: Document, kind: Kind): LeafOf<Kind> | undefined {
  return leavesOf(document, kind)[0];
}
