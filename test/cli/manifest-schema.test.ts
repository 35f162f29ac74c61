/** `isthmus schema` knows every kind that a manifest can be of, and asks for no more of it than `apply` does. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { manifestSchema } from '../../cli/manifest-schema.ts';
import { MANIFEST_KINDS } from '../../cli/resource/kinds.ts';

const Form = z.looseObject({
  properties: z.looseObject({
    kind: z.looseObject({ const: z.string() }),
    metadata: z.looseObject({ required: z.array(z.string()) }),
    spec: z.looseObject({ $ref: z.string().optional(), required: z.array(z.string()).optional() }),
  }),
  required: z.array(z.string()),
});

test('every kind of manifest is in the schema once, a service with its site, a cluster without', () => {
  const { anyOf, definitions } = z
    .looseObject({ anyOf: z.array(Form), definitions: z.looseObject({}) })
    .parse(manifestSchema());
  const of = (name: string) => anyOf.find(({ properties }) => properties.kind.const === name);
  expect(anyOf.map(({ properties }) => properties.kind.const)).toEqual(MANIFEST_KINDS);
  expect(of('service')?.properties.metadata.required).toEqual(['name', 'site']);
  expect(of('app')?.required).toEqual(['metadata', 'spec']);
  expect(of('site')?.required).toEqual(['kind', 'metadata', 'spec']);
  expect(of('cluster')?.properties.spec.required ?? []).toEqual([]);
  for (const { properties } of anyOf)
    if (properties.spec.$ref !== undefined)
      expect(Object.keys(definitions)).toContain(properties.spec.$ref.replace('#/definitions/', ''));
});
