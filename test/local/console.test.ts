/** Scenario 16, the console as it is built and served: what is first loaded, which addresses are its own, and what a browser is told about it. */
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { contentSecurityPolicy } from '../../console/headers.ts';
import { type ConsoleFiles, consoleRoutes, makeConsole } from '../../local/console.ts';

const FIRST_LOAD_BYTES_MAX = 250_000;
const BROWSER = { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } };

const made: { files: ConsoleFiles } = { files: { page: '', assets: new Map() } };

beforeAll(async () => {
  made.files = await makeConsole();
});

const routes = () => consoleRoutes(Promise.resolve(made.files));

/** What a browser fetches for any screen: what is imported on demand is not in it. */
function firstLoaded(): Iterable<Buffer> {
  const found = new Map<string, Buffer>();
  const follow = (text: string, pattern: RegExp) => {
    for (const [, name = ''] of text.matchAll(pattern)) {
      const asset = made.files.assets.get(name);
      if (asset === undefined || found.has(name)) continue;
      found.set(name, Buffer.from(asset));
      follow(asset.toString(), /(?:from|import)\s*"\.\/([^"]+\.js)"/g);
    }
  };
  follow(made.files.page, /(?:src|href)="\/assets\/([^"]+)"/g);
  return [Buffer.from(made.files.page), ...found.values()];
}

describe('the build', () => {
  test('has at most 250 kB to load first, packed: the page, what it names, and what that needs before it runs', () => {
    const packed = [...firstLoaded()].map((bytes) => gzipSync(bytes).length);
    const bytes = packed.reduce((sum, length) => sum + length, 0);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThanOrEqual(FIRST_LOAD_BYTES_MAX);
  });

  test('has no script and no style in the page itself (scenario 16), and names only assets that are there', () => {
    expect(made.files.page).not.toMatch(/<style|style=|<script(?![^>]* src=)|\son\w+=/);
    const named = [...made.files.page.matchAll(/(?:src|href)="\/assets\/([^"]+)"/g)].map(([, name]) => name);
    expect(named).toHaveLength(3);
    for (const name of named) expect([...made.files.assets.keys()]).toContain(name);
  });
});

describe('serving', () => {
  test('any address of a screen is answered with the page, under the policy (scenario 16)', async () => {
    for (const path of ['/', '/events', '/tenants/demo', '/tenants/a%2Fb', '/v1nothing']) {
      const answer = await routes().request(path, BROWSER);
      expect([path, answer.status, answer.headers.get('content-security-policy')]).toEqual([
        path,
        200,
        contentSecurityPolicy(),
      ]);
      expect(await answer.text()).toBe(made.files.page);
    }
  });

  test('scenario 16: the page may ask the origins of issuers for tokens, and nobody else', async () => {
    const issuer = 'https://login.example.com';
    const answer = await consoleRoutes(Promise.resolve(made.files), [issuer]).request('/', BROWSER);
    const policy = answer.headers.get('content-security-policy') ?? '';
    expect(policy).toContain(`; connect-src 'self' ${issuer};`);
    expect(policy.replace(` ${issuer}`, '')).toBe(contentSecurityPolicy());
  });

  test('what programs ask is left to others, and so is whatever no browser asks', async () => {
    for (const path of [
      '/v1',
      '/v1/tenants',
      '/openapi.json',
      '/install.sh',
      '/install/agent.mjs',
      '/healthz',
    ])
      expect([path, (await routes().request(path, BROWSER)).status]).toEqual([path, 404]);
    expect((await routes().request('/tenants/demo', { headers: { accept: '*/*' } })).status).toBe(404);
    expect((await routes().request('/', { method: 'POST' })).status).toBe(404);
  });

  test('assets have their type and are kept for long by the hash in their name; others are missing', async () => {
    const script = [...made.files.assets.keys()].find((name) => name.endsWith('.js')) ?? '';
    const answer = await routes().request(`/assets/${script}`);
    expect(answer.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(answer.headers.get('cache-control')).toContain('immutable');
    expect((await routes().request('/assets/index.html')).status).toBe(404);
    expect((await routes().request('/assets/..%2Findex.html', BROWSER)).status).toBe(404);
  });
});
