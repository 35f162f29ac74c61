/**
 * Which headers pass. Both directions are allow-lists: what is not named here does not exist for the other side, whatever `Connection` says.
 * Ours are set last, so that nobody else's can stand in their place. Values in, values out.
 */

import type { Requester } from '../cache/port.ts';
import { passedProtocols } from './bearer.ts';

/** Upper-case first letters are for people; Node gives and takes lower case. */
const REQUEST_HEADERS = [
  'accept',
  'accept-encoding',
  'content-encoding',
  'content-type',
  'if-modified-since',
  'if-none-match',
  'kubectl-command',
  'kubectl-session',
  'user-agent',
] as const;

/** Of a request that asks for another protocol. */
const UPGRADE_HEADERS = [
  'sec-websocket-extensions',
  'sec-websocket-key',
  'sec-websocket-protocol',
  'sec-websocket-version',
  'x-stream-protocol-version',
] as const;

const RESPONSE_HEADERS = [
  'audit-id',
  'cache-control',
  'content-encoding',
  'content-length',
  'content-type',
  'date',
  'etag',
  'last-modified',
  'retry-after',
  'sec-websocket-accept',
  'sec-websocket-extensions',
  'sec-websocket-protocol',
  'vary',
  'warning',
  'x-kubernetes-pf-flowschema-uid',
  'x-kubernetes-pf-prioritylevel-uid',
  'x-stream-protocol-version',
] as const;

export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The headers of a request that may pass, by lower-case name. A repeated one is joined as HTTP joins it. */
export function passedHeaders(incoming: Headers): Record<string, string> {
  return picked(incoming, REQUEST_HEADERS);
}

/** Subprotocols go on but for tokens, which are the edge's to read. */
export function passedUpgradeHeaders(incoming: Headers): Record<string, string> {
  const protocols = passedProtocols(incoming);
  const { 'sec-websocket-protocol': _protocols, ...passed } = picked(incoming, [
    ...REQUEST_HEADERS,
    ...UPGRADE_HEADERS,
  ]);
  return protocols === undefined ? passed : { ...passed, 'sec-websocket-protocol': protocols };
}

/**
 * What the cluster is told of who asks. `isthmus.dev/subject` is in its audit log; it takes no part in its authorization unless
 * somebody makes it.
 */
export function impersonation({ user, groups, subject }: Requester): Record<string, string | string[]> {
  return {
    'impersonate-user': user,
    'impersonate-group': [...groups],
    // The key of an extra is percent-encoded in the header's name.
    'impersonate-extra-isthmus.dev%2fsubject': subject,
  };
}

/** True if a client tries to be somebody else: it is told so, because silently being itself is not what it asked for. */
export function asksToImpersonate(incoming: Headers): boolean {
  return Object.keys(incoming).some((name) => /^impersonate-/i.test(name));
}

/** A redirect passes only if it stays at this server; nobody here follows it. */
export function passedResponseHeaders(upstream: Headers): Record<string, string | string[]> {
  const location = textOf(upstream['location']);
  const warning = upstream['warning'];
  return {
    ...picked(upstream, RESPONSE_HEADERS),
    ...(Array.isArray(warning) ? { warning: [...warning] } : {}),
    ...(location !== undefined && /^\/(?![/\\])/.test(location) ? { location } : {}),
  };
}

function picked(from: Headers, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const text = textOf(from[name]);
      return text === undefined ? [] : [[name, text]];
    }),
  );
}

function textOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'object' ? value.join(', ') : value;
}
