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
/** Encoded: a slash, a backslash, a semicolon, a percent sign, or what is no printable ASCII character below 128. */
const TWO_FACED = /%(?:2[Ff]|5[Cc]|3[Bb]|25|[01][0-9A-Fa-f]|7[Ff])/;
/** Encoded: a letter, a digit, or one of `-._~`, which nobody needs to encode. `%65xec` is `exec` to a server and not to a rule about `exec`. */
const DISGUISED = /%(?:3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa]|2[DdEe]|5[Ff]|7[Ee])/;

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
    return refused('its path has an encoded slash, semicolon, percent or control character');
  if (DISGUISED.test(path)) return refused('its path has an encoded letter, digit or dot');
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

/** What a kubelet tells of its node and its containers, none of which runs anything. */
const TOLD_BY_NODES: ReadonlySet<string> = new Set([
  'configz',
  'containerLogs',
  'healthz',
  'logs',
  'metrics',
  'pods',
  'runningpods',
  'stats',
]);

/** A way by a node to its containers, past `exec` and `attach`: a kubelet has sessions of its own. */
export function isWayAround(path: string): boolean {
  const found = /^\/api\/v1\/nodes\/[^/]+\/proxy(?:\/([^/]*)|$)/.exec(path);
  return found !== null && !TOLD_BY_NODES.has(found[1] ?? '');
}

/** True if the answer may begin whenever something happens: logs of a silent container that are followed have no head until it speaks. */
export function isFollowing(query: string): boolean {
  return /(?:^|&)(?:watch|follow)=(?!false(?:&|$)|0(?:&|$))/.test(query);
}
