/** What is in the functions' bundles: each has the clients of AWS that it uses, and at the start loads next to none. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { afterAll, describe, expect, test } from 'vitest';
import { bundleFunction, type FunctionName } from '../../../functions/bundle.ts';

const scratch = mkdtempSync(join(tmpdir(), 'isthmus-bundles-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const made = new Map<FunctionName, Promise<Metafile>>();

/** Each bundle is made once for all tests. */
function bundled(name: FunctionName): Promise<Metafile> {
  const metafile = made.get(name) ?? bundleFunction(name, join(scratch, name));
  made.set(name, metafile);
  return metafile;
}

/** All clients in the bundle, and those that are loaded at the start. */
const CLIENTS: Readonly<Record<FunctionName, { readonly all: string[]; readonly start: string[] }>> = {
  api: { all: ['dynamodb', 's3', 'secrets-manager'], start: [] },
  reconcile: { all: ['dynamodb', 'ec2', 'kms', 's3', 'sqs'], start: [] },
  schedule: { all: ['dynamodb', 'ec2', 'kms', 's3', 'sqs'], start: [] },
  bootstrap: { all: ['dynamodb', 'ec2', 'kms', 'secrets-manager'], start: [] },
  audit: { all: ['dynamodb', 's3'], start: [] },
  resource: { all: ['secrets-manager'], start: [] },
};

type Outputs = Metafile['outputs'];

function clientsIn(outputs: readonly (Outputs[string] | undefined)[]): string[] {
  const inputs = outputs.flatMap((output) =>
    Object.entries(output?.inputs ?? {}).flatMap(([path, { bytesInOutput }]) =>
      bytesInOutput > 0 ? [path] : [],
    ),
  );
  const names = inputs.flatMap((path) => /@aws-sdk\/client-([a-z0-9-]+)\//.exec(path)?.[1] ?? []);
  return [...new Set(names)].sort();
}

/** The entry, and all that it imports other than lazily. */
function startOf(outputs: Outputs): Outputs[string][] {
  const loaded = new Set(Object.keys(outputs).filter((path) => path.endsWith('/index.mjs')));
  for (const path of loaded)
    for (const imported of outputs[path]?.imports ?? [])
      if (imported.kind === 'import-statement' && imported.external !== true) loaded.add(imported.path);
  return [...loaded].flatMap((path) => outputs[path] ?? []);
}

describe.each(Object.entries(CLIENTS))('the bundle of %s', (name, wanted) => {
  test('has no client of AWS that it does not use, and loads the others when it uses them', async () => {
    // The table above has the names of all functions.
    const { outputs } = await bundled(name as FunctionName);
    expect(clientsIn(Object.values(outputs))).toEqual(wanted.all);
    expect(clientsIn(startOf(outputs))).toEqual(wanted.start);
  });
});

test('what the API loads at the start is less than a megabyte, and writes no OpenAPI document', async () => {
  const { outputs } = await bundled('api');
  const start = startOf(outputs);
  expect(start.reduce((bytes, output) => bytes + output.bytes, 0)).toBeLessThan(1_000_000);
  const inputs = Object.values(outputs).flatMap((output) => Object.keys(output.inputs));
  expect(inputs.filter((path) => path.includes('zod-to-openapi'))).toEqual([]);
});

test('the same source makes the same bundle', async () => {
  const directory = join(scratch, 'schedule');
  const { outputs } = await bundled('schedule');
  const bytes = readBundle(directory);
  expect(await bundleFunction('schedule', directory)).toMatchObject({ outputs });
  expect(readBundle(directory)).toEqual(bytes);
});

/** Its files by name. */
function readBundle(directory: string): Record<string, string> {
  const names = readdirSync(directory).sort();
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(directory, name), 'utf8')]));
}
