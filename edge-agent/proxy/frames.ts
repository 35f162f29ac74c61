/**
 * Reads WebSocket frames (RFC 6455) out of a byte stream that passes by: payloads of data messages, unmasked, in order. It never holds more than
 * one message back, and says so when what passes is not what it can read.
 */

/** kubectl sends at most 32 kB in a message. */
const MESSAGE_BYTES_MAX = 16 * 1024 * 1024;

const OPCODE = { continuation: 0x0, text: 0x1, binary: 0x2 } as const;

export class FrameReader {
  readonly #onMessage: (message: Buffer) => void;
  #pending: Buffer = Buffer.alloc(0);
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor(onMessage: (message: Buffer) => void) {
    this.#onMessage = onMessage;
  }

  /** Throws a RangeError if a message is too large to be read. */
  push(chunk: Buffer): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) this.#take(frame);
  }

  #next(): Frame | undefined {
    const head = headOf(this.#pending);
    if (head === undefined) return undefined;
    if (head.length > MESSAGE_BYTES_MAX) throw new RangeError('a message is too large to be recorded');
    const end = head.bytes + head.length;
    if (this.#pending.length < end) return undefined;
    const payload = unmasked(this.#pending.subarray(head.bytes, end), head.mask);
    this.#pending = this.#pending.subarray(end);
    return { ...head, payload };
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
  return { opcode: first & 0x0f, isFinal: (first & 0x80) !== 0, bytes: size, length, mask };
}

/** A copy: what passes by is not changed. */
function unmasked(payload: Buffer, mask: Buffer | undefined): Buffer {
  const copy = Buffer.from(payload);
  if (mask === undefined) return copy;
  for (let at = 0; at < copy.length; at += 1) copy[at] = (copy[at] ?? 0) ^ (mask[at % 4] ?? 0);
  return copy;
}
