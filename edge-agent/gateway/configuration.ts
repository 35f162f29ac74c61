/**
 * The fixed part of HAProxy's configuration: what holds for every route and every tenant. Text from values, nothing else.
 * Slots, routes and certificates are files of their own, because they change at run time.
 *
 * Upstream connections are closed after each response (`http-server-close`). An upstream socket that is never used again
 * can neither carry a smuggled response to the next client, nor outlive its slot's address and lead one tenant's request
 * to another's service. It costs one TCP handshake through the tunnel a request.
 * After a reload a kept connection is closed with its next response (`idle-close-on-response`), so that no client finds its
 * request cut off; that one response still follows the old map.
 * The HTTPS port belongs to a frontend that looks at the server name of the TLS greeting. Names of clusters (a map file, changed at run time) lead
 * to their edge undecrypted, by the address in the map; everything else goes on to the HTTPS frontend over a socket of this host.
 * There are no health checks: a slot has one server, so a check could only turn one 503 into another.
 */
import { createHash } from 'node:crypto';
import { CLUSTER_PORT } from '../../protocol/cluster.ts';
import { INGRESS_CLIENT_HEADER, INGRESS_HOST_HEADER } from '../../protocol/ingress.ts';
import type { GatewayPaths } from '../plan/gateway-files.ts';

export interface Listen {
  readonly address: string;
  readonly port: number;
}

export interface ConfigurationSettings {
  readonly listen: Listen;
  /** Plain HTTP that only redirects to HTTPS; off if absent. */
  readonly redirect?: Listen;
  /**
   * Plain HTTP for the cloud's ingress, which terminates TLS before it: the same routes; off if absent. Whoever reaches it
   * says by headers of ours who asked for which host, so only the ingress may.
   */
  readonly ingress?: Listen;
  /** Account that the worker runs as, locked into an empty directory; if absent it stays what it was started as. */
  readonly account?: string;
}

/** A body that says it is longer is refused with 413; a chunked one is bounded by time alone. */
export const BODY_BYTES_MAX = 1_073_741_824;
const CONNECTIONS_MAX = 8_192;
/** Until the TLS greeting is there. */
const GREETING_SECONDS_MAX = 5;

/** Segments `.` and `..`, also encoded, also with parameters: what was matched must be what the service sees. */
const DOT_SEGMENTS = String.raw`(^|[/\\])\.\.?(;[^/\\]*)?([/\\]|$)`;
/** Names that say who asked and how: only the gateway says that. `proxy` is read as a setting by CGI programs. */
const CLAIMED_HEADERS =
  '^(x[-_]forwarded([-_].*)?|x[-_]isthmus([-_].*)?|x[-_]real[-_]ip|forwarded|proxy|http2-settings)$';

/** The text, and the revision that the running process tells by `show info`. */
export function renderConfiguration(
  settings: ConfigurationSettings,
  paths: GatewayPaths,
): { text: string; revision: string } {
  const rest = [
    DEFAULTS,
    names(settings, paths),
    https(settings, paths),
    ingress(settings, paths),
    redirect(settings, paths),
  ].join('\n');
  const head = globalLines(settings, paths).join('\n');
  const revision = createHash('sha256').update(`${head}\n${rest}`).digest('hex').slice(0, 16);
  return { text: `global\n  description ${revision}\n${head}\n\n${rest}`, revision };
}

function globalLines({ account }: ConfigurationSettings, paths: GatewayPaths): string[] {
  return [
    `  stats socket ${paths.runtimeSocket} mode 600 level admin expose-fd listeners`,
    '  stats timeout 30s',
    // Of both kinds: a connection to the HTTPS frontend comes by another one. More than this needs more files than hosts allow.
    `  maxconn ${CONNECTIONS_MAX}`,
    '  hard-stop-after 10m',
    '  ssl-default-bind-options ssl-min-ver TLSv1.2',
    '  tune.ssl.default-dh-param 2048',
    '  tune.h2.max-concurrent-streams 100',
    ...(account === undefined ? [] : [`  user ${account}`, `  group ${account}`, `  chroot ${paths.jail}`]),
  ];
}

const DEFAULTS = `defaults isthmus
  mode http
  maxconn ${CONNECTIONS_MAX}
  option http-server-close
  option http-ignore-probes
  option idle-close-on-response
  no option redispatch
  retries 2
  timeout connect 4s
  timeout http-request 10s
  timeout http-keep-alive 60s
  timeout client 60s
  timeout client-fin 10s
  timeout server 60s
  timeout queue 4s
  timeout tunnel 1h
  http-error status 400 content-type text/plain string "This request is malformed.\\n"
  http-error status 408 content-type text/plain string "The request did not arrive in time.\\n"
  http-error status 502 content-type text/plain string "The service behind this route gave no valid answer.\\n"
  http-error status 503 content-type text/plain string "The service behind this route does not answer.\\n" hdr Retry-After 5
  http-error status 504 content-type text/plain string "The service behind this route did not answer in time.\\n"
`;

/** Finds the slot of a request. The map matches the longest prefix; the slash at the end makes it whole segments. */
function lookup(paths: GatewayPaths): string {
  return `  http-request set-var(txn.host) req.hdr(host),host_only,lower
  http-request set-var(txn.path) path
  http-request set-var(txn.slot) var(txn.host),concat(,txn.path,/),map_beg(${paths.routes})
  http-request return status 404 content-type text/plain string "No route of this gateway leads there.\\n" unless { var(txn.slot) -m found }`;
}

/** From a request to its slot. The variable `txn.client` holds the client's address by then. */
function serve(paths: GatewayPaths): string {
  return `  http-request return status 405 content-type text/plain string "This method is not served.\\n" if { method CONNECT TRACE }
  http-request return status 400 content-type text/plain string "A path must not have dot segments.\\n" if { path,url_dec -m reg '${DOT_SEGMENTS}' }
  http-request return status 413 content-type text/plain string "The body is too large.\\n" if { req.body_size gt ${BODY_BYTES_MAX} }
${lookup(paths)}
  http-request del-header ${CLAIMED_HEADERS} -m reg
  acl websocket req.hdr(upgrade) -m str -i websocket
  http-request del-header upgrade unless websocket
  http-request del-header connection unless websocket
  http-request set-header connection upgrade if websocket
  http-request set-header X-Forwarded-For %[var(txn.client)]
  http-request set-header X-Forwarded-Proto https
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  use_backend %[var(txn.slot)]
`;
}

/**
 * Streams of clusters live for hours; kernels ask each other whether the other end is still there. The socket is an abstract one, which a worker
 * in its empty directory reaches too.
 */
function names({ listen }: ConfigurationSettings, paths: GatewayPaths): string {
  return `defaults names
  mode tcp
  maxconn ${CONNECTIONS_MAX}
  option clitcpka
  option srvtcpka
  timeout connect 4s
  timeout client 1h
  timeout client-fin 10s
  timeout server 1h
  timeout tunnel 24h

frontend names from names
  bind ${listen.address}:${listen.port}
  tcp-request inspect-delay ${GREETING_SECONDS_MAX}s
  tcp-request content set-var(sess.edge) req.ssl_sni,lower,map_str(${paths.clusters}) if { req.ssl_hello_type 1 }
  tcp-request content set-dst var(sess.edge) if { var(sess.edge) -m found }
  tcp-request content set-dst-port int(${CLUSTER_PORT}) if { var(sess.edge) -m found }
  tcp-request content accept if { req.ssl_hello_type 1 }
  tcp-request content reject if WAIT_END
  use_backend clusters if { var(sess.edge) -m found }
  use_backend terminate

backend clusters from names
  server edge 0.0.0.0:0

backend terminate from names
  server here ${socketOf(listen)} send-proxy-v2
`;
}

function socketOf({ port }: Listen): string {
  return `abns@isthmus-https-${port}`;
}

function https({ listen }: ConfigurationSettings, paths: GatewayPaths): string {
  return `frontend https from isthmus
  bind ${socketOf(listen)} accept-proxy ssl crt-list ${paths.certificates} alpn h2,http/1.1
  http-request set-var(txn.client) src
${serve(paths)}`;
}

/** A client's address that can't be read leaves the connection's. */
function ingress({ ingress: plain }: ConfigurationSettings, paths: GatewayPaths): string {
  if (plain === undefined) return '';
  return `frontend ingress from isthmus
  bind ${plain.address}:${plain.port}
  http-request set-var(txn.client) src
  http-request set-var(txn.client) req.hdr_ip(${INGRESS_CLIENT_HEADER},-1) if { req.hdr_ip(${INGRESS_CLIENT_HEADER},-1) -m found }
  http-request set-header host %[req.hdr(${INGRESS_HOST_HEADER})] if { req.hdr(${INGRESS_HOST_HEADER}) -m found }
${serve(paths)}`;
}

function redirect({ redirect: plain }: ConfigurationSettings, paths: GatewayPaths): string {
  if (plain === undefined) return '';
  return `frontend http from isthmus
  bind ${plain.address}:${plain.port}
${lookup(paths)}
  http-request redirect scheme https code 308
`;
}
