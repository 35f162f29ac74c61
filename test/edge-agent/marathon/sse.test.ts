/** Events come out the same however the stream was cut. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { serverEventReader } from '../../../edge-agent/marathon/sse.ts';

const Line = fc.string({ maxLength: 20 }).filter((text) => !/[\r\n]/.test(text) && !text.startsWith(' '));
const Event = fc.record({
  type: Line.filter((text) => text !== ''),
  lines: fc.array(Line, { minLength: 1, maxLength: 3 }),
});

test('what is written comes out again, with any end of lines and any cuts', () => {
  fc.assert(
    fc.property(
      fc.array(Event, { maxLength: 5 }),
      fc.constantFrom('\n', '\r\n'),
      fc.array(fc.nat(7)),
      (events, end, cuts) => {
        const text = events
          .map(({ type, lines }) =>
            [`event: ${type}`, ...lines.map((line) => `data: ${line}`), ': kept alive', '', ''].join(end),
          )
          .join('');
        const reader = serverEventReader();
        const pieces: string[] = [];
        for (let at = 0, turn = 0; at < text.length; turn += 1) {
          const size = 1 + (cuts[turn % Math.max(1, cuts.length)] ?? 50);
          pieces.push(text.slice(at, at + size));
          at += size;
        }
        expect(pieces.flatMap((piece) => reader.push(piece))).toEqual(
          events.map(({ type, lines }) => ({ type, data: lines.join('\n') })),
        );
      },
    ),
  );
});

test('what keeps a stream alive is no event', () => {
  expect(serverEventReader().push('\r\n\r\n: x\r\n\r\n')).toEqual([]);
});
