/** One spelling for each value: what is hashed and compared must not depend on who wrote it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson } from '../../protocol/canonical.ts';

test('the order of keys makes no other text, and what is undefined is left out', () => {
  expect(canonicalJson({ b: [1, 'x', null], a: undefined, A: true })).toBe('{"A":true,"b":[1,"x",null]}');
});

test('fractions are written as JSON writes them, and read back as what they were', () => {
  expect([0.5, 20.26, -0, 1e-7].map((number) => canonicalJson(number))).toEqual([
    '0.5',
    '20.26',
    '0',
    '1e-7',
  ]);
  const fraction = fc.double({ noDefaultInfinity: true, noNaN: true, noInteger: true });
  fc.assert(fc.property(fraction, (number) => JSON.parse(canonicalJson(number)) === number));
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('%s has no text', (number) => {
  expect(() => canonicalJson({ number })).toThrow(TypeError);
});
