/** RecordIO: however it is cut, the same records come out. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { recordReader } from '../../../edge-agent/mesos/recordio.ts';

const records = fc.array(fc.string({ maxLength: 30, unit: 'binary' }), { maxLength: 6 });

test('records come out as they went in, in whatever pieces', () => {
  fc.assert(
    fc.property(
      records,
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 20 }),
      (texts, sizes) => {
        const bytes = Buffer.concat(
          texts.map((text) =>
            Buffer.concat([Buffer.from(`${Buffer.byteLength(text)}\n`), Buffer.from(text)]),
          ),
        );
        const reader = recordReader();
        const found: string[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          found.push(...reader.push(bytes.subarray(at, at + size)).map((record) => record.toString('utf8')));
          at += size;
        }
        expect(found).toEqual(texts.map((text) => Buffer.from(text).toString('utf8')));
      },
    ),
  );
});

test('what is no RecordIO is refused, not waited for', () => {
  expect(() => recordReader().push(Buffer.from('<html>\n'))).toThrow('no RecordIO');
  expect(() => recordReader().push(Buffer.from('no length in sight'))).toThrow('no RecordIO');
  expect(() => recordReader().push(Buffer.from('9999999999\n'))).toThrow('no RecordIO');
});
