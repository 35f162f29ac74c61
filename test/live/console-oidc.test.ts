/** Scenario 16, signing in: to the console at a real OpenID provider, in a real Chromium: the way there and back, what is kept, and answers that belong to nobody here. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ControlPlane, startControlPlane } from '../../local/control-plane.ts';
import { Binding } from '../../protocol/binding.ts';
import { Tenant } from '../../protocol/tenant.ts';
import { type IdentityProvider, startIdentityProvider } from '../fakes/identity-provider.ts';
import { type ApiClient, createApiClient } from './api-client.ts';
import { keepScreenshot, openBrowser, openPage, seriousViolations, type Watched } from './browser.ts';

interface Stage {
  readonly provider: IdentityProvider;
  readonly controlPlane: ControlPlane;
  readonly api: ApiClient;
  readonly browser: Browser;
  readonly url: string;
}
const made: { stage?: Stage; directory?: string } = {};
const stage = (): Stage => made.stage ?? expect.fail('the control plane did not start');

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'isthmus-console-oidc-'));
  made.directory = directory;
  const provider = await startIdentityProvider();
  const issuers = join(directory, 'issuers.json');
  await writeFile(issuers, JSON.stringify([provider.trusted]));
  const controlPlane = await startControlPlane(
    {
      state: join(directory, 'state'),
      listen: [{ host: '127.0.0.1', port: 0 }],
      name: [],
      pool: ['100.64.0.0/10'],
      issuers,
    },
    { log: () => undefined, environment: process.env },
  );
  const url = controlPlane.listening[0] ?? '';
  provider.allow(`${url}/signed-in`);
  const ca = await readFile(controlPlane.authorityFile ?? '', 'utf8');
  const api = createApiClient({ url, ca, key: controlPlane.adminKey ?? '' });
  made.stage = { provider, controlPlane, api, browser: await openBrowser(), url };
  for (const name of ['acme', 'umbrella', 'zeta'])
    await api.create('/v1/tenants', { metadata: { name }, spec: {} }, Tenant);
  for (const tenant of ['acme', 'umbrella'])
    await api.create(
      `/v1/tenants/${tenant}/bindings`,
      {
        metadata: { name: 'ops' },
        spec: { role: 'operator', who: { kind: 'group', issuer: provider.issuer, group: 'ops' } },
      },
      Binding,
    );
});

afterAll(async () => {
  await made.stage?.browser.close();
  await made.stage?.controlPlane.close();
  await made.stage?.provider.close();
  if (made.directory !== undefined) await rm(made.directory, { recursive: true });
});

async function visit(steps: (watched: Watched) => Promise<void>) {
  const watched = await openPage(stage().browser);
  try {
    await steps(watched);
    expect(watched.complaints).toEqual([]);
  } finally {
    await watched.page.context().close();
  }
}

/** To the provider, and through its forms, as this person. */
async function signIn(page: Page, login: string, path = '/') {
  await page.goto(`${stage().url}${path}`);
  await page.getByRole('button', { name: 'Sign in with 127.0.0.1' }).click();
  await page.locator('input[name=login]').fill(login);
  await page.locator('input[name=password]').fill('any');
  await page.locator('button[type=submit]').click();
  await page.getByRole('button', { name: 'Continue' }).click();
}

test('a person comes back signed in to where she was, with what her groups may see', async () => {
  await visit(async ({ page }) => {
    await page.goto(stage().url);
    await page.getByRole('button', { name: 'Sign in with 127.0.0.1' }).waitFor();
    await keepScreenshot(page, 'sign-in-providers');
    expect(await seriousViolations(page)).toEqual([]);
    await signIn(page, 'ada', '/events');
    await page.locator('.bar', { hasText: 'Ada' }).waitFor();
    expect(page.url()).toBe(`${stage().url}/events`);
    await page.getByRole('link', { name: 'Home' }).click();
    for (const tenant of ['acme', 'umbrella'])
      await page.locator('.isolation', { hasText: tenant }).waitFor();
    expect(await page.locator('.isolation', { hasText: 'zeta' }).count()).toBe(0);
  });
});

test('the token is in this tab alone, and nothing of the way there is left', async () => {
  await visit(async ({ page }) => {
    await signIn(page, 'ada');
    await page.locator('.bar').waitFor();
    expect(await page.evaluate('Object.keys(sessionStorage)')).toEqual(['isthmus.key']);
    expect(await page.evaluate('[localStorage.length, document.cookie]')).toEqual([0, '']);
    expect(await page.evaluate('performance.getEntriesByType("navigation").length')).toBe(1);
    await page.getByRole('button', { name: 'Sign out' }).click();
    expect(await page.evaluate('sessionStorage.length')).toBe(0);
  });
});

test('whom no binding names learns what to ask for, and is in once there is one', async () => {
  await visit(async ({ page }) => {
    await signIn(page, 'bob');
    await page.getByRole('heading', { name: 'have no role yet' }).waitFor();
    await page.getByText('"subject": "bob"').waitFor();
    await keepScreenshot(page, 'sign-in-without-role');
    expect(await seriousViolations(page)).toEqual([]);
    const who = { kind: 'person', issuer: stage().provider.issuer, subject: 'bob' };
    const spec = { role: 'viewer', who };
    await stage().api.create('/v1/tenants/zeta/bindings', { metadata: { name: 'bob' }, spec }, Binding);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('.isolation', { hasText: 'zeta' }).waitFor();
  });
});

test('an answer that this tab did not ask for signs nobody in', async () => {
  await visit(async ({ page }) => {
    await page.goto(`${stage().url}/signed-in?code=stolen&state=made-up`);
    await page.getByText('no sign-in was begun in this tab').waitFor();
    expect(await page.evaluate('sessionStorage.length')).toBe(0);
    expect(page.url()).toBe(`${stage().url}/`);
  });
});

test('an answer with another state, or with another nonce in it, signs nobody in', async () => {
  for (const [field, value] of [
    ['state', 'changed'],
    ['nonce', 'changed'],
    ['verifier', 'c'.repeat(43)],
  ])
    await visit(async ({ page }) => {
      await page.goto(stage().url);
      // What the tab remembers is changed as it comes back: the provider's answer is then for somebody else.
      await page.addInitScript(`{
        const text = sessionStorage.getItem('isthmus.sign-in');
        if (text !== null && location.pathname === '/signed-in')
          sessionStorage.setItem('isthmus.sign-in', JSON.stringify({ ...JSON.parse(text), ${field}: '${value}' }));
      }`);
      await signIn(page, 'ada');
      await page.getByText('The sign-in did not work').waitFor();
      expect([field, await page.evaluate('sessionStorage.length')]).toEqual([field, 0]);
      expect(await page.locator('.bar').count()).toBe(0);
    });
});

test('a person who says no at the provider is told so, and may begin again', async () => {
  await visit(async ({ page }) => {
    await page.goto(stage().url);
    await page.getByRole('button', { name: 'Sign in with 127.0.0.1' }).click();
    await page.getByRole('link', { name: 'Cancel' }).click();
    await page.getByText('The sign-in did not work').waitFor();
    await page.getByRole('button', { name: 'Sign in with 127.0.0.1' }).waitFor();
  });
});

test('a token that is taken no more ends in the words for it', async () => {
  await visit(async ({ page }) => {
    await page.goto(stage().url);
    await page.evaluate("sessionStorage.setItem('isthmus.key', 'a.b.c')");
    await page.reload();
    await page.getByText('Your sign-in has ended').waitFor();
    expect(await page.evaluate('sessionStorage.length')).toBe(0);
  });
});

test('the page may ask the provider and nobody else', async () => {
  await visit(async ({ page, complaints }) => {
    await page.goto(stage().url);
    const asked = (url: string) =>
      page.evaluate(`fetch(${JSON.stringify(url)}).then(() => 'answered', () => 'refused')`);
    expect(await asked(`${stage().provider.issuer}/.well-known/openid-configuration`)).toBe('answered');
    expect(await asked('http://127.0.0.1:9/')).toBe('refused');
    expect(complaints.splice(0).join()).toContain('connect-src');
  });
});
