/**
 * What browsers may ask by the public name of a cluster, and from which pages: the console's own, which read logs and open sessions, and nothing else. A program
 * has no origin and is asked for none; a page of anybody else is refused, whatever token it has. Values in, values out.
 */
import type { ClusterLeaf } from '../../protocol/cluster-leaf.ts';
import type { Headers } from './headers.ts';
import { sessionOf } from './target.ts';

const PREFLIGHT_SECONDS = 600;
const LOG = /^\/api\/v1\/namespaces\/[^/]+\/pods\/[^/]+\/log$/;

/** What of a request it follows from. */
export interface Asking {
  readonly method: string;
  /** With its query, as it came. */
  readonly url: string;
  readonly headers: Headers;
  /** The server name of the TLS connection. */
  readonly serverName: string;
}

export type OriginVerdict =
  /** No page asks, or it asks by a name that no browser trusts: nothing is said of origins. */
  | { readonly kind: 'none' }
  /** Answered with these headers, whatever the answer is. */
  | { readonly kind: 'allowed'; readonly headers: Readonly<Record<string, string>> }
  /** The browser asks first whether the page may ask. */
  | { readonly kind: 'preflight'; readonly headers: Readonly<Record<string, string>> }
  | { readonly kind: 'refused'; readonly reason: string };

export function originVerdict(asking: Asking, { browsers }: Pick<ClusterLeaf, 'browsers'>): OriginVerdict {
  const { method, headers, serverName } = asking;
  const origin = headers['origin'];
  if (origin === undefined || browsers === undefined || serverName !== browsers.host) return { kind: 'none' };
  if (typeof origin !== 'string' || !browsers.origins.includes(origin))
    return { kind: 'refused', reason: 'Only pages of the console may ask here, and this one is none.' };
  const allowed = { 'access-control-allow-origin': origin, vary: 'Origin' };
  const wanted = headers['access-control-request-method'];
  if (method === 'OPTIONS' && wanted !== undefined)
    return wanted === 'GET' && LOG.test(pathOf(asking))
      ? { kind: 'preflight', headers: { ...allowed, ...PREFLIGHT } }
      : { kind: 'refused', reason: ONLY };
  return isForPages(asking) ? { kind: 'allowed', headers: allowed } : { kind: 'refused', reason: ONLY };
}

const PREFLIGHT = {
  'access-control-allow-methods': 'GET',
  'access-control-allow-headers': 'authorization',
  'access-control-max-age': String(PREFLIGHT_SECONDS),
} as const;

const ONLY = 'A page reads logs and opens sessions of pods, and nothing else.';

function isForPages(asking: Asking): boolean {
  if (asking.method !== 'GET') return false;
  const path = pathOf(asking);
  return asking.headers['upgrade'] === undefined ? LOG.test(path) : sessionOf(path) !== undefined;
}

function pathOf({ url }: Asking): string {
  return url.split('?', 1)[0] ?? '';
}
