/**
 * Where a request says who asks: in its Authorization header, or, because a browser can set none for a WebSocket, in a subprotocol, as Kubernetes itself takes
 * it: `base64url.bearer.authorization.k8s.io.TOKEN`, the token in base64url without padding. Values in, values out.
 */
import type { Headers } from './headers.ts';

const PREFIX = 'base64url.bearer.authorization.k8s.io.';
const ENCODED = /^[A-Za-z0-9_-]{1,8192}$/;
const PROTOCOLS_MAX = 16;

export type Bearer =
  | {
      readonly kind: 'bearer';
      /** As the Authorization header says it; undefined if nothing does. */
      readonly authorization: string | undefined;
    }
  | { readonly kind: 'refused'; readonly reason: string };

/** A request that says it twice is refused: no two readers of it must find two tokens. */
export function bearerOf(headers: Headers): Bearer {
  const authorization = textOf(headers['authorization']);
  const protocols = protocolsOf(headers);
  if (protocols.length > PROTOCOLS_MAX) return refused(`It offers more than ${PROTOCOLS_MAX} subprotocols.`);
  const [token, ...more] = protocols.filter(isBearer);
  if (token === undefined) return { kind: 'bearer', authorization };
  if (more.length > 0 || authorization !== undefined)
    return refused('It has more than one token: give one, in the Authorization header or as a subprotocol.');
  if (protocols.length === 1)
    return refused('A token as a subprotocol stands beside the one that is to be spoken; there is none.');
  const encoded = token.slice(PREFIX.length);
  if (!ENCODED.test(encoded)) return refused('The token in its subprotocol is not in base64url.');
  return { kind: 'bearer', authorization: `Bearer ${Buffer.from(encoded, 'base64url').toString('latin1')}` };
}

/** The subprotocols that may go on to the cluster: never a token. Undefined if none is left. */
export function passedProtocols(headers: Headers): string | undefined {
  const passed = protocolsOf(headers).filter((protocol) => !isBearer(protocol));
  return passed.length === 0 ? undefined : passed.join(', ');
}

function protocolsOf(headers: Headers): string[] {
  return (textOf(headers['sec-websocket-protocol']) ?? '')
    .split(',')
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== '');
}

/** However it is written: what looks like a token to anybody is one here. */
function isBearer(protocol: string): boolean {
  return protocol.toLowerCase().includes('bearer.authorization.k8s.io');
}

function textOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'object' ? value.join(', ') : value;
}

function refused(reason: string): Bearer {
  return { kind: 'refused', reason };
}
