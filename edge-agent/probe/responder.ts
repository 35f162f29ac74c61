/**
 * A hub's side of the probes: it answers those of tunnel addresses that it knows, and remembers when each one
 * asked last and was hearing the answers. It never speaks first and never says more than it was told.
 */
import type { RemoteInfo } from 'node:dgram';
import { PROBE_PORT } from '../../protocol/document.ts';
import { decodeProbe, replyTo } from './packet.ts';
import { decodeRefused, encodeRefused } from './refused-packet.ts';
import { TunnelSocket } from './socket.ts';

const PACKET_BYTES_MAX = 1_500;

export interface ResponderOptions {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly port?: number;
  /** Mark of the next key that is taken from this tunnel address; zero: none. */
  readonly markOf?: (peer: string) => number;
  /** Packets that this hub's firewall refused between two addresses, if this peer may ask for them. */
  readonly refused?: (peer: string, from: string, to: string) => Promise<number | undefined>;
}

export class Responder {
  readonly #now: () => number;
  readonly #refused: ResponderOptions['refused'];
  readonly #markOf: NonNullable<ResponderOptions['markOf']>;
  readonly #socket: TunnelSocket;
  readonly #askedMs = new Map<string, number>();
  #peers: ReadonlySet<string> = new Set();

  constructor(options: ResponderOptions) {
    this.#now = options.now;
    this.#refused = options.refused;
    this.#markOf = options.markOf ?? (() => 0);
    this.#socket = new TunnelSocket(options.port ?? PROBE_PORT, (bytes, from) => this.#receive(bytes, from));
  }

  get isListening(): boolean {
    return this.#socket.isBound;
  }

  get port(): number {
    return this.#socket.port;
  }

  /** Sets the hub's tunnel address and those of its peers; idempotent. */
  answer(address: string, peers: ReadonlySet<string>): void {
    this.#peers = peers;
    for (const known of this.#askedMs.keys()) if (!peers.has(known)) this.#askedMs.delete(known);
    this.#socket.listen(address);
  }

  /** Milliseconds since this tunnel address asked and said that it hears us, or undefined. */
  ageMs(address: string): number | undefined {
    const askedMs = this.#askedMs.get(address);
    return askedMs === undefined ? undefined : this.#now() - askedMs;
  }

  stop(): void {
    this.#socket.close();
  }

  #receive(bytes: Buffer, from: RemoteInfo): void {
    if (bytes.length > PACKET_BYTES_MAX || !this.#peers.has(from.address)) return;
    void this.#tell(bytes, from);
    const packet = decodeProbe(bytes);
    if (packet?.kind !== 'probe') return;
    if (packet.heard === true) this.#askedMs.set(from.address, this.#now());
    this.#socket.send(replyTo(bytes, this.#markOf(from.address)), from.port, from.address);
  }

  async #tell(bytes: Buffer, { address, port }: RemoteInfo): Promise<void> {
    const question = decodeRefused(bytes);
    if (question?.kind !== 'ask') return;
    const count = await this.#refused?.(address, question.from, question.to);
    if (count !== undefined)
      this.#socket.send(encodeRefused({ ...question, kind: 'told', count }), port, address);
  }
}
