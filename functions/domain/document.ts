/** From leaves to what is signed: names and hashes in a manifest, and the next number. Hashing itself is handed in. */
import { canonicalJson } from '../../protocol/canonical.ts';
import type { Envelope, Leaf, Manifest, Version } from '../../protocol/document.ts';
import { sortedBy } from './order.ts';

export interface Assembled {
  readonly manifest: Manifest;
  readonly manifestHash: string;
  /** Canonical text of each leaf, by its hash. */
  readonly texts: ReadonlyMap<string, string>;
}

/** `hash` is SHA-256 of the text in UTF-8, in lower-case hex. */
export function assemble(leaves: Readonly<Record<string, Leaf>>, hash: (text: string) => string): Assembled {
  const parts = sortedBy(Object.keys(leaves), (name) => name).flatMap((name) => {
    const leaf = leaves[name];
    const text = leaf === undefined ? '' : canonicalJson(leaf);
    return leaf === undefined ? [] : [{ name, text, hash: hash(text) }];
  });
  const manifest = parts.map((part) => ({ name: part.name, hash: part.hash, bytes: bytesOf(part.text) }));
  const texts = new Map(parts.map((part) => [part.hash, part.text]));
  return { manifest, manifestHash: hash(canonicalJson(manifest)), texts };
}

/** The number of a new document, or that the stored one says the same. Only a recovery raises the epoch. */
export function nextVersion(
  current: (Version & { readonly manifestHash: string }) | undefined,
  manifestHash: string,
): Version | 'unchanged' {
  if (!current) return { epoch: 1, generation: 1 };
  if (current.manifestHash === manifestHash) return 'unchanged';
  return { epoch: current.epoch, generation: current.generation + 1 };
}

/** The text that is signed. */
export function envelopeText(envelope: Envelope): string {
  return canonicalJson(envelope);
}

/** The entity tag of a document, as HTTP writes it. */
export function etagOf({ epoch, generation }: Version): string {
  return `"${epoch}.${generation}"`;
}

/** Bytes of a text in UTF-8. */
function bytesOf(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}
