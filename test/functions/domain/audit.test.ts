/** What an audit entry tells of a change: all of it that is no secret, within its bound, whatever the change is. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { differencesOf } from '../../../functions/domain/audit.ts';
import type { Json } from '../../../protocol/canonical.ts';

describe('differences', () => {
  test.each<[string, Json | undefined, Json | undefined, object[]]>([
    ['a value', { a: 1, b: 2 }, { a: 1, b: 3 }, [{ path: '/b', before: '2', after: '3' }]],
    ['what comes', { a: 1 }, { a: 1, b: 'x' }, [{ path: '/b', after: '"x"' }]],
    ['what goes', { a: { b: true } }, { a: {} }, [{ path: '/a/b', before: 'true' }]],
    ['a whole', undefined, { a: 1 }, [{ path: '/a', after: '1' }]],
    ['its end', { a: 1 }, undefined, [{ path: '/a', before: '1' }]],
    ['a plain list as one', { a: [1, 2] }, { a: [2] }, [{ path: '/a', before: '[1,2]', after: '[2]' }]],
    ['a list of things', { a: [{ b: 1 }] }, { a: [{ b: 2 }] }, [{ path: '/a/0/b', before: '1', after: '2' }]],
    ['another shape', { a: { b: 1 } }, { a: 'x' }, [{ path: '/a', before: '{"b":1}', after: '"x"' }]],
    ['strange names', { 'a/b~c': 1 }, {}, [{ path: '/a~1b~0c', before: '1' }]],
    ['nothing', { a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }, []],
  ])('tell %s', (_, before, after, changes) => {
    expect(differencesOf(before, after)).toEqual({ changes, omitted: 0 });
  });

  test.each([
    ['variables', { environment: { LEVEL: 'S3CRET' } }],
    ['contents of files', { files: [{ path: '/etc/x', content: 'S3CRET' }] }],
    ['command lines', { command: ['run', '--password', 'S3CRET'], arguments: ['S3CRET'] }],
    ['what is called a secret', { a: { dbPassword: 'S3CRET', apiToken: 'S3CRET' } }],
    ['what lies deep', { a: { b: { c: { d: { e: { f: { g: { password: 'S3CRET' } } } } } } } }],
    ['what is in a list of mixed things', { a: [1, { token: 'S3CRET' }] }],
  ])('hide %s', (_, spec) => {
    expect(JSON.stringify(differencesOf(undefined, spec))).not.toContain('S3CRET');
    expect(JSON.stringify(differencesOf(undefined, spec))).toContain('(hidden)');
    expect(JSON.stringify(differencesOf(spec, {}))).not.toContain('S3CRET');
  });

  test('tell what is empty too: when it comes, goes or is of the other kind', () => {
    expect(differencesOf({}, { hosts: {} }).changes).toEqual([{ path: '/hosts', after: '{}' }]);
    expect(differencesOf({ hosts: [] }, {}).changes).toEqual([{ path: '/hosts', before: '[]' }]);
    expect(differencesOf({ '0': 1 }, [1]).changes).toEqual([{ path: '', before: '{"0":1}', after: '[1]' }]);
    expect(differencesOf([], {}).changes).toEqual([{ path: '', before: '[]', after: '{}' }]);
  });

  test('stay within their bound and count what they leave out', () => {
    const json: fc.Arbitrary<Json> = fc
      .jsonValue({ maxDepth: 4 })
      .map((value) =>
        JSON.parse(
          JSON.stringify(value, (_, one: unknown) => (typeof one === 'number' ? Math.trunc(one % 1e9) : one)),
        ),
      );
    fc.assert(
      fc.property(json, json, (before, after) => {
        const { changes, omitted } = differencesOf(before, after);
        const size = changes.reduce(
          (sum, one) => sum + one.path.length + (one.before ?? '').length + (one.after ?? '').length,
          0,
        );
        expect(size).toBeLessThanOrEqual(1_000);
        expect(changes.length + omitted === 0).toBe(
          JSON.stringify(sorted(before)) === JSON.stringify(sorted(after)),
        );
      }),
      { numRuns: 1_000 },
    );
    const many = Object.fromEntries(
      Array.from({ length: 500 }, (_, index) => [`name${index}`, 'x'.repeat(500)]),
    );
    const { changes, omitted } = differencesOf({}, many);
    expect(changes.length).toBeGreaterThan(3);
    expect(changes.length + omitted).toBe(500);
  });
});

function sorted(value: Json): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? 0 : value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, sorted(member ?? null)]),
  );
}
