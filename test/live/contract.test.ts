/**
 * The API against its own document, by somebody else's program: Schemathesis reads `/openapi.json`, asks every operation what is within it and just beside it, and looks whether each
 * answer is one that the document has. No crash, no answer that is not described. Bounded in cases and time, the same cases each time.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { cacheDirectory } from '../../build/cache.ts';
import { type ControlPlane, startControlPlane } from '../../local/control-plane.ts';
import { createApiClient } from './api-client.ts';

/** Of each operation, beside those at the borders of its schema. */
const EXAMPLES = 4;
const RUN_MS_MAX = 400_000;
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
];
/** What paths name is there, so that not all is answered with 404. */
const CONFIG = `
[parameters]
"path.tenant" = "demo"
"path.site" = "berlin"
"path.hub" = "one"
`;

const made: { directory?: string; controlPlane?: ControlPlane } = {};

beforeAll(async () => {
  made.directory = await mkdtemp(join(tmpdir(), 'isthmus-contract-'));
  made.controlPlane = await startControlPlane(
    {
      state: join(made.directory, 'state'),
      listen: [{ host: '127.0.0.1', port: 0 }],
      name: [],
      pool: ['100.64.0.0/10'],
    },
    { log: () => undefined, environment: process.env },
  );
});

afterAll(async () => {
  await made.controlPlane?.close();
  if (made.directory !== undefined) await rm(made.directory, { recursive: true });
});

async function seed(url: string, ca: string, key: string): Promise<void> {
  const api = createApiClient({ url, ca, key });
  const things: [string, object][] = [
    ['/v1/hubs', { metadata: { name: 'one' }, spec: { endpoint: '192.0.2.1:51820' } }],
    ['/v1/tenants', { metadata: { name: 'demo' }, spec: {} }],
    [
      '/v1/tenants/demo/sites',
      { metadata: { name: 'berlin' }, spec: { allotment: ['10.0.0.0/16'], prefixes: ['10.0.0.0/24'] } },
    ],
  ];
  for (const [path, body] of things) {
    const { status } = await api.send('POST', path, { body });
    expect([path, status]).toEqual([path, 201]);
  }
}

interface Ran {
  readonly code: number | null;
  readonly output: string;
}

function run(program: string, words: readonly string[], directory: string): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { cwd: directory, timeout: RUN_MS_MAX });
    const pieces: string[] = [];
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (bytes: Buffer) => pieces.push(bytes.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output: pieces.join('') }));
  });
}

const Counts = z.object({
  generated: z.coerce.number(),
  selected: z.coerce.number(),
  tested: z.coerce.number(),
});

test('every operation answers what its document says, whatever it is asked', async () => {
  const { directory = '', controlPlane } = made;
  const url = controlPlane?.listening[0] ?? '';
  const key = controlPlane?.adminKey ?? '';
  const ca = controlPlane?.authorityFile ?? '';
  await seed(url, await readFile(ca, 'utf8'), key);
  await writeFile(join(directory, 'schemathesis.toml'), CONFIG);
  const program = join(cacheDirectory(process.env), 'schemathesis/bin/schemathesis');
  const { code, output } = await run(
    program,
    [
      ...['run', `${url}/openapi.json`, '--tls-verify', ca, '-H', `Authorization: Bearer ${key}`],
      ...['--checks', CHECKS.join(','), '--phases', 'coverage,fuzzing', '-n', `${EXAMPLES}`],
      ...[
        '--generation-deterministic',
        '--no-shrink',
        '--continue-on-failure',
        '--no-color',
        '--warnings',
        'off',
      ],
    ],
    directory,
  );
  expect(code, output).toBe(0);
  const counts = Counts.parse({
    generated: /(\d+) generated/.exec(output)?.[1],
    selected: /Selected: (\d+)/.exec(output)?.[1],
    tested: /Tested: (\d+)/.exec(output)?.[1],
  });
  expect(counts.tested).toBe(counts.selected);
  expect(counts.tested).toBeGreaterThan(100);
  expect(counts.generated).toBeGreaterThan(5_000);
}, 450_000);
