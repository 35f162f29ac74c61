/** The console's pages of apps, policies, services, pools and the audit log, in a real Chromium against the real control plane. */
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { App } from '../../protocol/app.ts';
import { Policy } from '../../protocol/policy.ts';
import { Route } from '../../protocol/route.ts';
import { Service } from '../../protocol/service.ts';
import { Site } from '../../protocol/site.ts';
import { Tenant } from '../../protocol/tenant.ts';
import { keepScreenshot, seriousViolations } from './browser.ts';
import { answerHostile, HOSTILE } from './console-hostile.ts';
import { type ConsoleStage, lookAt, openConsoleStage, signIn, visit } from './console-stage.ts';

const ACME = '/v1/tenants/acme';
const PHONE = { width: 360, height: 740 };

let stage: ConsoleStage;

beforeAll(async () => {
  stage = await openConsoleStage();
  const { api } = stage;
  const make = (path: string, name: string, spec: object) => ({ path, body: { metadata: { name }, spec } });
  const tenant = make('/v1/tenants', 'acme', { isolation: 'isolated' });
  await api.create(tenant.path, tenant.body, Tenant);
  for (const [name, prefix] of [
    ['berlin', '10.1.0.0/24'],
    ['tokyo', '10.2.0.0/24'],
  ] as const) {
    const site = make(`${ACME}/sites`, name, { allotment: [prefix], prefixes: [prefix] });
    await api.create(site.path, site.body, Site);
  }
  const db = make(`${ACME}/sites/tokyo/services`, 'db', { address: '10.2.0.9', port: 5432 });
  await api.create(db.path, db.body, Service);
  const web = make(`${ACME}/apps`, 'web', { image: 'web:1', ports: [{ name: 'http', port: 8080 }] });
  await api.create(web.path, web.body, App);
  const shop = make(`${ACME}/routes`, 'shop', {
    host: 'shop.example.com',
    app: { name: 'web', port: 'http' },
  });
  await api.create(shop.path, shop.body, Route);
  const policy = make(`${ACME}/policies`, 'web-db', {
    from: { app: 'web' },
    to: { site: 'tokyo', service: 'db' },
  });
  await api.create(policy.path, policy.body, Policy);
});

afterAll(() => stage?.close());

const specOf = async () => (await stage.api.get(`${ACME}/apps/web`, App)).spec;

async function replaceManifest(page: Page, from: string, to: string): Promise<void> {
  const editor = page.getByLabel('Manifest', { exact: true });
  await editor.fill((await editor.inputValue()).replace(from, to));
}

test('a manifest shows what would change before it is applied, and an earlier release is gone back to', async () => {
  await visit(stage, {}, async ({ page }) => {
    await signIn(stage, page, '/tenants/acme/apps');
    await page.getByRole('link', { name: 'web', exact: true }).click();
    await page.getByRole('link', { name: 'Edit manifest' }).click();
    await page.getByText('Nothing would change.').waitFor();
    expect(await page.getByRole('button', { name: 'Apply' }).isDisabled()).toBe(true);
    await replaceManifest(page, 'web:1', 'web:2');
    await page.locator('pre.lines [data-mark="+"]', { hasText: 'image: web:2' }).waitFor();
    expect((await specOf()).image).toBe('web:1');
    await page.getByRole('button', { name: 'Apply' }).click();
    await page.getByRole('heading', { name: 'App web' }).waitFor();
    expect((await specOf()).image).toBe('web:2');
    await page.getByRole('link', { name: 'Roll back… 1' }).click();
    await page.locator('pre.lines [data-mark="-"]', { hasText: 'image: web:2' }).waitFor();
    await keepScreenshot(page, 'roll-back');
    await page.getByRole('button', { name: 'Apply' }).click();
    await page.getByRole('link', { name: 'Roll back… 2' }).waitFor();
    expect((await specOf()).image).toBe('web:1');
  });
});

test('an app is scaled, and what somebody else changed while a manifest was edited is not overwritten', async () => {
  await visit(stage, {}, async ({ page }) => {
    await signIn(stage, page, '/tenants/acme/apps/web');
    await page.getByLabel('Replicas').fill('3');
    await page.keyboard.press('Enter');
    await expect.poll(async () => (await specOf()).replicas).toBe(3);
    await page.getByRole('link', { name: 'Edit manifest' }).click();
    await page.getByText('Nothing would change.').waitFor();
    await stage.api.change(`${ACME}/apps/web`, (spec) => ({ ...spec, replicas: 2 }));
    await replaceManifest(page, 'web:1', 'web:9');
    await page.getByRole('button', { name: 'Apply' }).click();
    await page.getByText('Somebody changed it while you wrote').waitFor();
    expect(await specOf()).toMatchObject({ image: 'web:1', replicas: 2 });
    await replaceManifest(page, 'image: web:9', 'image: web:9\n  nonsense: true');
    await page.getByText('This is no manifest of an app:').waitFor();
  });
});

test('a policy says what it opens before it is saved and what it cuts before it is deleted, and the answer has an address', async () => {
  await visit(stage, {}, async ({ page }) => {
    await signIn(stage, page, '/tenants/acme/reach?from=site%2Fberlin&to=site%2Ftokyo');
    await page.locator('strong[data-level=bad]').waitFor();
    await page.goto(`${stage.url}/tenants/acme/new-policy`);
    await page.getByLabel('Name', { exact: true }).fill('all');
    for (const [end, name] of [
      ['From', 'berlin'],
      ['To', 'tokyo'],
    ]) {
      await page.getByLabel(`${end}: Kind`).selectOption('site');
      await page.getByLabel(`${end}: Name`).fill(name ?? '');
    }
    await page.locator('.pairs[data-mark="+"]').waitFor();
    await keepScreenshot(page, 'policy-opens');
    expect(await seriousViolations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('link', { name: 'all', exact: true }).click();
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.locator('.pairs[data-mark="-"]').waitFor();
    await keepScreenshot(page, 'policy-cuts');
    await page.goto(`${stage.url}/tenants/acme/reach?from=site%2Fberlin&to=site%2Ftokyo`);
    await page.locator('strong[data-level=good]').waitFor();
    await page.getByText('The policy all allows it.').waitFor();
  });
});

test('the audit log is searched by its address, and what is found is downloaded as JSON lines', async () => {
  await visit(stage, {}, async ({ page }) => {
    await signIn(stage, page, '/tenants/acme/audit?kind=site');
    await page.locator('tbody tr').nth(1).waitFor();
    expect(await page.locator('tbody tr').count()).toBe(2);
    await page.getByLabel('Name', { exact: true }).fill('tokyo');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.locator('tbody tr').count()).toBe(1);
    expect(new URL(page.url()).search).toBe('?kind=site&name=tokyo');
    await page.reload();
    await page.locator('tbody tr').waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download as JSON lines' }).click(),
    ]);
    const lines = (await readFile(await download.path(), 'utf8')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).name)).toEqual(['tokyo']);
    await page.goBack();
    await expect.poll(() => page.locator('tbody tr').count()).toBe(2);
  });
});

const PATHS = ['apps', 'policies', 'services', 'pools', 'audit', 'new-app', 'new-policy'] as const;

test('no page has a serious violation or is wider than the window, in every look', async () => {
  await lookAt(stage, [
    ...PATHS.map((path) => ({
      name: path,
      path: `/tenants/acme/${path}`,
      ready: path === 'pools' ? 'main p' : 'section',
    })),
    { name: 'app', path: '/tenants/acme/apps/web', ready: 'ul.said' },
    { name: 'manifest', path: '/tenants/acme/apps/web/manifest', ready: 'textarea' },
    { name: 'policy', path: '/tenants/acme/policies/web-db', ready: 'fieldset' },
    {
      name: 'reach',
      path: '/tenants/acme/reach?from=app%2Fweb&to=service%2Ftokyo%2Fdb',
      ready: 'strong[data-level]',
    },
  ]);
}, 180_000);

test('whatever names and texts are made of, nothing of it is run and no page is wider than the window', async () => {
  const name = encodeURIComponent(HOSTILE);
  for (const viewport of [PHONE, { width: 1280, height: 800 }])
    await visit(stage, { viewport }, async ({ page }) => {
      await answerHostile(page);
      await signIn(stage, page);
      for (const path of [
        ...['apps', `apps/${name}`, `apps/${name}/manifest`, `apps/${name}/manifest?release=1`],
        ...['policies', `policies/${name}`, 'reach?from=app%2Fweb&to=app%2Fdb', 'services', 'pools', 'audit'],
        `audit?actor=${name}`,
      ]) {
        await page.goto(`${stage.url}/tenants/acme/${path}`);
        const isForm = /manifest|^policies\/|actor/.test(path);
        await (isForm ? page.locator('textarea, fieldset, form') : page.getByText('gnorw')).first().waitFor();
        if (path.startsWith('policies/')) await page.locator('.pairs').first().waitFor();
        await keepScreenshot(
          page,
          `hostile-${viewport.width}-${path.replace(name, 'name').replace(/[/?].*/, '')}`,
        );
        const wider = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        expect([path, wider, await page.title()]).toEqual([path, 0, 'Isthmus']);
        expect(await page.locator('main img, main script').count()).toBe(0);
      }
    });
}, 180_000);
