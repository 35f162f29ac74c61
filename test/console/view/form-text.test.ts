/** What was typed, as the API wants it: without the space around it, and lists in whatever way they were separated. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { listOfText, textAt } from '../../../console/view/form-text.ts';

test('a list is taken apart by commas, spaces and lines, also Chinese ones', () => {
  expect(listOfText(' 10.0.0.0/24, 10.0.1.0/24\n10.0.2.0/24、10.0.3.0/24，x')).toEqual([
    '10.0.0.0/24',
    '10.0.1.0/24',
    '10.0.2.0/24',
    '10.0.3.0/24',
    'x',
  ]);
  expect(listOfText(' , ')).toEqual([]);
});

test('a list that was put together by a separator is taken apart to the same', () => {
  const part = fc.stringMatching(/^[a-z0-9./-]{1,20}$/);
  fc.assert(
    fc.property(fc.array(part), fc.constantFrom(',', ' ', '\n', ', '), (parts, separator) => {
      expect(listOfText(parts.join(separator))).toEqual(parts);
    }),
  );
});

test('what is no text is none', () => {
  const form = new Map<string, unknown>([
    ['name', '  berlin '],
    ['file', {}],
  ]);
  expect([textAt(form, 'name'), textAt(form, 'file'), textAt(form, 'none')]).toEqual(['berlin', '', '']);
});
