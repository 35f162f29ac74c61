/** What is remembered of earlier releases: the newest first, few, never more than fits, and never one twice. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PAST_MAX, type PastRelease, remembered } from '../../../functions/domain/release-history.ts';
import { AppTemplate } from '../../../protocol/app.ts';

const UNTIL = '2026-01-01T00:00:00Z';
const templateOf = (image: string, length = 0) =>
  AppTemplate.parse({ image, files: length === 0 ? [] : [{ path: '/f', content: 'x'.repeat(length) }] });

test('whatever came, those remembered are the last different ones, the newest first, within bounds', () => {
  const image = fc.record({
    image: fc.constantFrom('a', 'b', 'c', 'd'),
    length: fc.constantFrom(0, 20_000, 65_000),
  });
  fc.assert(
    fc.property(fc.array(image, { minLength: 1, maxLength: 25 }), (images) => {
      const newest = templateOf('newest');
      let past: PastRelease[] = [];
      images.forEach((one, index) => {
        const leaving = { release: index + 1, template: templateOf(one.image, one.length), until: UNTIL };
        past = remembered(past, leaving, [newest]);
        expect(past[0]).toEqual(leaving);
      });
      expect(past.length).toBeLessThanOrEqual(PAST_MAX);
      expect(JSON.stringify(past.map(({ template }) => template)).length).toBeLessThanOrEqual(200_000);
      const texts = past.map(({ template }) => JSON.stringify(template));
      expect(new Set(texts).size).toBe(texts.length);
      expect(past.map(({ release }) => release)).toEqual(
        past.map(({ release }) => release).sort((a, b) => b - a),
      );
    }),
  );
});

test('beside a good release, or one on its way by stages, that fills the item nothing more is remembered', () => {
  const good = templateOf('good', 65_000);
  const large = AppTemplate.parse({
    image: 'large',
    files: [1, 2].map((n) => ({ path: `/f${n}`, content: 'x'.repeat(65_000) })),
  });
  expect(remembered([], { release: 2, template: large, until: UNTIL }, [large, good])).toEqual([]);
  const small = { release: 2, template: templateOf('small', 30_000), until: UNTIL };
  expect(remembered([], small, [templateOf('newest'), good, good])).toEqual([small]);
  expect(remembered([], small, [templateOf('newest'), good, large])).toEqual([]);
});
