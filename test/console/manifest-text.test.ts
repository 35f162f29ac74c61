/** Manifests as text: written and read again they are the same, and what is wrong is told by its place. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { changesBetween, EXAMPLE, manifestText, readManifest } from '../../console/manifest-text.ts';
import { AppSpec } from '../../protocol/app.ts';

const text = fc.string({ maxLength: 253, unit: 'grapheme' });
const spec = fc
  .record({
    image: text.filter((one) => one !== ''),
    replicas: fc.nat({ max: 9 }),
    environment: fc.dictionary(fc.stringMatching(/^[A-Z_]{1,8}$/), text),
    command: fc.array(text, { maxLength: 3 }),
  })
  .map((some) => AppSpec.parse(some));

test('a manifest that is written is read as it was, whatever stands in it', () => {
  fc.assert(
    fc.property(spec, (one) => {
      const read = readManifest(manifestText('web', one));
      expect(read).toEqual({ kind: 'good', name: 'web', spec: JSON.parse(JSON.stringify(one)) });
      expect(changesBetween(one, one).every(({ mark }) => mark === ' ')).toBe(true);
    }),
  );
});

test('the example is a manifest, and what it leaves out is no change', () => {
  const read = readManifest(EXAMPLE);
  if (read.kind !== 'good') throw new Error(read.wrong.join('\n'));
  const same = readManifest('metadata: {name: web}\nspec: {image: registry.example.net/web:1.0}');
  if (same.kind !== 'good') throw new Error(same.wrong.join('\n'));
  expect(changesBetween(read.spec, same.spec).filter(({ mark }) => mark !== ' ')).toEqual([]);
});

test.each([
  ['{', /./],
  ['kind: policy\nmetadata: {name: a}\nspec: {}', /^\/kind: app, not policy$/],
  ['metadata: {name: web}\nspec: {image: a, replica: 1}', /^\/spec: .*replica/],
  ['metadata: {name: Web}\nspec: {image: a}', /^\/metadata\/name: /],
  ['a: *b', /alias/],
  ['- 1', /^\/: /],
  ['', /^\/: /],
])('what is no manifest is told by its place: %j', (wrong, expected) => {
  const read = readManifest(wrong);
  expect(read.kind === 'wrong' ? read.wrong[0] : read).toMatch(expected);
});
