/** Objects and versions as they are kept: the server's own text, any version in the window, pages, selections. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keep, readListPage, readWatchLine, withVersion } from '../../../edge-agent/relief/kept.ts';
import { pageOf, parseTokenText, tokenText } from '../../../edge-agent/relief/pages.ts';
import { elementsAt, membersAt } from '../../../edge-agent/relief/scan.ts';
import { seenOf } from '../../../edge-agent/relief/selection.ts';
import { parseLabelSelector } from '../../../edge-agent/relief/selectors.ts';
import { type Change, TypeStore } from '../../../edge-agent/relief/store.ts';
import { listText } from '../../../edge-agent/relief/texts.ts';

const DRESS = {
  prefix: '"kind":"ConfigMap","apiVersion":"v1",',
  kind: 'ConfigMap',
  apiVersion: 'v1',
  columns: '',
};
const same = (text: string) => text;

function object(namespace: string, name: string, version: number) {
  return keep(
    JSON.stringify({
      metadata: { name, namespace, resourceVersion: String(version), labels: { odd: String(version % 2) } },
    }),
    'configmaps',
  );
}

describe('the scanner', () => {
  test('finds every member and element of any JSON, word for word', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.boolean(), (value, isIndented) => {
        const text = isIndented ? JSON.stringify(value, undefined, 2) : JSON.stringify(value);
        const found = membersAt(text, 0).map(({ key, begin, end }) => [
          key,
          JSON.parse(text.slice(begin, end)),
        ]);
        expect(found).toEqual(Object.entries(JSON.parse(text)));
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (value) => {
        const text = JSON.stringify(value);
        const found = elementsAt(text, 0).map(([begin, end]) => JSON.parse(text.slice(begin, end)));
        expect(found).toEqual(JSON.parse(text));
      }),
    );
  });

  test.each(['', '{', '{"a"', '{"a":1', '{"a":"b', '[1', '{"a" 1}', '{"a":[}'])('throws on %s', (text) => {
    expect(() => (text.startsWith('[') ? elementsAt(text, 0) : membersAt(text, 0))).toThrow();
  });
});

describe('an object', () => {
  test('is kept as the server wrote it, numbers and order too', () => {
    const item =
      '{"metadata":{"name":"a","namespace":"n","resourceVersion":"7"},"big":12345678901234567890,"1":1.50}';
    const page = readListPage(
      `{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"9","continue":"x"},"items":[${item}]}`,
      'configmaps',
      same,
    );
    expect(page).toMatchObject({ version: 9, continue: 'x', dress: DRESS });
    const told = { objects: page.items, nowMs: 0 };
    expect(listText(page.dress, { version: 9, continue: '', remaining: undefined }, told)).toBe(
      `{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"9"},"items":[${item}]}\n`,
    );
  });

  test('of an event is the same as of a list', () => {
    const text = '{"metadata":{"name":"a","namespace":"n","resourceVersion":"7"},"data":{"x":"\\"}{"}}';
    const line = `{"type":"ADDED","object":{${DRESS.prefix}${text.slice(1)}}`;
    expect(readWatchLine(line, { resource: 'configmaps', dress: DRESS, copy: same })).toEqual({
      type: 'ADDED',
      object: keep(text, 'configmaps'),
    });
  });

  test('can be told under another version, which is changed nowhere else', () => {
    const kept = keep(
      '{"a":{"resourceVersion":"7"},"metadata":{"resourceVersion":"7","name":"x"}}',
      'widgets',
    );
    expect(withVersion(kept, 1234)).toBe(
      '{"a":{"resourceVersion":"7"},"metadata":{"resourceVersion":"1234","name":"x"}}',
    );
  });

  test.each(['', 'abc', '-1', '01', '1e3'])('with the resource version %s is not kept', (version) => {
    expect(() =>
      keep(JSON.stringify({ metadata: { name: 'x', resourceVersion: version } }), 'widgets'),
    ).toThrow();
  });
});

interface Write {
  readonly name: string;
  readonly isGone: boolean;
  readonly skip: number;
}

const writes = fc.array(
  fc.record({
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    isGone: fc.boolean(),
    skip: fc.integer({ min: 1, max: 3 }),
  }),
  { maxLength: 40 },
);

/** Runs the writes against a store and, beside it, remembers every state whole. */
function run(all: readonly Write[], changesMax = 1_000) {
  const store = new TypeStore(
    { version: 10, objects: [object('n', 'a', 5)] },
    { dress: DRESS, limits: { changesMax, windowBytesMax: 1_000_000 } },
  );
  const states = new Map([[10, ['n/a@5']]]);
  const truth = new Map([['a', 5]]);
  const changes: Change[] = [];
  let version = 10;
  for (const { name, isGone, skip } of all) {
    if (isGone && !truth.has(name)) continue;
    version += skip;
    const type = isGone ? 'DELETED' : truth.has(name) ? 'MODIFIED' : 'ADDED';
    if (isGone) truth.delete(name);
    else truth.set(name, version);
    const change = store.apply(type, object('n', name, version));
    if (change !== undefined) changes.push(change);
    states.set(
      version,
      [...truth].sort().map(([key, at]) => `n/${key}@${at}`),
    );
  }
  return { store, states, changes, version };
}

const textsOf = (
  view: { readonly objects: readonly { readonly key: string; readonly version: number }[] } | undefined,
) => view?.objects.map(({ key, version }) => `${key}@${version}`);

describe('the store', () => {
  test('has every state in its window, and none outside of it', () => {
    fc.assert(
      fc.property(writes, fc.integer({ min: 0, max: 12 }), (all, changesMax) => {
        const { store, states, version } = run(all, changesMax);
        expect(textsOf(store.view())).toEqual(states.get(version));
        for (const [at, state] of states)
          expect(textsOf(store.viewAt(at))).toEqual(at >= store.reachesTo ? state : undefined);
        expect(store.viewAt(version + 1)).toBeUndefined();
        expect(store.viewAt(9)).toBeUndefined();
      }),
    );
  });

  test('a state and the changes after it make the state now', () => {
    fc.assert(
      fc.property(writes, fc.integer({ min: 0, max: 12 }), fc.nat(), (all, changesMax, pick) => {
        const { store, states, version } = run(all, changesMax);
        const versions = [...states.keys()];
        const from = versions[pick % versions.length] ?? 10;
        const changes = store.changesSince(from);
        expect(changes === undefined).toBe(from < store.reachesTo);
        if (changes === undefined) return;
        const state = new Map(store.viewAt(from)?.objects.map((one) => [one.key, one.version]));
        for (const { kind, after } of changes) {
          if (after === undefined) continue;
          expect(state.has(after.key)).toBe(kind !== 'added');
          if (kind === 'deleted') state.delete(after.key);
          else state.set(after.key, after.version);
        }
        expect([...state].sort().map(([key, at]) => `${key}@${at}`)).toEqual(states.get(version));
      }),
    );
  });

  test('a watcher of a selection sees exactly what is in it', () => {
    const selection = { namespace: 'n', labels: parseLabelSelector('odd=1') ?? [], fields: [] };
    fc.assert(
      fc.property(writes, (all) => {
        const { store, changes } = run(all);
        const seen = new Map([['n/a', 5]]);
        for (const change of changes) {
          const event = seenOf(selection, change);
          if (event === undefined) continue;
          expect(seen.has(event.object.key)).toBe(event.type !== 'ADDED');
          if (event.type === 'DELETED') seen.delete(event.object.key);
          else seen.set(event.object.key, event.version);
        }
        const truth = store.view().objects.filter(({ labels }) => labels['odd'] === '1');
        expect([...seen].sort()).toEqual(truth.map(({ key, version }) => [key, version]));
      }),
    );
  });

  test('what it takes in memory goes back when objects and changes go', () => {
    const { store } = run([{ name: 'b', isGone: false, skip: 1 }]);
    const [more, fewer] = [store.bytes, run([]).store.bytes];
    expect(more).toBeGreaterThan(fewer);
    const limited = run(
      Array.from({ length: 200 }, () => ({ name: 'b', isGone: false, skip: 1 })),
      0,
    );
    expect(limited.store.bytes).toBe(object('n', 'a', 5).bytes + object('n', 'b', 210).bytes);
  });

  test('what is known already changes nothing', () => {
    const { store, version } = run([{ name: 'b', isGone: false, skip: 1 }]);
    expect([store.apply('MODIFIED', object('n', 'b', version)), store.version]).toEqual([undefined, version]);
  });

  test('a proof lifts what is listed, not what is watched', () => {
    const { store, version } = run([{ name: 'b', isGone: false, skip: 1 }]);
    store.prove(version + 5);
    expect([store.view().version, store.version]).toEqual([version + 5, version]);
    store.apply('ADDED', object('n', 'c', version + 2));
    expect([store.view().version, textsOf(store.view())]).toEqual([
      version + 2,
      ['n/a@5', 'n/b@11', 'n/c@13'],
    ]);
  });
});

describe('pages', () => {
  test('together they are the list, whatever the limit', () => {
    const names = fc.uniqueArray(
      fc.tuple(fc.constantFrom('a', 'a-b', 'b'), fc.constantFrom('x', 'x-y', 'x.y', 'z')),
      {
        selector: ([namespace, name]) => `${namespace}/${name}`,
      },
    );
    fc.assert(
      fc.property(
        names,
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom('', 'a'),
        (all, limit, namespace) => {
          const objects = all
            .map(([place, name]) => object(place, name, 7))
            .filter((one) => namespace === '' || one.namespace === namespace)
            .sort((one, other) => (one.key < other.key ? -1 : 1));
          const found: string[] = [];
          let from = '';
          for (let page = 0; page <= all.length; page++) {
            const {
              objects: some,
              next,
              remaining,
            } = pageOf(objects, { limit, from, namespace, version: 7 });
            found.push(...some.map(({ key }) => key));
            expect(remaining).toBe(objects.length - found.length);
            if (next === undefined) break;
            from = parseTokenText(tokenText(next))?.from ?? '';
          }
          expect(found).toEqual(objects.map(({ key }) => key));
        },
      ),
    );
  });

  test('the token is the one that the API server gives', () => {
    expect(tokenText({ version: 306, from: 'm2\0' })).toBe(
      Buffer.from(
        'eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MzA2LCJzdGFydCI6Ii9tMlx1MDAwMCJ9',
        'base64url',
      ).toString(),
    );
  });

  test.each([
    '',
    'x',
    '{}',
    '{"v":"meta.k8s.io/v2","rv":1,"start":"a"}',
    '{"v":"meta.k8s.io/v1","rv":0,"start":"a"}',
  ])('the token %s is left to the server', (text) => {
    expect(parseTokenText(text)).toBeUndefined();
  });
});
