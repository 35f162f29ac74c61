/** Laws of the pure parts: a path finds what it names, a difference holds both texts, and documents come out as they went in. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { differenceOf, differenceText } from '../../../cli/resource/difference.ts';
import { renderTemplate, valuesAt } from '../../../cli/resource/jsonpath.ts';
import { documentsOf, inOrder, readManifests } from '../../../cli/resource/manifests.ts';

interface Found {
  readonly path: string;
  readonly value: unknown;
}

/** Every place in a value, with the path that names it. */
function placesOf(value: unknown, path = '$'): Found[] {
  if (value === null || typeof value !== 'object') return [{ path, value }];
  const inner = Array.isArray(value)
    ? value.flatMap((one, index) => placesOf(one, `${path}[${index}]`))
    : Object.entries(value).flatMap(([name, one]) => placesOf(one, `${path}[${JSON.stringify(name)}]`));
  return [{ path, value }, ...inner];
}

describe('a JSONPath', () => {
  test('finds what stands at its place, whatever the fields are called', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        for (const place of placesOf(value)) expect(valuesAt(place.path, value)).toEqual([place.value]);
      }),
    );
  });

  test.each([
    ['{.items[*].metadata.name}', 'a b'],
    ['.items[-1].metadata.name', 'b'],
    ['{range .items[*]}{.metadata.name}={.n}{"\\n"}{end}', 'a=1\nb=2\n'],
    ["{.items[0]['metadata']}", '{"name":"a"}'],
    ['{.nothing.there}', ''],
    ['{.items[5].n}!', '!'],
    ['{.items.constructor}{.__proto__}', ''],
  ])('%s', (template, text) => {
    const value = {
      items: [
        { metadata: { name: 'a' }, n: 1 },
        { metadata: { name: 'b' }, n: 2 },
      ],
    };
    expect(renderTemplate(template, value)).toBe(text);
  });

  test.each(['{.a', '{range .a}x', '{.a[}', '{.a b}', '{end}}', '{end}', '{"x}'])(
    'that is none is wrong usage: %s',
    (template) => {
      expect(() => renderTemplate(template, {})).toThrow(/This JSONPath can't be read/);
    },
  );
});

describe('a difference', () => {
  const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 24 });

  test('holds both texts, and no more changes than a longest common subsequence needs', () => {
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const found = differenceOf(before, after);
        const of = (other: string) => found.filter(({ mark }) => mark !== other).map(({ text }) => text);
        expect([of('+'), of('-')]).toEqual([before, after]);
        expect(found.filter(({ mark }) => mark === ' ')).toHaveLength(commonOf(before, after));
      }),
    );
  });

  test('of equal texts is empty, and a change is shown with what is around it', () => {
    expect(differenceText(differenceOf(['a', 'b'], ['a', 'b']))).toBe('');
    const many = [...'abcdefghij'];
    expect(differenceText(differenceOf(many, many.with(5, 'X')))).toBe(
      '  c\n  d\n  e\n- f\n+ X\n  g\n  h\n  i',
    );
  });

  /** Slow and plain: by trying. */
  function commonOf(a: readonly string[], b: readonly string[]): number {
    const rows = new Map<string, number>();
    const length = (i: number, j: number): number => {
      if (i === a.length || j === b.length) return 0;
      const key = `${i} ${j}`;
      const known = rows.get(key);
      if (known !== undefined) return known;
      const best = a[i] === b[j] ? 1 + length(i + 1, j + 1) : Math.max(length(i + 1, j), length(i, j + 1));
      rows.set(key, best);
      return best;
    };
    return length(0, 0);
  }
});

describe('manifests', () => {
  const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 });

  test('documents come out as they went in, in their order, from YAML and from JSON', () => {
    fc.assert(
      fc.property(fc.array(object, { minLength: 1, maxLength: 5 }), (documents) => {
        const plain = documents.map((one) => ({ ...one, items: 'no list' }));
        const read = (text: string) => JSON.stringify(documentsOf({ file: 'f', text }));
        // As text, because JSON has no -0, which YAML has.
        const expected = JSON.stringify(plain);
        expect(read(plain.map((one) => stringify(one)).join('---\n'))).toBe(expected);
        expect(read(plain.map((one) => JSON.stringify(one)).join('\n---\n'))).toBe(expected);
        expect(read(JSON.stringify({ items: plain }))).toBe(expected);
      }),
    );
  });

  test('empty documents are none, and what needs another comes after it', () => {
    const text = [
      '# nothing',
      '---',
      'kind: policy\nmetadata: { name: p }\nspec: {}',
      '---',
      'kind: service\nmetadata: { name: s, site: berlin }\nspec: {}',
      '---',
      'metadata: { name: a }',
      '---',
      'kind: sites\nmetadata: { name: berlin }',
    ].join('\n');
    const read = inOrder(readManifests([{ file: 'all.yaml', text }]));
    expect(read.map(({ kind, name, place }) => `${kind.name} ${name}: ${place}`)).toEqual([
      'site berlin: all.yaml, document 4',
      'service s: all.yaml, document 2',
      'app a: all.yaml, document 3',
      'policy p: all.yaml, document 1',
    ]);
  });

  test.each([
    ['kind: edge\nmetadata: { name: a }', 'kind: edge is none of them'],
    ['kind: nonsense\nmetadata: { name: a }', 'kind: nonsense is none of them'],
    ['kind: service\nmetadata: { name: a }', 'metadata.site: a service is of a site'],
    ['spec: {}', 'metadata'],
    ['a: b: c', 'at line 1, column'],
  ])('a wrong one is told with its file: %s', (text, message) => {
    const good = { file: 'good.yaml', text: 'metadata: { name: a }' };
    expect(() => readManifests([good, { file: 'bad.yaml', text }])).toThrow(/^bad\.yaml: /);
    expect(() => readManifests([good, { file: 'bad.yaml', text }])).toThrow(message);
  });
});
