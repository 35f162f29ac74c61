/**
 * An edge's side of others' trials: it answers at the judged port, if the firewall lets anything through to it, and at the control port, where it also tells the asker
 * how many of its packets this firewall refused. It never speaks first and never says more than it was told.
 */
import type { RemoteInfo } from 'node:dgram';
import { CONTROL_PORT, JUDGED_PORT } from '../../protocol/proof.ts';
import { REFUSED_SET } from '../plan/firewall-proof.ts';
import { decodeProbe, replyTo } from './packet.ts';
import { decodeRefused, encodeRefused, type ReadRefused } from './refused-packet.ts';
import { TunnelSocket } from './socket.ts';

const PROBE_BYTES_MAX = 64;

export interface AnswererOptions {
  readonly refused: ReadRefused;
  readonly ports?: { readonly judged: number; readonly control: number };
}

export class ProofAnswerer {
  readonly #refused: ReadRefused;
  readonly #judged: TunnelSocket;
  readonly #control: TunnelSocket;
  #address = '';
  #packets = 0;

  constructor({ refused, ports = { judged: JUDGED_PORT, control: CONTROL_PORT } }: AnswererOptions) {
    this.#refused = refused;
    this.#judged = new TunnelSocket(ports.judged, (bytes, from) => this.#probed(bytes, from));
    this.#control = new TunnelSocket(ports.control, (bytes, from) => void this.#asked(bytes, from));
  }

  /** Ours, both ways, since the start. */
  get packets(): number {
    return this.#packets;
  }

  /** `address`: the proof address that others know. Idempotent. */
  answer(tunnelAddress: string, address: string): void {
    this.#address = address;
    this.#judged.listen(tunnelAddress);
    this.#control.listen(tunnelAddress);
  }

  stop(): void {
    this.#judged.close();
    this.#control.close();
  }

  #probed(bytes: Buffer, from: RemoteInfo): void {
    this.#packets += 1;
    if (bytes.length > PROBE_BYTES_MAX || decodeProbe(bytes)?.kind !== 'probe') return;
    this.#packets += 1;
    this.#judged.send(replyTo(bytes), from.port, from.address);
  }

  async #asked(bytes: Buffer, from: RemoteInfo): Promise<void> {
    this.#packets += 1;
    const question = decodeRefused(bytes);
    if (question?.kind !== 'ask' || question.from !== from.address) return;
    const count = await this.#refused(REFUSED_SET, question.from, this.#address);
    if (count === undefined) return;
    this.#packets += 1;
    this.#control.send(encodeRefused({ ...question, kind: 'told', count }), from.port, from.address);
  }
}
