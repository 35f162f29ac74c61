/**
 * The cluster proxy of a site: terminates TLS for the names of its clusters, lets in whom the document names, and passes on what was vetted,
 * as the user that the document says. It holds no rule of its own about what a user may do: that is the cluster's.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import type { ClusterLeaf } from '../../protocol/cluster-leaf.ts';
import type { SiteEvent } from '../../protocol/cluster-report.ts';
import type { AnsweredBy, ClusterRequest } from '../cache/port.ts';
import { isGranted, NO_ACCESS } from './access.ts';
import { type Admission, type Admitted, admit } from './admission.ts';
import {
  answerPage,
  answerRefusal,
  MALFORMED,
  NO_TUNNEL,
  NOT_RECORDED,
  type Refusal,
  TOO_MANY,
  UNKNOWN_PROTOCOL,
  UNRECORDABLE,
  WITHDRAWN,
  writeRefusal,
} from './answers.ts';
import type { ProxyCertificate } from './authority.ts';
import { type Exchange, Exchanges } from './exchanges.ts';
import { forward } from './forward.ts';
import { type OriginVerdict, originVerdict } from './origin.ts';
import { Recording } from './recording.ts';
import { type ProxyCluster, type Served, ServedClusters } from './served.ts';
import { isHeartbeat, sessionOf } from './target.ts';
import { forwardUpgrade, protocolOf } from './upgrade.ts';

const TLS_MIN = 'TLSv1.2';
const HANDSHAKE_TIMEOUT_MS = 10_000;
const HEADER_BYTES_MAX = 32 * 1024;
const HEADERS_TIMEOUT_MS = 10_000;
/** A whole request, body included; answers may take as long as they like. */
const REQUEST_TIMEOUT_MS = 120_000;
const KEEP_ALIVE_TIMEOUT_MS = 75_000;
const PROBE_SILENCE_MS = 30_000;
const CONNECTIONS_MAX = 10_000;

export interface ProxyOptions {
  readonly certificate: ProxyCertificate;
  /** Where recordings of sessions go. */
  readonly recordings: string;
  /** Monotonic milliseconds, and milliseconds since 1970. */
  readonly now: () => number;
  readonly wallNow: () => number;
  readonly onEvent: (cluster: string, event: SiteEvent) => void;
  readonly log: (line: string) => void;
}

export class ClusterProxy {
  readonly #options: ProxyOptions;
  readonly #server: Server;
  readonly #exchanges = new Exchanges();
  readonly #clusters = new ServedClusters();
  #publicPair: ProxyCertificate | undefined;
  #publicContext: SecureContext | undefined;

  constructor(options: ProxyOptions) {
    this.#options = options;
    const { certificate, key } = options.certificate;
    this.#server = createServer({
      cert: certificate,
      key,
      minVersion: TLS_MIN,
      SNICallback: (name, done) =>
        done(null, this.#clusters.isPublic(name.toLowerCase()) ? this.#publicContext : undefined),
      ALPNProtocols: ['http/1.1'],
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      insecureHTTPParser: false,
      requireHostHeader: true,
      // Who has said all in a session still hears the answer; of plain requests Node ends both directions itself.
      allowHalfOpen: true,
    });
    this.#server.maxConnections = CONNECTIONS_MAX;
    this.#server.on('secureConnection', (socket) => socket.setKeepAlive(true, PROBE_SILENCE_MS));
    this.#server.on('request', (incoming, response) => void this.#serve(incoming, response));
    this.#server.on('upgrade', (incoming, socket, head) => void this.#upgrade(incoming, socket, head));
    this.#server.on('connect', (_, socket) => writeRefusal(socket, NO_TUNNEL));
    this.#server.on('tlsClientError', () => undefined);
    this.#server.on('clientError', (_, socket) => refuseMalformed(socket));
  }

  /** Begins to listen; rejects if the address is not there yet or taken. */
  listen(address: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host: address, port }, () => {
        this.#server.off('error', reject);
        this.#server.on('error', (error) => this.#options.log(`cluster proxy: ${error.message}`));
        resolve();
      });
    });
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** New connections get this certificate; running ones go on. */
  setCertificate({ certificate, key }: ProxyCertificate): void {
    this.#server.setSecureContext({ cert: certificate, key, minVersion: TLS_MIN });
  }

  /** Browsers that come by a public name get this one; undefined: there is none, and they see one that they do not trust. */
  setPublicCertificate(pair: ProxyCertificate | undefined): void {
    if (pair?.certificate === this.#publicPair?.certificate && pair?.key === this.#publicPair?.key) return;
    this.#publicPair = pair;
    this.#publicContext =
      pair && createSecureContext({ cert: pair.certificate, key: pair.key, minVersion: TLS_MIN });
  }

  /** Sets what is served, by internal name. Whoever is not named any more, or is in other groups, is cut off at once. */
  setClusters(clusters: ReadonlyMap<string, ProxyCluster>): void {
    for (const { before, now } of this.#clusters.set(clusters))
      for (const exchange of this.#exchanges.enforce(before.host, now ?? NO_ACCESS))
        this.#tellCut(before, exchange);
  }

  /** Streams and requests that are under way, of one cluster or of all. */
  openStreams(host?: string): number {
    return host === undefined ? this.#exchanges.size : this.#exchanges.sizeAt(host);
  }

  async close(): Promise<void> {
    this.#exchanges.cutAll();
    this.#clusters.close();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    if (answerPage(response, this.#pageOf(incoming))) return;
    const admitted = await this.#admit(incoming);
    if (admitted.kind === 'refused') return void answerRefusal(response, admitted.refusal);
    const { request, cluster } = admitted;
    const kind = isHeartbeat(request.path) ? 'heartbeat' : 'request';
    const end = this.#begin(admitted, { kind, cut: () => incoming.socket.destroy() });
    const begunMs = this.#options.now();
    const record = (by: AnsweredBy, status: number, bytes: number) =>
      cluster.relief?.record(request, { by, status, bytes, milliseconds: this.#options.now() - begunMs });
    if (end === undefined) return void record('refused', TOO_MANY.status, answerRefusal(response, TOO_MANY));
    try {
      const { by, status, bytes } = await answer({ request, cluster, incoming, response });
      record(by, status, bytes);
    } catch (cause) {
      this.#options.log(`cluster proxy: ${cause instanceof Error ? cause.message : String(cause)}`);
      response.destroy();
    } finally {
      end();
    }
  }

  async #upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    const page = this.#pageOf(incoming);
    if (page.kind === 'refused') return writeRefusal(socket, { status: 403, message: page.reason });
    const admitted = await this.#admit(incoming);
    if (admitted.kind === 'refused') return writeRefusal(socket, admitted.refusal);
    if (protocolOf(incoming) === undefined) return writeRefusal(socket, UNKNOWN_PROTOCOL);
    const { request, cluster } = admitted;
    const recording = this.#record(request, cluster.leaf, incoming);
    if (recording instanceof Recording || recording === undefined) {
      const end = this.#begin(admitted, { kind: 'session', cut: () => socket.destroy() });
      if (end === undefined) {
        await recording?.end();
        return writeRefusal(socket, TOO_MANY);
      }
      const begunMs = this.#options.now();
      const status = await forwardUpgrade(request, cluster, { incoming, socket, head, recording });
      await recording?.end();
      end();
      cluster.relief?.record(request, {
        by: 'upstream',
        status,
        bytes: 0,
        milliseconds: this.#options.now() - begunMs,
      });
      return;
    }
    writeRefusal(socket, recording);
  }

  /** Who is served by no name is refused when it is admitted. */
  #pageOf(incoming: IncomingMessage): OriginVerdict {
    const { method = '', url = '', headers } = incoming;
    const serverName = serverNameOf(incoming);
    const cluster = this.#clusters.at(serverName);
    return originVerdict({ method, url, headers, serverName }, cluster?.leaf ?? {});
  }

  /** Verifying takes a moment, in which another document may come: whoever is let in is let in by the newest. */
  async #admit(incoming: IncomingMessage): Promise<Admission<Served>> {
    const name = serverNameOf(incoming);
    const admitted = await admit(incoming, this.#clusters.at(name), this.#options.wallNow());
    const cluster = this.#clusters.at(name);
    if (admitted.kind === 'refused' || cluster === admitted.cluster) return admitted;
    const { claimant, request } = admitted;
    const isStill =
      cluster !== undefined && isGranted({ claimant, requester: request.requester }, cluster.leaf);
    return isStill ? { ...admitted, cluster } : { kind: 'refused', refusal: WITHDRAWN };
  }

  #begin(
    { cluster, request: { requester }, claimant }: Admitted<Served>,
    more: Pick<Exchange, 'kind' | 'cut'>,
  ): (() => void) | undefined {
    return this.#exchanges.begin({ host: cluster.leaf.host, requester, claimant, ...more });
  }

  /** What is to see the session; a refusal if it must be seen and can't be. */
  #record(
    request: ClusterRequest,
    leaf: ClusterLeaf,
    incoming: IncomingMessage,
  ): Recording | Refusal | undefined {
    const session = sessionOf(request.path);
    if (leaf.record !== 'exec' || session === undefined) return undefined;
    if (protocolOf(incoming) !== 'websocket') return UNRECORDABLE;
    const { now, wallNow, onEvent, recordings } = this.#options;
    const id = randomBytes(8).toString('hex');
    const { requester, path, query } = request;
    const startedAtMs = wallNow();
    try {
      return new Recording({
        directory: recordings,
        name: `${new Date(startedAtMs).toISOString().replaceAll(/[:.]/g, '-')}-${leaf.cluster}-${id}`,
        facts: { user: requester.user, path, query, startedAtMs },
        now,
        onEnded: ({ file, bytes, sha256, failure }) =>
          onEvent(leaf.cluster, {
            id: `${session}-${id}`,
            at: new Date(wallNow()).toISOString(),
            action: failure === undefined ? `${session}.recorded` : `${session}.ended`,
            actor: requester.user,
            detail: `${path}: ${failure ?? `${bytes} bytes in ${file}, SHA-256 ${sha256}`}`.slice(0, 500),
          }),
      });
    } catch (cause) {
      this.#options.log(
        `a session can't be recorded: ${cause instanceof Error ? cause.message : String(cause)}`,
      );
      return NOT_RECORDED;
    }
  }

  #tellCut({ cluster }: ClusterLeaf, { requester, kind }: Exchange): void {
    const { onEvent, wallNow } = this.#options;
    onEvent(cluster, {
      id: `cut-${randomBytes(8).toString('hex')}`,
      at: new Date(wallNow()).toISOString(),
      action: 'access.ended',
      actor: requester.user,
      detail: `A running ${kind} was cut, because the access it was begun with is withdrawn.`,
    });
  }
}

interface Answering {
  readonly request: ClusterRequest;
  readonly cluster: Served;
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
}

async function answer({ request, cluster, incoming, response }: Answering): Promise<{
  readonly by: AnsweredBy;
  readonly status: number;
  readonly bytes: number;
}> {
  if (request.method === 'GET' && cluster.relief !== undefined) {
    const answered = await cluster.relief.answer(request, incoming, response);
    if (answered !== undefined) return answered;
  }
  return { by: 'upstream', ...(await forward(request, cluster, { incoming, response })) };
}

function serverNameOf({ socket }: IncomingMessage): string {
  const name = socket instanceof TLSSocket ? socket.servername : undefined;
  return typeof name === 'string' ? name.toLowerCase() : '';
}

function refuseMalformed(socket: Duplex | Socket): void {
  if (socket.writable) writeRefusal(socket, MALFORMED);
  else socket.destroy();
}
