/**
 * Pages of a list. The token is the one that the API server itself would give, version and place of the next object, so that a page that is
 * not held here any more is asked of the server with the same token, and pages go on when an edge takes over from another.
 */
import { z } from 'zod';
import type { Kept } from './kept.ts';

const TOKEN_VERSION = 'meta.k8s.io/v1';
const TOKEN_LENGTH_MAX = 4_096;

const Token = z.object({ v: z.literal(TOKEN_VERSION), rv: z.int().min(1), start: z.string().min(1) });

export interface PagePlace {
  readonly version: number;
  /** The next page begins at the first object whose key is not below this. */
  readonly from: string;
}

export interface Page {
  readonly objects: readonly Kept[];
  readonly next: PagePlace | undefined;
  readonly remaining: number;
}

/** `place.from` is relative to the namespace that is listed, if one is. */
export function tokenText({ version, from }: PagePlace): string {
  return JSON.stringify({ v: TOKEN_VERSION, rv: version, start: `/${from}` });
}

/** From the text inside a token; undefined: not one of these, let the server judge. */
export function parseTokenText(text: string): PagePlace | undefined {
  if (text.length > TOKEN_LENGTH_MAX) return undefined;
  try {
    const token = Token.safeParse(JSON.parse(text));
    return token.success ? { version: token.data.rv, from: token.data.start.replace(/^\//, '') } : undefined;
  } catch {
    return undefined;
  }
}

/** `objects` is in the server's order. */
export function pageOf(
  objects: readonly Kept[],
  asked: {
    readonly limit: number;
    readonly from: string;
    readonly namespace: string;
    readonly version: number;
  },
): Page {
  const { limit, from, namespace, version } = asked;
  const placeIn = (key: string) => (namespace === '' ? key : key.slice(namespace.length + 1));
  const rest = from === '' ? objects : objects.filter(({ key }) => placeIn(key) >= from);
  if (limit === 0 || rest.length <= limit) return { objects: rest, next: undefined, remaining: 0 };
  const page = rest.slice(0, limit);
  const last = page[page.length - 1];
  return {
    objects: page,
    // The least key after the last one.
    next: last === undefined ? undefined : { version, from: `${placeIn(last.key)}\0` },
    remaining: rest.length - limit,
  };
}
