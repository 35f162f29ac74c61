/**
 * Where a Docker engine is reached: by a socket of the edge's own host, by TLS with a client's certificate, or through the agent of its node, which lets pass only
 * what the driver needs. Nothing else: whoever reaches an engine is root on its host.
 */
import type { ClientHttp2Session } from 'node:http2';

export type EngineEndpoint =
  /** Path of the socket, `/var/run/docker.sock` as a rule. */
  | { readonly kind: 'socket'; readonly path: string }
  | {
      readonly kind: 'tls';
      readonly host: string;
      readonly port: number;
      /** PEM of the authority that signed the engine's certificate. */
      readonly authority: string;
      readonly certificate: string;
      readonly key: string;
      /** Name in the engine's certificate, where it is another one than the host. */
      readonly serverName?: string;
    }
  | {
      readonly kind: 'node';
      readonly name: string;
      /** The connection that its agent made to us; undefined while there is none. */
      readonly session: () => ClientHttp2Session | undefined;
    };

/** As people write it, for messages. */
export function describeEndpoint(endpoint: EngineEndpoint): string {
  switch (endpoint.kind) {
    case 'socket':
      return endpoint.path;
    case 'tls':
      return `https://${endpoint.host}:${endpoint.port}`;
    case 'node':
      return `the node ${endpoint.name}`;
  }
}
