/**
 * The DNS server's sockets: UDP and TCP on each address, with limits on size, time and number. What is answered is
 * `resolver.ts`'s matter.
 */
import { createSocket, type Socket as Datagrams, type RemoteInfo } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import { fitDatagram, readQuery } from './message.ts';
import type { Resolver } from './resolver.ts';
import { framed } from './upstream.ts';

const CONNECTIONS_MAX = 64;
const CONNECTION_IDLE_MS = 10_000;
const CONNECTION_QUERIES_MAX = 16;
const BUFFERED_BYTES_MAX = 8_192;
const CLIENT_QUERIES_MAX = 64;

/** `failed`: the address cannot be listened on now; it is tried again by the next `listen`. */
export interface Listening {
  readonly address: string;
  readonly state: 'listening' | 'failed';
  readonly reason?: string | undefined;
}

export class NamesServer {
  readonly #resolver: Pick<Resolver, 'resolve'>;
  readonly #port: number;
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #running = new Map<string, number>();
  #failed: readonly Listening[] = [];

  constructor(resolver: Pick<Resolver, 'resolve'>, port = 53) {
    this.#resolver = resolver;
    this.#port = port;
  }

  get listening(): readonly Listening[] {
    const good = [...this.#endpoints.keys()].map((address) => ({ address, state: 'listening' as const }));
    return [...good, ...this.#failed];
  }

  /** Sets the addresses to serve on; idempotent. */
  async listen(addresses: readonly string[]): Promise<void> {
    for (const [address, endpoint] of this.#endpoints)
      if (!addresses.includes(address) || !endpoint.isOpen()) {
        this.#endpoints.delete(address);
        endpoint.close();
      }
    const failed: Listening[] = [];
    for (const address of addresses) {
      if (this.#endpoints.has(address)) continue;
      const reason = await this.#open(address);
      if (reason !== undefined) failed.push({ address, state: 'failed', reason });
    }
    this.#failed = failed;
  }

  stop(): void {
    for (const endpoint of this.#endpoints.values()) endpoint.close();
    this.#endpoints.clear();
  }

  async #open(address: string): Promise<string | undefined> {
    try {
      const datagrams = await bindDatagrams(address, this.#port);
      const endpoint = new Endpoint(datagrams);
      datagrams.on('message', (bytes, from) => this.#onDatagram(datagrams, bytes, from));
      await endpoint.openStreams(address, (socket) => this.#onConnection(socket));
      this.#endpoints.set(address, endpoint);
      return undefined;
    } catch (cause) {
      return cause instanceof Error ? cause.message : String(cause);
    }
  }

  #onDatagram(socket: Datagrams, bytes: Buffer, from: RemoteInfo): void {
    this.#answer(bytes, from.address, 'udp').then(
      (reply) => {
        if (reply !== undefined) socket.send(reply, from.port, from.address, () => {});
      },
      () => undefined,
    );
  }

  /** A client may close its half after the last question; the connection ends when that is answered. */
  #onConnection(socket: Socket): void {
    socket.setTimeout(CONNECTION_IDLE_MS, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    const client = socket.remoteAddress ?? '';
    let buffered: Buffer = Buffer.alloc(0);
    let queries = 0;
    let answering = 0;
    const finish = () => {
      if (answering === 0 && socket.readableEnded) socket.end();
    };
    const reply = async (message: Buffer) => {
      const bytes = await this.#answer(message, client, 'tcp');
      answering -= 1;
      if (bytes !== undefined && socket.writable) socket.write(framed(bytes));
      finish();
    };
    socket.on('end', finish);
    socket.on('data', (chunk: Buffer) => {
      buffered = Buffer.concat([buffered, chunk]);
      if (buffered.length > BUFFERED_BYTES_MAX) return void socket.destroy();
      for (let message = nextMessage(buffered); message !== undefined; message = nextMessage(buffered)) {
        buffered = buffered.subarray(message.length + 2);
        queries += 1;
        if (queries > CONNECTION_QUERIES_MAX) return void socket.destroy();
        answering += 1;
        reply(Buffer.from(message)).catch(() => socket.destroy());
      }
    });
  }

  /** One client has only so many questions open, so that it cannot crowd out the others. */
  async #answer(bytes: Buffer, client: string, transport: 'udp' | 'tcp'): Promise<Buffer | undefined> {
    const read = readQuery(bytes);
    if (read.kind === 'ignore') return undefined;
    if (read.kind === 'fault') return read.reply;
    const running = this.#running.get(client) ?? 0;
    if (running >= CLIENT_QUERIES_MAX) return undefined;
    this.#running.set(client, running + 1);
    try {
      const reply = await this.#resolver.resolve({ query: read.query, client, transport });
      return transport === 'udp' ? fitDatagram(read.query, reply) : reply;
    } finally {
      const left = (this.#running.get(client) ?? 1) - 1;
      if (left === 0) this.#running.delete(client);
      else this.#running.set(client, left);
    }
  }
}

/** One address: its datagrams, its streams, and what is connected to it. */
class Endpoint {
  readonly #datagrams: Datagrams;
  readonly #sockets = new Set<Socket>();
  #streams: Server | undefined;
  #isOpen = true;

  constructor(datagrams: Datagrams) {
    this.#datagrams = datagrams;
    datagrams.on('error', () => this.close());
  }

  isOpen(): boolean {
    return this.#isOpen;
  }

  openStreams(address: string, onConnection: (socket: Socket) => void): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      onConnection(socket);
    });
    server.maxConnections = CONNECTIONS_MAX;
    this.#streams = server;
    return new Promise((resolve, reject) => {
      server.once('error', (cause) => {
        this.close();
        reject(cause);
      });
      server.listen({ host: address, port: this.#datagrams.address().port }, () => resolve());
    });
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#datagrams.removeAllListeners('message');
    this.#datagrams.close();
    this.#streams?.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

function bindDatagrams(address: string, port: number): Promise<Datagrams> {
  const socket = createSocket({ type: 'udp4', reuseAddr: false });
  return new Promise((resolve, reject) => {
    socket.once('error', (cause) => {
      socket.close();
      reject(cause);
    });
    socket.bind({ address, port, exclusive: true }, () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });
}

function nextMessage(buffered: Buffer): Buffer | undefined {
  if (buffered.length < 2) return undefined;
  const length = buffered.readUInt16BE(0);
  return buffered.length >= length + 2 ? buffered.subarray(2, length + 2) : undefined;
}
