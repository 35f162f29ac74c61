/**
 * Reads WebSocket frames (RFC 6455) out of a byte stream that passes by: payloads of data messages, unmasked, in order. It never holds more than
 * one message back, and says so when what passes is not what it can read.
 */

/** kubectl sends at most 32 kB in a message. */
const MESSAGE_BYTES_MAX = 16 * 1024 * 1024;

const OPCODE = { continuation: 0x0, text: 0x1, binary: 0x2 } as const;

export class FrameReader {
  readonly #onMessage: (message: Buffer) => void;
  #chunks: Buffer[] = [];
  #held = 0;
  /** How many bytes there must be before it is worth to look again: many small chunks are joined once. */
  #wanted = 0;
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor(onMessage: (message: Buffer) => void) {
    this.#onMessage = onMessage;
  }

  /** Throws a RangeError if a message is too large to be read, or in a form that was not agreed on. */
  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    if (this.#held < this.#wanted) return;
    let rest: Buffer = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#held);
    for (let frame = this.#next(rest); frame !== undefined; frame = this.#next(rest)) {
      rest = rest.subarray(frame.bytes + frame.length);
      this.#take(frame);
    }
    this.#chunks = [rest];
    this.#held = rest.length;
  }

  #next(bytes: Buffer): Frame | undefined {
    const head = headOf(bytes);
    this.#wanted = head === undefined ? 0 : head.bytes + head.length;
    if (head === undefined) return undefined;
    if (head.isExtended) throw new RangeError('an extension of the protocol can not be recorded');
    if (head.length > MESSAGE_BYTES_MAX) throw new RangeError('a message is too large to be recorded');
    if (bytes.length < this.#wanted) return undefined;
    return { ...head, payload: unmasked(bytes.subarray(head.bytes, this.#wanted), head.mask) };
  }

  /** Control frames may stand between the frames of a message, and are none of ours. */
  #take({ opcode, isFinal, payload }: Frame): void {
    if (opcode !== OPCODE.continuation && opcode !== OPCODE.text && opcode !== OPCODE.binary) return;
    this.#parts.push(payload);
    this.#bytes += payload.length;
    if (this.#bytes > MESSAGE_BYTES_MAX) throw new RangeError('a message is too large to be recorded');
    if (!isFinal) return;
    const message = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#bytes = 0;
    this.#onMessage(message);
  }
}

interface Head {
  readonly opcode: number;
  readonly isFinal: boolean;
  /** A compressed message, for one. */
  readonly isExtended: boolean;
  /** Of the head itself. */
  readonly bytes: number;
  /** Of the payload. */
  readonly length: number;
  readonly mask: Buffer | undefined;
}

type Frame = Head & { readonly payload: Buffer };

/** Undefined as long as the head is not whole. */
function headOf(bytes: Buffer): Head | undefined {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) return undefined;
  const short = second & 0x7f;
  const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
  const isMasked = (second & 0x80) !== 0;
  const size = 2 + extended + (isMasked ? 4 : 0);
  if (bytes.length < size) return undefined;
  const length =
    extended === 0 ? short : Number(extended === 2 ? bytes.readUInt16BE(2) : bytes.readBigUInt64BE(2));
  const mask = isMasked ? bytes.subarray(2 + extended, size) : undefined;
  const isFinal = (first & 0x80) !== 0;
  const isExtended = (first & 0x70) !== 0;
  return { opcode: first & 0x0f, isFinal, isExtended, bytes: size, length, mask };
}

/** A copy: what passes by is not changed. */
function unmasked(payload: Buffer, mask: Buffer | undefined): Buffer {
  const copy = Buffer.from(payload);
  if (mask === undefined) return copy;
  for (let at = 0; at < copy.length; at += 1) copy[at] = (copy[at] ?? 0) ^ (mask[at % 4] ?? 0);
  return copy;
}
