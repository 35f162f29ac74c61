/**
 * The edge's side: where nodes of one cluster come in. A host joins with a token that is good once; a node is let in by its certificate and its key, both of which the
 * edge knows. What it then asks of a node's engine goes over the connection that the node made.
 */
import { createPublicKey } from 'node:crypto';
import { type ClientHttp2Session, connect } from 'node:http2';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { keyDigest } from './keys.ts';
import { readLine, sayLine } from './lines.ts';
import { keepPulse } from './pulse.ts';
import { type JoinedNode, NODES_MAX, type NodeRegistry } from './registry.ts';
import { type DoorAnswer, JoinRequest, PROTOCOLS, RenewRequest } from './token.ts';

const CONNECTIONS_MAX = 512;
const HANDSHAKE_MS_MAX = 10_000;

/** The site's authority. */
export interface Certifier {
  /** PEM. */
  certificate(): Promise<string>;
  /** The door's own, with the authority's behind it; renewed by being asked for. */
  door(): Promise<{ readonly certificate: string; readonly key: string }>;
  /** A certificate for a client's key. */
  client(name: string, publicKey: string): Promise<string>;
}

export interface DoorOptions {
  readonly registry: NodeRegistry;
  readonly certifier: Certifier;
  /** Names that nodes have which did not join here. */
  readonly taken: readonly string[];
  readonly now: () => number;
  readonly wallNow: () => number;
  readonly log: (line: string) => void;
}

export class NodeDoor {
  readonly #options: DoorOptions;
  readonly #sessions = new Map<string, { readonly key: string; readonly session: ClientHttp2Session }>();
  #server: Server | undefined;
  #certificate = '';

  constructor(options: DoorOptions) {
    this.#options = options;
  }

  async listen(address: string, port: number): Promise<void> {
    const { certificate, key } = await this.#options.certifier.door();
    const server = createServer(
      {
        key,
        cert: certificate,
        ca: await this.#options.certifier.certificate(),
        minVersion: 'TLSv1.3',
        requestCert: true,
        // Who joins has none yet; whoever has a bad one is sent away below.
        rejectUnauthorized: false,
        ALPNProtocols: Object.values(PROTOCOLS),
        handshakeTimeout: HANDSHAKE_MS_MAX,
      },
      (socket) => this.#receive(socket),
    );
    server.maxConnections = CONNECTIONS_MAX;
    server.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, address, resolve);
    });
    server.on('error', (cause) => this.#options.log(`the door for nodes: ${cause.message}`));
    this.#server = server;
    this.#certificate = certificate;
  }

  /** The connection of a node; undefined while there is none. */
  sessionOf(name: string): ClientHttp2Session | undefined {
    const session = this.#sessions.get(name)?.session;
    return session?.destroyed === false && !session.closed ? session : undefined;
  }

  /** Sends away whom the registry does not know any more, and takes up a new certificate. */
  async match(): Promise<void> {
    const nodes = this.#options.registry.nodes();
    for (const [name, { key, session }] of this.#sessions)
      if (!nodes.some((node) => node.name === name && node.keys.includes(key))) session.destroy();
    const { certificate, key } = await this.#options.certifier.door();
    if (certificate === this.#certificate) return;
    this.#server?.setSecureContext({
      cert: certificate,
      key,
      ca: await this.#options.certifier.certificate(),
    });
    this.#certificate = certificate;
  }

  async close(): Promise<void> {
    for (const { session } of this.#sessions.values()) session.destroy();
    await new Promise<void>((resolve) => {
      if (this.#server === undefined) resolve();
      else this.#server.close(() => resolve());
    });
  }

  #receive(socket: TLSSocket): void {
    socket.on('error', () => undefined);
    if (socket.alpnProtocol === PROTOCOLS.join) {
      void this.#answer(socket, (request) => this.#join(request));
      return;
    }
    const known = this.#known(socket);
    if (known === undefined) return void socket.destroy();
    if (socket.alpnProtocol === PROTOCOLS.renew)
      void this.#answer(socket, (request) => this.#renew(known.node, request));
    else if (socket.alpnProtocol === PROTOCOLS.node) this.#letIn(socket, known);
    else socket.destroy();
  }

  /** By a certificate of the site's authority that has not ended, with a key that we wrote down. */
  #known(socket: TLSSocket): Known | undefined {
    const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined;
    if (certificate === undefined) return undefined;
    const key = keyDigest(certificate.publicKey);
    const node = this.#options.registry.withKey(key);
    return node === undefined ? undefined : { node, key };
  }

  #letIn(socket: TLSSocket, { node, key }: Known): void {
    const { registry, now, log } = this.#options;
    // A new key that is in use is the only one.
    if (node.keys.length > 1 && node.keys.at(-1) === key) registry.keep({ ...node, keys: [key] });
    const session = connect(`https://${node.name}`, { createConnection: () => socket });
    session.on('error', () => undefined);
    keepPulse(session, now);
    this.#sessions.get(node.name)?.session.destroy();
    this.#sessions.set(node.name, { key, session });
    log(`the node ${node.name} is connected`);
    session.once('close', () => {
      if (this.#sessions.get(node.name)?.session === session) this.#sessions.delete(node.name);
      log(`the node ${node.name} is not connected any more`);
    });
  }

  async #answer(socket: TLSSocket, decide: (request: unknown) => Promise<DoorAnswer>): Promise<void> {
    const request = await readLine(socket);
    if (socket.destroyed) return;
    const answer = await decide(request).catch((cause: unknown) => {
      this.#options.log(`the door for nodes: ${cause instanceof Error ? cause.message : String(cause)}`);
      return { refused: 'the edge has a fault; its log says which' };
    });
    sayLine(socket, answer);
    socket.end();
  }

  async #join(request: unknown): Promise<DoorAnswer> {
    const { registry, certifier, taken, wallNow, log } = this.#options;
    const wanted = JoinRequest.safeParse(request).data;
    const key = wanted === undefined ? undefined : digestOf(wanted.publicKey);
    if (wanted === undefined || key === undefined) return { refused: 'it is no request to join' };
    const { name, secret, publicKey } = wanted;
    const nodes = registry.nodes();
    if (taken.includes(name) || nodes.some((node) => node.name === name))
      return { refused: `there is a node ${name} already: remove it first, or join under another name` };
    if (nodes.length + taken.length >= NODES_MAX) return { refused: `there are ${NODES_MAX} nodes already` };
    const claim = registry.claim({ secret, name, nowMs: wallNow() });
    if (claim.kind === 'refused') {
      log(`a host that says it is ${name} was not let in: ${claim.why}`);
      return { refused: claim.why };
    }
    const certificate = await certifier.client(name, publicKey);
    registry.keep({ name, keys: [key], joinedMs: wallNow() });
    log(`the node ${name} has joined`);
    return { certificate };
  }

  /** Both keys are good until the new one has been used: whoever loses power in between is not locked out. */
  async #renew(node: JoinedNode, request: unknown): Promise<DoorAnswer> {
    const { registry, certifier } = this.#options;
    const wanted = RenewRequest.safeParse(request).data;
    const key = wanted === undefined ? undefined : digestOf(wanted.publicKey);
    if (wanted === undefined || key === undefined) return { refused: 'it is no request to renew' };
    const certificate = await certifier.client(node.name, wanted.publicKey);
    const [current = key] = node.keys;
    registry.keep({ ...node, keys: current === key ? [key] : [current, key] });
    return { certificate };
  }
}

interface Known {
  readonly node: JoinedNode;
  /** Digest of the key that it came with. */
  readonly key: string;
}

function digestOf(publicKey: string): string | undefined {
  try {
    const key = createPublicKey(publicKey);
    return key.asymmetricKeyType === 'ec' ? keyDigest(key) : undefined;
  } catch {
    return undefined;
  }
}
