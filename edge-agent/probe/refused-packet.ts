/**
 * The question how many packets between two addresses a firewall refused, and its answer. Both are as long as each other, so that nobody can amplify by them; who may ask is the
 * answerer's to decide.
 */
import { formatAddress, parseAddress } from '../../protocol/address.ts';

const MARK = 0x49_53_54_51;
const BYTES = 24;
const KINDS = { ask: 1, told: 2 } as const;
const COUNT_MAX = 0xffff_ffff;

export interface RefusedPacket {
  readonly kind: keyof typeof KINDS;
  /** Unsigned, 32 bits; the answer has the question's. */
  readonly number: number;
  readonly from: string;
  readonly to: string;
  /** Of a question it says nothing. */
  readonly count: number;
}

export function encodeRefused({ kind, number, from, to, count }: RefusedPacket): Buffer {
  const bytes = Buffer.alloc(BYTES);
  bytes.writeUInt32BE(MARK, 0);
  bytes.writeUInt8(KINDS[kind], 4);
  bytes.writeUInt32BE(number, 8);
  bytes.writeUInt32BE(parseAddress(from), 12);
  bytes.writeUInt32BE(parseAddress(to), 16);
  bytes.writeUInt32BE(Math.min(count, COUNT_MAX), 20);
  return bytes;
}

export function decodeRefused(bytes: Buffer): RefusedPacket | undefined {
  if (bytes.length !== BYTES || bytes.readUInt32BE(0) !== MARK) return undefined;
  const code = bytes.readUInt8(4);
  const kind = code === KINDS.ask ? 'ask' : code === KINDS.told ? 'told' : undefined;
  if (kind === undefined) return undefined;
  return {
    kind,
    number: bytes.readUInt32BE(8),
    from: formatAddress(bytes.readUInt32BE(12)),
    to: formatAddress(bytes.readUInt32BE(16)),
    count: bytes.readUInt32BE(20),
  };
}

/** What a set of this host's firewall says that was refused between two addresses; undefined: it can't be read. */
export type ReadRefused = (set: string, from: string, to: string) => Promise<number | undefined>;
