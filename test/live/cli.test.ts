/** `isthmus` as a person runs it, against the real local control plane over HTTPS with an authority of its own. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ControlPlane, startControlPlane } from '../../local/control-plane.ts';

const MAIN = new URL('../../cli/main.ts', import.meta.url).pathname;
const directory = mkdtempSync(join(tmpdir(), 'cli-'));
let controlPlane: ControlPlane;

beforeAll(async () => {
  controlPlane = await startControlPlane(
    {
      state: join(directory, 'state'),
      listen: [{ host: '127.0.0.1', port: 0 }],
      name: [],
      pool: ['100.64.0.0/10'],
    },
    { log: () => undefined, environment: {} },
  );
});

afterAll(async () => {
  await controlPlane?.close();
  rmSync(directory, { recursive: true, force: true });
});

function isthmus(...words: string[]): Promise<{ out: string; said: string; code: number }> {
  const env = {
    ...{ PATH: process.env['PATH'], HOME: directory, ISTHMUS_TENANT: 'acme' },
    ...{ ISTHMUS_URL: controlPlane.listening[0], ISTHMUS_KEY: controlPlane.adminKey },
    ISTHMUS_CA: controlPlane.authorityFile,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...words], { env }, (error, out, said) => {
      const code = error === null ? 0 : Number(error.code ?? 1);
      resolve({ out: out.trimEnd(), said: said.trimEnd(), code });
    });
  });
}

test('a directory becomes an estate, is shown, differs in nothing, and is deleted', async () => {
  const file = join(directory, 'estate.yaml');
  writeFileSync(
    file,
    `kind: site
metadata: { name: berlin }
spec: { allotment: [10.1.0.0/16], prefixes: [10.1.0.0/24] }
---
kind: tenant
metadata: { name: acme }
spec: {}
`,
  );
  expect(await isthmus('apply', '-f', file)).toEqual({
    out: 'tenant acme created\nsite berlin created',
    said: '',
    code: 0,
  });
  expect((await isthmus('get', 'sites', '-o', 'name')).out).toBe('site/berlin');
  expect(await isthmus('diff', '-f', file)).toEqual({ out: '', said: '', code: 0 });
  expect((await isthmus('get', 'site', 'paris')).code).toBe(3);
  expect((await isthmus('delete', 'site', 'berlin')).out).toBe('site berlin is being deleted');
});
