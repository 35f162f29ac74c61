/** Orders that do not depend on the order of reading, so that the same estate always compiles to the same text. */
import { comparePrefixes, parsePrefix } from '../../protocol/address.ts';

/** A sorted copy, by UTF-16 code units of the key (as canonical JSON sorts, in every locale the same). */
export function sortedBy<T>(list: readonly T[], key: (item: T) => string): T[] {
  return list
    .map((item) => ({ item, key: key(item) }))
    .sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)))
    .map(({ item }) => item);
}

/** The distinct prefixes, by address, the wider first. */
export function sortedPrefixes(prefixes: readonly string[]): string[] {
  return [...new Set(prefixes)]
    .map((text) => ({ text, prefix: parsePrefix(text) }))
    .sort((a, b) => comparePrefixes(a.prefix, b.prefix))
    .map(({ text }) => text);
}

/** The first item of each key. */
export function distinctBy<T>(list: readonly T[], key: (item: T) => string): T[] {
  const seen = new Map<string, T>();
  for (const item of list) if (!seen.has(key(item))) seen.set(key(item), item);
  return [...seen.values()];
}
