/**
 * A UDP socket on a tunnel address. The address appears only when the tunnel has been set up and may go again, so
 * binding is tried until it succeeds, and a socket that fails is made anew. It must not know what it carries.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';

export type Receive = (bytes: Buffer, from: RemoteInfo) => void;

export class TunnelSocket {
  readonly #port: number;
  readonly #receive: Receive;
  #address: string | undefined;
  #socket: Socket | undefined;
  #isBound = false;

  /** Port 0: any. */
  constructor(port: number, receive: Receive) {
    this.#port = port;
    this.#receive = receive;
  }

  get isBound(): boolean {
    return this.#isBound;
  }

  /** The port that is bound, or 0. */
  get port(): number {
    return this.#isBound && this.#socket !== undefined ? this.#socket.address().port : 0;
  }

  /** Sets the address to listen on; idempotent, so it may be called on every round. */
  listen(address: string): void {
    if (address !== this.#address) this.close();
    this.#address = address;
    if (this.#socket !== undefined) return;
    const socket = createSocket({ type: 'udp4', reuseAddr: false });
    this.#socket = socket;
    socket.on('message', this.#receive);
    socket.on('error', () => this.#forget(socket));
    socket.bind({ address, port: this.#port, exclusive: true }, () => {
      this.#isBound = socket === this.#socket;
    });
  }

  /** Sends if it can: a datagram that cannot leave is a lost one. */
  send(bytes: Buffer, port: number, address: string): void {
    if (!this.#isBound || this.#socket === undefined) return;
    this.#socket.send(bytes, port, address, () => {});
  }

  close(): void {
    if (this.#socket !== undefined) this.#forget(this.#socket);
  }

  #forget(socket: Socket): void {
    if (socket !== this.#socket) return;
    this.#socket = undefined;
    this.#isBound = false;
    socket.removeAllListeners('message');
    socket.close();
  }
}
