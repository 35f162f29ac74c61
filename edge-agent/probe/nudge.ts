/**
 * Nudges: a hub tells an edge that there may be a newer document. The edge then fetches and verifies as ever, so a
 * forged nudge costs one request at most every 200 ms and decides nothing.
 */
import type { RemoteInfo } from 'node:dgram';
import { NUDGE_PORT } from '../../protocol/document.ts';
import { decodeProbe, encodeProbe } from './packet.ts';
import { TunnelSocket } from './socket.ts';

const APART_MS = 200;
const REPEATS = 2;
const REPEAT_AFTER_MS = 1_000;

export interface NudgeOptions {
  readonly onNudge: () => void;
  readonly now: () => number;
  readonly port?: number;
}

/** The edge's ear: hears only the hubs' tunnel addresses, and passes on one nudge at a time. */
export class NudgeListener {
  readonly #options: NudgeOptions;
  readonly #socket: TunnelSocket;
  #hubs: ReadonlySet<string> = new Set();
  #passedMs = Number.NEGATIVE_INFINITY;
  #waiting: NodeJS.Timeout | undefined;

  constructor(options: NudgeOptions) {
    this.#options = options;
    this.#socket = new TunnelSocket(options.port ?? NUDGE_PORT, (bytes, from) => this.#receive(bytes, from));
  }

  get port(): number {
    return this.#socket.port;
  }

  listen(address: string, hubs: ReadonlySet<string>): void {
    this.#hubs = hubs;
    this.#socket.listen(address);
  }

  stop(): void {
    clearTimeout(this.#waiting);
    this.#waiting = undefined;
    this.#socket.close();
  }

  #receive(bytes: Buffer, from: RemoteInfo): void {
    if (!this.#hubs.has(from.address) || decodeProbe(bytes)?.kind !== 'nudge') return;
    if (this.#waiting !== undefined) return;
    const waitMs = Math.max(0, this.#passedMs + APART_MS - this.#options.now());
    this.#waiting = setTimeout(() => this.#pass(), waitMs);
  }

  #pass(): void {
    this.#waiting = undefined;
    this.#passedMs = this.#options.now();
    this.#options.onNudge();
  }
}

/** The hub's voice: a datagram may be lost, so each nudge is said twice, a second apart. */
export class NudgeSender {
  readonly #socket = new TunnelSocket(0, () => {});
  readonly #port: number;
  readonly #timers = new Set<NodeJS.Timeout>();
  #number = 0;

  constructor(port: number = NUDGE_PORT) {
    this.#port = port;
  }

  listen(address: string): void {
    this.#socket.listen(address);
  }

  nudge(address: string): void {
    this.#say(address);
    for (let repeat = 1; repeat < REPEATS; repeat += 1) {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        this.#say(address);
      }, repeat * REPEAT_AFTER_MS);
      this.#timers.add(timer);
    }
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#socket.close();
  }

  #say(address: string): void {
    this.#number = (this.#number + 1) >>> 0;
    this.#socket.send(encodeProbe({ kind: 'nudge', number: this.#number }), this.#port, address);
  }
}
