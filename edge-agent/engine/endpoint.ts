/** Where a Docker engine is reached: by a socket of the edge's own host, or by TLS with a client's certificate. Nothing else: whoever reaches an engine is root on its host. */

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
    };

/** As people write it, for messages. */
export function describeEndpoint(endpoint: EngineEndpoint): string {
  return endpoint.kind === 'socket' ? endpoint.path : `https://${endpoint.host}:${endpoint.port}`;
}
