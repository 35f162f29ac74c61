/**
 * What a request asks for, as one spelling that nobody can read in two ways: the very string that is authorized goes upstream. Whatever
 * a server might normalize is refused and not repaired. Values in, values out.
 */

const LENGTH_MAX = 8_192;

export interface Target {
  /** Percent-encoded, begins with a slash. */
  readonly path: string;
  /** As it came, without the question mark. */
  readonly query: string;
}

export type ReadTarget =
  | ({ readonly kind: 'target' } & Target)
  | { readonly kind: 'refused'; readonly reason: string };

/** Characters of a path segment (RFC 3986) but for `;`, which some take for the end of a segment. */
const PATH = /^(?:\/(?:[A-Za-z0-9\-._~!$&'()*+,=:@]|%[0-9A-Fa-f]{2})*)+$/;
const QUERY = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?[\]{}|^]|%[0-9A-Fa-f]{2})*$/;
/** Encoded: a slash, a backslash, a dot, a percent sign, or what is no printable ASCII character below 128. */
const TWO_FACED = /%(?:2[Ff]|5[Cc]|2[Ee]|25|[01][0-9A-Fa-f]|7[Ff])/;

/** Reads a request's target in origin form. */
export function readTarget(raw: string): ReadTarget {
  if (raw.length > LENGTH_MAX) return refused(`it is longer than ${LENGTH_MAX} characters`);
  if (!raw.startsWith('/')) return refused('it does not begin with a slash');
  const mark = raw.indexOf('?');
  const path = mark === -1 ? raw : raw.slice(0, mark);
  const query = mark === -1 ? '' : raw.slice(mark + 1);
  if (!PATH.test(path)) return refused('its path has a character that must not stand there');
  if (!QUERY.test(query)) return refused('its query has a character that must not stand there');
  if (TWO_FACED.test(path))
    return refused('its path has an encoded slash, dot, percent or control character');
  const segments = path.slice(1).split('/');
  if (segments.some((segment) => segment === '.' || segment === '..'))
    return refused('its path has dot segments');
  if (segments.slice(0, -1).includes('')) return refused('its path has an empty segment');
  return { kind: 'target', path, query };
}

function refused(reason: string): ReadTarget {
  return { kind: 'refused', reason: `The request's target is refused: ${reason}.` };
}

/** `exec` or `attach` of a pod: what a recording is made of. */
export function sessionOf(path: string): 'exec' | 'attach' | undefined {
  const found = /^\/api\/v1\/namespaces\/[^/]+\/pods\/[^/]+\/(exec|attach)\/?$/.exec(path)?.[1];
  return found === 'exec' || found === 'attach' ? found : undefined;
}

/** Cheap requests by which clients and load balancers see whether the server lives: no limit of others holds them up. */
export function isHeartbeat(path: string): boolean {
  return /^\/(?:livez|readyz|healthz|version)(?:\/|$)/.test(path);
}
