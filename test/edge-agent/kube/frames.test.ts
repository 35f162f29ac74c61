/** What a recording reads of a session: every message, however the bytes are cut, and nothing that was not sent. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameReader } from '../../../edge-agent/kube/frames.ts';

fc.configureGlobal({ seed: 5 });

/** A frame as RFC 6455 has it; a client's are masked. */
function frame(
  payload: Buffer,
  { opcode = 2, isFinal = true, mask }: { opcode?: number; isFinal?: boolean; mask?: Buffer | undefined },
): Buffer {
  const length = payload.length;
  const extended = length < 126 ? Buffer.alloc(0) : Buffer.alloc(length < 65_536 ? 2 : 8);
  if (extended.length === 2) extended.writeUInt16BE(length);
  if (extended.length === 8) extended.writeBigUInt64BE(BigInt(length));
  const short = length < 126 ? length : length < 65_536 ? 126 : 127;
  const head = Buffer.from([(isFinal ? 0x80 : 0) | opcode, (mask ? 0x80 : 0) | short]);
  const body = mask ? Buffer.from(payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0))) : payload;
  return Buffer.concat([head, extended, mask ?? Buffer.alloc(0), body]);
}

function read(bytes: Buffer, cuts: readonly number[]): string[] {
  const messages: string[] = [];
  const reader = new FrameReader((message) => messages.push(message.toString('hex')));
  let at = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    const end = Math.max(at, cut % (bytes.length + 1));
    reader.push(bytes.subarray(at, end));
    at = end;
  }
  reader.push(bytes.subarray(at));
  return messages;
}

const message = fc.record({
  payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  masked: fc.boolean(),
  split: fc.nat(300),
  control: fc.boolean(),
});

describe('frames', () => {
  test('are read whole, whatever pieces they come in, with control frames between', () => {
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 8 }),
        fc.array(fc.nat(5_000), { maxLength: 20 }),
        (messages, cuts) => {
          const bytes = messages.map(({ payload, masked, split, control }) => {
            const mask = masked ? Buffer.from([1, 2, 3, 4]) : undefined;
            const [first, rest] = [payload.subarray(0, split), payload.subarray(split)];
            const ping = control ? frame(Buffer.from('ping'), { opcode: 9, mask }) : Buffer.alloc(0);
            return Buffer.concat([
              frame(first, { isFinal: false, mask }),
              ping,
              frame(rest, { opcode: 0, mask }),
            ]);
          });
          expect(read(Buffer.concat(bytes), cuts)).toEqual(
            messages.map(({ payload }) => payload.toString('hex')),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  test.each([125, 126, 65_535, 65_536, 200_000])('of %i bytes are read', (length) => {
    const payload = Buffer.alloc(length, 7);
    expect(read(frame(payload, {}), [1, 3, 9])).toEqual([payload.toString('hex')]);
  });

  test('do not change what passes by', () => {
    const bytes = frame(Buffer.from('hello'), { mask: Buffer.from([9, 9, 9, 9]) });
    const before = bytes.toString('hex');
    read(bytes, []);
    expect(bytes.toString('hex')).toBe(before);
  });

  test('that promise more than is borne are refused before they come', () => {
    const head = Buffer.from([0x82, 127, 0, 0, 0, 1, 0, 0, 0, 0]);
    expect(() => read(head, [])).toThrow(RangeError);
  });

  test('that are compressed, or otherwise not what was agreed on, are refused: they would be kept as nobody can read them', () => {
    for (const bit of [0x40, 0x20, 0x10])
      expect(() => read(Buffer.from([0x82 | bit, 1, 0]), [])).toThrow(RangeError);
  });

  test('that come a byte at a time cost no more than their length', () => {
    const bytes = frame(Buffer.alloc(300_000, 7), {});
    const begunMs = performance.now();
    const messages: number[] = [];
    const reader = new FrameReader((one) => messages.push(one.length));
    for (const byte of bytes) reader.push(Buffer.from([byte]));
    expect(messages).toEqual([300_000]);
    // Joined at every byte, they would be 45 GB of copying.
    expect(performance.now() - begunMs).toBeLessThan(3_000);
  });
});
