/** Scenario 16 and every day: the console in a real Chromium against the real control plane: signing in, the home page, one click that isolates, in both languages. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page, Route } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ControlPlane, startControlPlane } from '../../local/control-plane.ts';
import { Site } from '../../protocol/site.ts';
import { Tenant } from '../../protocol/tenant.ts';
import { type ApiClient, createApiClient } from './api-client.ts';
import { keepScreenshot, openBrowser, openPage, seriousViolations, type Watched } from './browser.ts';

const HOSTILE = '<img src=x onerror=document.title="taken"> \u202Egnorw\u202C {{7*7}} "\'';

interface Stage {
  readonly controlPlane: ControlPlane;
  readonly api: ApiClient;
  readonly browser: Browser;
  readonly directory: string;
  readonly url: string;
  readonly key: string;
}
const made: { stage?: Stage } = {};
const stage = (): Stage => made.stage ?? expect.fail('the control plane did not start');

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'isthmus-console-'));
  const settings = {
    state: directory,
    listen: [{ host: '127.0.0.1', port: 0 }],
    name: [],
    pool: ['100.64.0.0/10'],
  };
  const controlPlane = await startControlPlane(settings, {
    log: () => undefined,
    environment: process.env,
  });
  const url = controlPlane.listening[0] ?? '';
  const key = controlPlane.adminKey ?? '';
  const ca = await readFile(controlPlane.authorityFile ?? '', 'utf8');
  const api = createApiClient({ url, ca, key });
  made.stage = { controlPlane, api, browser: await openBrowser(), directory, url, key };
  for (const [name, description] of [
    ['plain', 'Of every day'],
    ['hostile', HOSTILE],
  ])
    await api.create('/v1/tenants', { metadata: { name }, spec: { description } }, Tenant);
  const site = { allotment: ['10.0.0.0/24'], prefixes: ['10.0.0.0/24'] };
  await api.create('/v1/tenants/hostile/sites', { metadata: { name: 'berlin' }, spec: site }, Site);
});

afterAll(async () => {
  await made.stage?.browser.close();
  await made.stage?.controlPlane.close();
  if (made.stage !== undefined) await rm(made.stage.directory, { recursive: true });
});

async function signIn(page: Page, path = '/'): Promise<void> {
  await page.goto(`${stage().url}${path}`);
  await page.locator('input[name=key]').fill(stage().key);
  await page.locator('input[name=key]').press('Enter');
  await page.locator('.bar').waitFor();
}

/** A page that is signed in, for one test. */
async function visit(options: Parameters<typeof openPage>[1], steps: (watched: Watched) => Promise<void>) {
  const watched = await openPage(stage().browser, options);
  try {
    await steps(watched);
    expect(watched.complaints).toEqual([]);
  } finally {
    await watched.page.context().close();
  }
}

test('a wrong key is refused in words, and a right one opens the home page', async () => {
  await visit({}, async ({ page }) => {
    await page.goto(stage().url);
    await page.getByLabel('API key').fill('isk_nobody.wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('This key was refused').waitFor();
    expect(await page.evaluate('sessionStorage.length')).toBe(0);
    await keepScreenshot(page, 'sign-in-refused');
    expect(await seriousViolations(page)).toEqual([]);
    await signIn(page);
    await page.getByRole('heading', { name: 'Home' }).waitFor();
    await page.getByText('berlin').first().waitFor();
    expect(await page.evaluate('localStorage.length')).toBe(0);
  });
});

test('one click isolates a tenant, another one opens it, and no green is shown without agents', async () => {
  const isolation = async () => (await stage().api.get('/v1/tenants/plain', Tenant)).spec.isolation;
  await visit({}, async ({ page }) => {
    await signIn(page);
    const row = page.locator('.isolation', { hasText: 'plain' });
    await row.locator('label').click();
    await page.locator('.isolation[data-isolated=true]', { hasText: 'plain' }).waitFor();
    expect(await isolation()).toBe('isolated');
    expect(await row.getAttribute('data-state')).toBe('without-agents');
    await keepScreenshot(page, 'isolated');
    await row.getByRole('switch').focus();
    await page.keyboard.press('Space');
    await page.locator('.isolation[data-isolated=false]', { hasText: 'plain' }).waitFor();
    expect(await isolation()).toBe('open');
  });
});

test('a click on what somebody else has changed meanwhile changes nothing, and says so', async () => {
  const spec = async () => (await stage().api.get('/v1/tenants/plain', Tenant)).spec;
  await visit({}, async ({ page }) => {
    await signIn(page);
    const changeFirst = async (route: Route) => {
      await stage().api.change('/v1/tenants/plain', (before) => ({ ...before, description: 'Of another' }));
      await route.continue();
    };
    await page.route('**/v1/tenants/plain', changeFirst, { times: 1 });
    await page.locator('.isolation', { hasText: 'plain' }).locator('label').click();
    await page.getByText('Somebody changed it meanwhile').waitFor();
    expect(await spec()).toMatchObject({ isolation: 'open', description: 'Of another' });
  });
});

test('every screen has an address, and markup in what people wrote stays text', async () => {
  await visit({}, async ({ page }) => {
    await signIn(page, '/tenants/hostile');
    await page.getByRole('heading', { name: 'hostile' }).waitFor();
    await page.reload();
    await page.getByText(HOSTILE).waitFor();
    expect(await page.title()).toBe('Isthmus');
    expect(await page.locator('main img').count()).toBe(0);
    await page.getByRole('link', { name: 'Events' }).click();
    await page.getByRole('heading', { name: 'Events' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/events');
    await page.goBack();
    await page.getByRole('heading', { name: 'hostile' }).waitFor();
  });
});

test('no screen has a serious violation, in light and dark, in English and Chinese, on a phone and a desk', async () => {
  const phone = { width: 360, height: 740 };
  for (const { name, ...options } of [
    { name: 'desk', locale: 'en', colorScheme: 'light' as const },
    { name: 'desk-dark-zh', locale: 'zh-CN', colorScheme: 'dark' as const },
    { name: 'phone', locale: 'en', colorScheme: 'light' as const, viewport: phone },
    { name: 'phone-dark-zh', locale: 'zh-CN', colorScheme: 'dark' as const, viewport: phone },
  ])
    await visit(options, async ({ page }) => {
      await signIn(page);
      for (const path of ['/', '/events', '/tenants/hostile', '/nowhere']) {
        await page.goto(`${stage().url}${path}`);
        await page.locator('main h1').waitFor();
        if (path !== '/nowhere') await page.locator('tbody').first().waitFor();
        const screen = path.split('/')[1] || 'home';
        await keepScreenshot(page, `${name}-${screen}`);
        expect([path, ...(await seriousViolations(page))]).toEqual([path]);
        expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(
          0,
        );
      }
      expect(await page.locator('html').getAttribute('lang')).toBe(options.locale.slice(0, 2));
    });
});
