/** Tables as they are kept: which cells are ages, what they count from, and how rows are told later. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { humanDuration, isAgeOf } from '../../../edge-agent/relief/ages.ts';
import { hasTable, readTableLine, readTablePage } from '../../../edge-agent/relief/rows.ts';
import { canTellRows, withColumns } from '../../../edge-agent/relief/table-texts.ts';
import { eventText, listText, objectText } from '../../../edge-agent/relief/texts.ts';

const CREATED = '2026-01-02T03:04:05Z';
const CREATED_MS = Date.parse(CREATED);
const COLUMNS = JSON.stringify(['Name', 'Restarts', 'Age', 'Node'].map((name) => ({ name, type: 'string' })));
const HEAD = { version: 9, continue: '', remaining: undefined };
const same = (text: string) => text;

interface Pod {
  readonly cells: readonly unknown[];
  readonly status?: object;
}

function rowOf({ cells, status = {} }: Pod, version = '7') {
  const metadata = { name: 'a', namespace: 'n', resourceVersion: version, creationTimestamp: CREATED };
  return { cells, object: { kind: 'Pod', apiVersion: 'v1', metadata, spec: { nodeName: 'n1' }, status } };
}

function page(pods: readonly Pod[], nowMs: number) {
  const rows = pods.map((pod) => rowOf(pod));
  const text = `{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":"9"},"columnDefinitions":${COLUMNS},"rows":${JSON.stringify(rows)}}`;
  return readTablePage(text, { resource: 'pods', nowMs, copy: same });
}

function cellsAt(nowMs: number, pods: readonly Pod[], madeMs: number): unknown {
  const { dress, items } = page(pods, madeMs);
  return JSON.parse(listText(dress, HEAD, { objects: items, nowMs })).rows[0].cells;
}

const restarted = (finishedAt: string, more: object = {}) => ({
  containerStatuses: [{ lastState: { terminated: { finishedAt } } }, { lastState: {} }],
  ...more,
});

describe('a duration for people', () => {
  test.each([
    [-2_500, '<invalid>'],
    [-1_999, '0s'],
    [0, '0s'],
    [119_999, '119s'],
    [120_000, '2m'],
    [599_000, '9m59s'],
    [600_000, '10m'],
    [10_799_000, '179m'],
    [10_800_000, '3h'],
    [10_860_000, '3h1m'],
    [28_800_000, '8h'],
    [172_799_000, '47h'],
    [172_800_000, '2d'],
    [176_400_000, '2d1h'],
    [691_200_000, '8d'],
    [63_071_999_000, '729d'],
    [63_072_000_000, '2y'],
    [63_158_400_000, '2y1d'],
    [252_288_000_000, '8y'],
  ])('of %d ms is %s', (milliseconds, text) => {
    expect(humanDuration(milliseconds)).toBe(text);
  });

  test('is recognized for half a minute, and not for long after', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9_000_000 }), fc.integer({ min: 0, max: 30 }), (age, late) => {
        const text = humanDuration(age);
        expect(isAgeOf(text, 0, age + late * 1_000)).toBe(true);
        expect(isAgeOf(text, 0, age * 2 + 3_600_000)).toBe(false);
      }),
    );
  });
});

describe('a row', () => {
  test('is told with its age as of now, and its object as metadata alone', () => {
    const { dress, items } = page([{ cells: ['a', '0', '5s', '<none>'] }], CREATED_MS + 5_000);
    const text = listText(dress, HEAD, { objects: items, nowMs: CREATED_MS + 3_600_000 });
    expect(text).toBe(
      `{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":"9"},"columnDefinitions":${COLUMNS},"rows":[{"cells":["a","0","60m","<none>"],"object":{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":"a","namespace":"n","resourceVersion":"7","creationTimestamp":"${CREATED}"}}}]}\n`,
    );
    expect(items[0]).toMatchObject({ key: 'n/a', fields: { 'spec.nodeName': 'n1' } });
  });

  test('counts the last restart of a pod from when a container ended last', () => {
    const status = restarted('2026-01-02T03:05:05Z');
    const pod = { cells: ['a', '3 (10s ago)', '70s', 'n1'], status };
    expect(cellsAt(CREATED_MS + 130_000, [pod], CREATED_MS + 70_000)).toEqual([
      'a',
      '3 (70s ago)',
      '2m10s',
      'n1',
    ]);
  });

  test.each<readonly [string, Pod]>([
    ['an age that is not that of the object', { cells: ['a', '0', '9d', 'n1'] }],
    ['a restart that no container tells of', { cells: ['a', '3 (10s ago)', '70s', 'n1'] }],
    [
      'a restart of a pod whose first containers ended as well',
      {
        cells: ['a', '3 (10s ago)', '70s', 'n1'],
        status: restarted('2026-01-02T03:05:05Z', {
          initContainerStatuses: [{ lastState: { terminated: { finishedAt: CREATED } } }],
        }),
      },
    ],
    ['another cell that looks like a time', { cells: ['a', '0', '70s', '12h'] }],
  ])('with %s is told only as it came', (_, pod) => {
    const { items } = page([pod], CREATED_MS + 70_000);
    expect(canTellRows(items)).toBe(false);
  });

  test('is not known by its age if the clock of the server is another', () => {
    const { items } = page([{ cells: ['a', '0', '5s', 'n1'] }], CREATED_MS + 600_000);
    expect(canTellRows(items)).toBe(false);
  });

  test('may be called like a duration', () => {
    expect(canTellRows(page([{ cells: ['5m', '0', '5s', 'n1'] }], CREATED_MS + 5_000).items)).toBe(true);
  });

  test('of a get stands in a table of its own version', () => {
    const { dress, items } = page([{ cells: ['a', '0', '5s', 'n1'] }], CREATED_MS + 5_000);
    const [item] = items;
    const told = JSON.parse(item === undefined ? '' : objectText(dress, item, CREATED_MS + 6_000));
    expect([told.metadata, told.rows[0].cells[2]]).toEqual([{ resourceVersion: '7' }, '6s']);
  });
});

describe('an event', () => {
  const line = (row: object) =>
    JSON.stringify({
      type: 'MODIFIED',
      object: { kind: 'Table', metadata: { resourceVersion: '8' }, columnDefinitions: null, rows: [row] },
    });
  const reading = { resource: 'pods', nowMs: CREATED_MS + 5_000, copy: same };
  const { dress } = page([], CREATED_MS);

  test('is told under its version, with columns in the first alone', () => {
    const event = readTableLine(line(rowOf({ cells: ['a', '0', '5s', 'n1'] }, '8')), { ...reading, dress });
    if (event?.type !== 'MODIFIED') throw new Error('no event');
    const seen = { type: 'DELETED' as const, object: event.object, version: 12 };
    const told = eventText(dress, seen, CREATED_MS + 65_000);
    const { type, object } = JSON.parse(told);
    expect([type, object.metadata, object.columnDefinitions]).toEqual([
      'DELETED',
      { resourceVersion: '12' },
      null,
    ]);
    expect([object.rows[0].cells[2], object.rows[0].object.metadata.resourceVersion]).toEqual(['65s', '12']);
    const [first = '', second = ''] = withColumns(told + told, dress).split('\n');
    expect(JSON.parse(first).object.columnDefinitions).toHaveLength(4);
    expect(JSON.parse(second).object.columnDefinitions).toBeNull();
  });

  test('of a bookmark is none of a table', () => {
    expect(readTableLine('{"type":"BOOKMARK","object":{}}', { ...reading, dress })).toBeUndefined();
  });
});

test.each([
  ['', 'pods', true],
  ['apps', 'deployments', true],
  ['batch', 'jobs', false],
  ['', 'events', false],
  ['example.dev', 'pods', false],
])('tables of %s %s: %s', (group, resource, expected) => {
  expect(hasTable({ group, resource })).toBe(expected);
});
