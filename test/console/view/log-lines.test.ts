/** Lines of logs: however their bytes arrive they are the same, and a page keeps no more than its bound. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type KeptLines,
  LINE_LENGTH_MAX,
  LINES_MAX,
  matching,
  NO_LINES,
  withEnd,
  withText,
} from '../../../console/view/log-lines.ts';

const textsOf = ({ lines }: KeptLines) => lines.map(({ text }) => text);

test('the same text gives the same lines, wherever it is cut', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'é', '\n', ' ') });
  fc.assert(
    fc.property(fc.array(text), (parts) => {
      const kept = parts.reduce((before, part) => withText(before, 'a', part), NO_LINES);
      const whole = withText(NO_LINES, 'a', parts.join(''));
      expect([textsOf(kept), kept.begun['a'] ?? '']).toEqual([textsOf(whole), whole.begun['a'] ?? '']);
      expect(new Set(kept.lines.map(({ id }) => id)).size).toBe(kept.lines.length);
    }),
  );
});

test('containers that speak at once do not mix their lines', () => {
  const steps = [
    ['a', 'one, '],
    ['b', 'mine\r\nyo'],
    ['a', 'two\n'],
    ['b', 'urs\n'],
  ] as const;
  const kept = steps.reduce((before, [source, text]) => withText(before, source, text), NO_LINES);
  expect(kept.lines.map(({ source, text }) => `${source} ${text}`)).toEqual([
    'b mine',
    'a one, two',
    'b yours',
  ]);
});

test('a line without an end is shown when its container says no more', () => {
  const kept = withText(NO_LINES, 'a', 'last');
  expect([textsOf(kept), textsOf(withEnd(kept, 'a')), textsOf(withEnd(withEnd(kept, 'a'), 'a'))]).toEqual([
    [],
    ['last'],
    ['last'],
  ]);
});

test('the oldest are let go beyond the bound, and counted', () => {
  const all = Array.from({ length: LINES_MAX + 3 }, (_, at) => `line ${at}\n`).join('');
  const kept = withText(NO_LINES, 'a', all);
  expect([kept.lines.length, kept.dropped, textsOf(kept)[0]]).toEqual([LINES_MAX, 3, 'line 3']);
});

test('a line that never ends is cut, and does not grow for ever', () => {
  const kept = withText(NO_LINES, 'a', 'x'.repeat(LINE_LENGTH_MAX * 2 + 5));
  expect([textsOf(kept).map(({ length }) => length), kept.begun]).toEqual([
    [LINE_LENGTH_MAX, LINE_LENGTH_MAX, 5],
    { a: '' },
  ]);
});

test('what is looked for is found in letters of either case', () => {
  const { lines } = withText(NO_LINES, 'a', 'GET /shop\npost /cart\n');
  expect([
    matching(lines, 'get').length,
    matching(lines, '').length,
    matching(lines, 'delete').length,
  ]).toEqual([1, 2, 0]);
});
