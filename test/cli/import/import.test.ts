/** Importing: whole manifests of realistic sources, read back as `isthmus apply` reads them; and the law that nothing is dropped in silence. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { type Imported, importFile, manifestText, noteText, systemOf } from '../../../cli/import/import.ts';
import type { Note } from '../../../cli/import/source.ts';
import { openSource } from '../../../cli/import/source.ts';
import { apply } from '../../../cli/manifest.ts';
import { manifestSchema } from '../../../cli/manifest-schema.ts';
import { AppSpec } from '../../../protocol/app.ts';
import { BESIDE, COMPOSE, KUBERNETES, MARATHON } from './sources.ts';

type Made = Extract<Imported, { kind: 'made' }>;

function made(text: string): Made {
  const result = importFile({ name: 'source', text, readText: (path) => BESIDE[path] });
  if (result.kind === 'fault') throw new Error(result.message);
  return result;
}

/** What `isthmus apply` would send of a manifest. */
async function sent(text: string): Promise<unknown> {
  const bodies: unknown[] = [];
  const refuse = () => Promise.reject(new Error('not asked'));
  const api = {
    tenant: async () => 'acme',
    find: async () => undefined,
    post: (_address: object, _schema: unknown, body: unknown) => {
      bodies.push(body);
      return refuse();
    },
    get: refuse,
    put: refuse,
    remove: refuse,
    list: refuse,
    told: refuse,
  };
  await apply(api, text).catch(() => undefined);
  return bodies[0];
}

describe.each([
  ['compose', COMPOSE],
  ['marathon', MARATHON],
  ['kubernetes', KUBERNETES],
])('%s', (system, text) => {
  test('is told by its content', () => {
    const source = openSource('source', text);
    expect(typeof source === 'string' ? source : systemOf(source.roots)).toBe(system);
  });

  test('becomes these manifests, with what could not be carried over at their heads', async () => {
    const { apps, notes } = made(text);
    const manifests = apps.map((app) => manifestText(app, notes)).join('---\n');
    await expect(manifests).toMatchFileSnapshot(`${system}.golden.yaml`);
  });

  test('its manifests are what apply takes', async () => {
    const { apps, notes } = made(text);
    expect(apps.length).toBeGreaterThan(0);
    for (const app of apps) {
      const body = z
        .object({ metadata: z.object({ name: z.literal(app.name) }), spec: AppSpec })
        .parse(await sent(manifestText(app, notes)));
      expect(body.spec).toEqual(AppSpec.parse(app.spec));
    }
  });

  test('a field that nobody knows is reported, wherever it stands', () => {
    const documents = text.split('\n---\n').map((one): unknown => parse(one, { merge: true }));
    const places = documents.flatMap((one, index) => mappingsIn(one, [index]));
    fc.assert(
      fc.property(
        fc.constantFrom(...places),
        fc.stringMatching(/^[a-w][a-z]{3,8}Zq$/),
        fc.constantFrom(1, 'text', true, [], [1], {}, { deep: { er: 1 } }),
        (place, key, value) => {
          const [index = 0, ...path] = place;
          const changed = documents.map((one, at) =>
            at === index ? withField(one, path, { key, value }) : one,
          );
          const result = made(changed.map((one) => JSON.stringify(one)).join('\n---\n'));
          expect(isAccounted([...place, key], key, result)).toBe(true);
          for (const { spec } of result.apps) AppSpec.parse(spec);
        },
      ),
      { numRuns: 300 },
    );
  });
});

const Mapping = z.record(z.string(), z.unknown());
type Path = readonly (string | number)[];

function mappingsIn(value: unknown, path: Path): Path[] {
  if (Array.isArray(value)) return value.flatMap((one, index) => mappingsIn(one, [...path, index]));
  const mapping = Mapping.safeParse(value).data;
  if (mapping === undefined) return [];
  return [path, ...Object.entries(mapping).flatMap(([key, one]) => mappingsIn(one, [...path, key]))];
}

function withField(value: unknown, path: Path, field: { key: string; value: unknown }): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return { ...Mapping.parse(value), [field.key]: field.value };
  if (Array.isArray(value))
    return value.map((one, index) => (index === first ? withField(one, rest, field) : one));
  const mapping = Mapping.parse(value);
  return { ...mapping, [first]: withField(mapping[first], rest, field) };
}

/** Said of it, of a part of it, or of all that it stands in; or carried: its name stands in a manifest. */
function isAccounted(path: Path, key: string, { apps, notes }: Made): boolean {
  const covers = (note: Note) =>
    note.path.slice(0, path.length).every((one, index) => String(one) === String(path[index]));
  const isSaid = notes.some((note) => covers(note) && note.kind !== 'changed');
  return (
    isSaid ||
    isSelector(path) ||
    JSON.stringify(apps).includes(key) ||
    apps.some(({ name }) => name === key.toLowerCase())
  );
}

/** What chooses pods is a question, and has no field that is unknown: with another label it means another app, which is said of the object. */
function isSelector(path: Path): boolean {
  return path.some((one) => ['selector', 'matchLabels', 'labelSelector'].includes(String(one)));
}

test.each(['services: { a: { build: . } }', '{"id": "/a", "instances": 2}'])(
  'what has no image is no app: %s',
  (text) => {
    const { apps, notes } = made(text);
    expect(apps).toEqual([]);
    expect(notes.map(noteText).join('\n')).toContain('No manifest is made of it. image');
  },
);

test('what the protocol refuses is dropped and said, and the rest stays', () => {
  const { apps, notes } = made(
    'services: { a: { image: i, environment: { "a.b": 1, OK: 2 }, stop_grace_period: 9h } }',
  );
  expect(apps[0]?.spec).toEqual({ image: 'i', environment: { OK: '2' } });
  expect(notes.map(({ at }) => at)).toEqual([
    'source:1: services.a.environment.a.b',
    'source:1: services.a.stop_grace_period',
  ]);
});

test('variables of Compose are carried as they stand, and said', () => {
  const { apps, notes } = made('services: { a: { image: "i:${TAG}" } }');
  expect(apps[0]?.spec['image']).toBe('i:${TAG}');
  expect(notes.map(({ at, kind }) => [at, kind])).toEqual([['source:1: services.a.image', 'lost']]);
});

test('two names that become one are told apart', () => {
  const { apps } = made('services: { Web_1: { image: i }, web-1: { image: j } }');
  expect(apps.map(({ name }) => name)).toEqual(['web-1', 'web-1-2']);
});

test.each([
  ['a: [', 'source: '],
  ['just text', 'say which by --from'],
])('what is none of them is refused with a reason: %s', (text, message) => {
  const result = importFile({ name: 'source', text, readText: () => undefined });
  expect(result.kind === 'fault' && result.message).toContain(message);
});

test('the schema of manifests names every field of an app, and is of the form that editors read', () => {
  const schema = z.looseObject({ $schema: z.string() }).parse(manifestSchema());
  expect(schema.$schema).toContain('draft-07');
  const text = JSON.stringify(schema);
  for (const field of Object.keys(AppSpec.shape)) expect(text).toContain(`"${field}"`);
});
