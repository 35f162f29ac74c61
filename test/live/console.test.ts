/** Scenario 16 and every day: the console in a real Chromium against the real control plane: signing in, the home page, one click that isolates, in both languages. */
import { gzipSync } from 'node:zlib';
import type { Route } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Site } from '../../protocol/site.ts';
import { Tenant } from '../../protocol/tenant.ts';
import { keepScreenshot, seriousViolations } from './browser.ts';
import { type ConsoleStage, lookAt, openConsoleStage, signIn, visit } from './console-stage.ts';

const HOSTILE = '<img src=x onerror=document.title="taken"> \u202Egnorw\u202C {{7*7}} "\'';

const FIRST_LOAD_BYTES_MAX = 250_000;
const made: { stage?: ConsoleStage } = {};
const stage = (): ConsoleStage => made.stage ?? expect.fail('the control plane did not start');

beforeAll(async () => {
  made.stage = await openConsoleStage();
  const { api } = made.stage;
  for (const [name, description] of [
    ['plain', 'Of every day'],
    ['hostile', HOSTILE],
  ])
    await api.create('/v1/tenants', { metadata: { name }, spec: { description } }, Tenant);
  const site = { allotment: ['10.0.0.0/24'], prefixes: ['10.0.0.0/24'] };
  await api.create('/v1/tenants/hostile/sites', { metadata: { name: 'berlin' }, spec: site }, Site);
});

afterAll(() => made.stage?.close());

test('a wrong key is refused in words, and a right one opens the home page', async () => {
  await visit(stage(), {}, async ({ page }) => {
    await page.goto(stage().url);
    await page.getByLabel('API key').fill('isk_nobody.wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('This key was refused').waitFor();
    expect(await page.evaluate('sessionStorage.length')).toBe(0);
    await keepScreenshot(page, 'sign-in-refused');
    expect(await seriousViolations(page)).toEqual([]);
    await signIn(stage(), page);
    await page.getByRole('heading', { name: 'Home' }).waitFor();
    await page.getByText('berlin').first().waitFor();
    expect(await page.evaluate('localStorage.length')).toBe(0);
  });
});

test('one click isolates a tenant, another one opens it, and no green is shown without agents', async () => {
  const isolation = async () => (await stage().api.get('/v1/tenants/plain', Tenant)).spec.isolation;
  await visit(stage(), {}, async ({ page }) => {
    await signIn(stage(), page);
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
  await visit(stage(), {}, async ({ page }) => {
    await signIn(stage(), page);
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

test('every screen has an address, and markup in what people wrote stays text (scenario 16)', async () => {
  await visit(stage(), {}, async ({ page }) => {
    await signIn(stage(), page, '/tenants/hostile');
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

test('the first screen loads no more than its budget, and no page that is not shown', async () => {
  await visit(stage(), {}, async ({ page }) => {
    const loaded: Promise<readonly [string, number]>[] = [];
    page.on('response', (response) => {
      const { pathname } = new URL(response.url());
      if (!pathname.startsWith('/assets/')) return;
      loaded.push(response.body().then((body) => [pathname, gzipSync(body).length]));
    });
    await signIn(stage(), page);
    await page.getByText('berlin').first().waitFor();
    const files = await Promise.all(loaded);
    expect(files.reduce((sum, [, bytes]) => sum + bytes, 0)).toBeLessThan(FIRST_LOAD_BYTES_MAX);
    expect(files.filter(([path]) => /topology|clusters|tokens/.test(path))).toEqual([]);
  });
});

test('no screen has a serious violation, in light and dark, in English and Chinese, on a phone and a desk', async () => {
  await lookAt(stage(), [
    { name: 'home', path: '/', ready: 'tbody' },
    { name: 'events', path: '/events', ready: 'tbody' },
    { name: 'tenant', path: '/tenants/hostile', ready: 'tbody' },
    { name: 'nowhere', path: '/nowhere', ready: 'main h1' },
  ]);
});
