/** Labels: what is shown fits, and is the whole or a beginning of it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fitted, textWidth } from '../../../console/view/label.ts';

test('a text that fits is whole, and one that does not ends in an ellipsis', () => {
  expect(fitted('berlin', 13, 200)).toBe('berlin');
  expect(fitted('a-very-long-name-of-a-site', 13, 80)).toBe('a-very-…');
  expect(fitted('berlin', 13, 4)).toBe('');
});

test('whatever the text and the room, what is shown fits', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 300 });
  fc.assert(
    fc.property(
      text,
      fc.integer({ min: 8, max: 20 }),
      fc.integer({ min: 0, max: 400 }),
      (whole, size, room) => {
        const shown = fitted(whole, size, room);
        expect(shown === '' || textWidth(shown, size) <= room).toBe(true);
        expect(whole.startsWith(shown.replace(/…$/u, ''))).toBe(true);
      },
    ),
  );
});
