/** `isthmus` as a person runs it, against the real local control plane over HTTPS with an authority of its own. */
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ControlPlane, startControlPlane } from '../../local/control-plane.ts';
import { browse } from '../fakes/browser.ts';
import { type IdentityProvider, startIdentityProvider } from '../fakes/identity-provider.ts';

const MAIN = new URL('../../cli/main.ts', import.meta.url).pathname;
const directory = mkdtempSync(join(tmpdir(), 'cli-'));
let controlPlane: ControlPlane;
let provider: IdentityProvider;

beforeAll(async () => {
  provider = await startIdentityProvider();
  const issuers = join(directory, 'issuers.json');
  writeFileSync(issuers, JSON.stringify([provider.trusted]));
  controlPlane = await startControlPlane(
    {
      state: join(directory, 'state'),
      listen: [{ host: '127.0.0.1', port: 0 }],
      name: [],
      pool: ['100.64.0.0/10'],
      issuers,
    },
    { log: () => undefined, environment: {} },
  );
});

afterAll(async () => {
  await controlPlane?.close();
  await provider?.close();
  rmSync(directory, { recursive: true, force: true });
});

interface Ran {
  readonly out: string;
  readonly said: string;
  readonly code: number;
}

function isthmus(...words: string[]): Promise<Ran> {
  return runIn(
    {
      ...{ PATH: process.env['PATH'], HOME: directory, ISTHMUS_TENANT: 'acme' },
      ...{ ISTHMUS_URL: controlPlane.listening[0], ISTHMUS_KEY: controlPlane.adminKey },
      ISTHMUS_CA: controlPlane.authorityFile,
    },
    words,
  );
}

function runIn(env: NodeJS.ProcessEnv, words: readonly string[]): Promise<Ran> {
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

test('a person signs in by a browser, keeps no key, is told what is missing, and signs out', async () => {
  const home = mkdtempSync(join(directory, 'ada-'));
  const environment = { PATH: process.env['PATH'], HOME: home };
  const as = (...words: string[]) => runIn(environment, words);
  const url = controlPlane.listening[0] ?? '';
  const ca = controlPlane.authorityFile ?? '';
  const asking = spawn(process.execPath, [MAIN, 'login', '--url', url, '--ca', ca], { env: environment });
  let said = '';
  const ended = new Promise((resolve) => asking.on('close', resolve));
  const page = new Promise<string>((resolve) =>
    asking.stderr.on('data', (chunk) => {
      said += String(chunk);
      const [found] = /http\S+user_code=\S+/.exec(said) ?? [];
      if (found !== undefined) resolve(found);
    }),
  );
  await browse(await page, { login: 'ada' });
  expect(await ended).toBe(0);
  expect(said).toContain(`Nobody has given you a role yet. You are ada of ${provider.issuer}.`);
  expect(readFileSync(join(home, '.config/isthmus/profile.json'), 'utf8')).not.toMatch(/key|token/i);
  const file = join(home, 'binding.json');
  const who = { kind: 'person', issuer: provider.issuer, subject: 'ada' };
  writeFileSync(
    file,
    JSON.stringify({ kind: 'binding', metadata: { name: 'ada' }, spec: { role: 'viewer', who } }),
  );
  expect(await isthmus('apply', '-f', file)).toMatchObject({ code: 0, out: 'binding ada created' });
  expect((await as('whoami')).out).toMatch(/Ada +acme +viewer$/);
  expect(await as('get', 'sites', '-o', 'name')).toMatchObject({ code: 0 });
  expect((await as('delete', 'tenant', 'acme')).code).toBe(4);
  expect((await as('logout')).out).toBe('logged out');
  expect(existsSync(join(home, '.config/isthmus/sign-in.json'))).toBe(false);
  expect(await as('whoami')).toMatchObject({ code: 2, said: expect.stringContaining('isthmus login') });
}, 60_000);
