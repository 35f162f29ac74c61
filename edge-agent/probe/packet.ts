/**
 * The probe's datagram: a mark, a kind, a flag, of a reply the mark of a key, a number, then zeros up to the wanted size. It carries no secret and decides
 * nothing; an answer is as long as its question, so that it cannot be used to amplify.
 */

import { createHash } from 'node:crypto';

export const IP_AND_UDP_BYTES = 28;

const MARK = 0x49_53_54_50;
const HEADER_BYTES = 12;
const KINDS = { probe: 1, reply: 2, nudge: 3 } as const;

export type PacketKind = keyof typeof KINDS;

export interface ProbePacket {
  readonly kind: PacketKind;
  /** Unsigned, 32 bits. */
  readonly number: number;
  /** Of a probe: the sender has heard the other end lately, so the tunnel is open in both directions. */
  readonly heard?: boolean;
  /** Of a reply: the mark of a next key that the hub takes from this edge; zero: none. */
  readonly accepts?: number;
}

/** A datagram that makes an IP packet of `sizeBytes`; the smallest one if no size is given. */
export function encodeProbe(packet: ProbePacket, sizeBytes = 0): Buffer {
  const bytes = Buffer.alloc(Math.max(HEADER_BYTES, sizeBytes - IP_AND_UDP_BYTES));
  bytes.writeUInt32BE(MARK, 0);
  bytes.writeUInt8(KINDS[packet.kind], 4);
  bytes.writeUInt8(packet.heard === true ? 1 : 0, 5);
  bytes.writeUInt32BE(packet.number, 8);
  return bytes;
}

export function decodeProbe(bytes: Buffer): ProbePacket | undefined {
  if (bytes.length < HEADER_BYTES || bytes.readUInt32BE(0) !== MARK) return undefined;
  const kind = bytes.readUInt8(4);
  const number = bytes.readUInt32BE(8);
  if (kind === KINDS.probe) return { kind: 'probe', number, heard: bytes.readUInt8(5) === 1 };
  if (kind === KINDS.reply) return { kind: 'reply', number, accepts: bytes.readUInt16BE(6) };
  return kind === KINDS.nudge ? { kind: 'nudge', number } : undefined;
}

/** The answer to a probe: the same bytes, marked as a reply, with the mark of a key that is taken. */
export function replyTo(bytes: Buffer, accepts = 0): Buffer {
  const reply = Buffer.from(bytes);
  reply.writeUInt16BE(accepts, 6);
  reply.writeUInt8(KINDS.reply, 4);
  return reply;
}

/** Tells one key from the other of two in a probe's sixteen spare bits; never zero. */
export function keyMark(publicKey: string): number {
  return createHash('sha256').update(publicKey).digest().readUInt16BE(0) || 1;
}
