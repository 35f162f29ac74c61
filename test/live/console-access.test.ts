/** The console's pages of hubs and of who may do what, in a real Chromium against the real control plane; agents are told ones. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { Binding } from '../../protocol/binding.ts';
import { Hub } from '../../protocol/hub.ts';
import { Principal } from '../../protocol/key.ts';
import { Role } from '../../protocol/role.ts';
import { createApiClient } from './api-client.ts';
import { keepScreenshot } from './browser.ts';
import { answerHostile } from './console-hostile.ts';
import { type ConsoleStage, lookAt, openConsoleStage, signIn, visit } from './console-stage.ts';
import { enrolTold, livenessOf } from './told-agents.ts';

const TENANT = '/v1/tenants/acme';
const ACCESS = '/tenants/acme/access';

const made: { stage?: ConsoleStage } = {};
const stage = (): ConsoleStage => made.stage ?? expect.fail('the stage was not opened');

const create = (path: string, name: string, spec: object) =>
  stage().api.create(path, { metadata: { name }, spec }, z.unknown());

beforeAll(async () => {
  made.stage = await openConsoleStage();
  await create('/v1/tenants', 'acme', {});
  const prefixes = ['10.1.0.0/24'];
  await create(`${TENANT}/sites`, 'berlin', { allotment: prefixes, prefixes });
  await create(`${TENANT}/sites`, 'cloud', { kind: 'vpc', allotment: ['172.31.0.0/24'], prefixes: [] });
});

afterAll(() => made.stage?.close());

const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();

test('a hub is added with a token and its line, told of, changed and removed', async () => {
  await visit(stage(), {}, async ({ page }) => {
    await signIn(stage(), page, '/');
    await page.getByRole('link', { name: 'Hubs' }).click();
    await page.getByLabel('Name', { exact: true }).fill('hub1');
    await page.getByLabel('Where edges dial').fill('198.51.100.10');
    await press(page, 'Add a hub');
    await page.getByText('/spec/endpoint').waitFor();
    await page.getByLabel('Where edges dial').fill('198.51.100.10:51820');
    await press(page, 'Add a hub');
    await page.getByRole('heading', { name: 'Hub hub1' }).waitFor();
    await press(page, 'Make a token');
    await page.getByText('This is shown once.').waitFor();
    const line = await page.getByRole('figure', { name: 'Install and join' }).locator('pre').textContent();
    expect(line).toMatch(/^curl .*install\.sh \| sh -s -- .*--token-file isthmus\.token/);
    const hub = await enrolTold(stage(), { tokens: '/v1/hubs/hub1/tokens', spec: {} });
    const berlin = await enrolTold(stage(), {
      tokens: `${TENANT}/tokens`,
      spec: { site: 'berlin', approve: true },
    });
    const finding = {
      code: 'mtu',
      level: 'warning',
      message: 'Packets are cut.',
      fix: 'Set the MTU.',
    } as const;
    await hub.report({ findings: [finding] });
    await hub.tell('/v1/agent/liveness', livenessOf([{ agent: berlin.id, up: true }]));
    await page.getByText('Set the MTU.').waitFor();
    await page
      .getByRole('row', { name: /berlin acme/ })
      .getByText('1.23 GB')
      .waitFor();
    await keepScreenshot(page, 'hub-told');
    await page.getByLabel('VPC that it stands in').selectOption('acme/cloud');
    await press(page, 'Save');
    await expect
      .poll(async () => (await stage().api.get('/v1/hubs/hub1', Hub)).spec.vpc)
      .toEqual({ tenant: 'acme', site: 'cloud' });
    await create('/v1/hubs', 'hub2', { endpoint: '198.51.100.11:51820' });
    await page.goto(`${stage().url}/hubs/hub2`);
    await press(page, 'Remove');
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await page.waitForURL('**/hubs');
    await page.getByRole('link', { name: 'hub2' }).waitFor({ state: 'detached' });
  });
  expect((await stage().api.send('GET', '/v1/hubs/hub2')).status).toBe(404);
});

test('a key is shown once, works, and is refused after it was deleted', async () => {
  await visit(stage(), {}, async ({ page }) => {
    await signIn(stage(), page, ACCESS);
    const panel = page.locator('section', { has: page.getByRole('heading', { name: 'API keys' }) });
    await panel.getByLabel('Name').fill('ci');
    await panel.getByLabel('Role').selectOption('operator');
    await panel.getByRole('button', { name: 'New key' }).click();
    await page.getByText('This is shown once.').waitFor();
    const key = (await page.getByRole('figure', { name: 'The key' }).locator('pre').textContent()) ?? '';
    const own = createApiClient({ url: stage().url, ca: stage().ca, key });
    expect(await own.get('/v1/whoami', Principal)).toMatchObject({ name: 'ci', role: 'operator' });
    await keepScreenshot(page, 'key-shown');
    await page.reload();
    const row = page.getByRole('row', { name: /^ci/ });
    await row.waitFor();
    expect(await page.getByText('This is shown once.').count()).toBe(0);
    await row.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await row.waitFor({ state: 'detached' });
    expect((await own.send('GET', '/v1/whoami')).status).toBe(401);
  });
});

test('a role is written rule by rule, given to a group, and changed in the version that was seen', async () => {
  const role = async () => (await stage().api.get(`${TENANT}/roles/berlin-ops`, Role)).spec;
  await visit(stage(), {}, async ({ page }) => {
    await signIn(stage(), page, ACCESS);
    await page.getByRole('link', { name: 'New role' }).click();
    await page.getByLabel('Name', { exact: true }).fill('berlin-ops');
    const verbs = page.getByRole('group', { name: 'Rule 1: Verbs' });
    await verbs.getByLabel('write').check();
    const kinds = page.getByRole('group', { name: 'Rule 1: Kinds' });
    await kinds.getByLabel('site').check();
    await kinds.getByLabel('edge').check();
    await page.getByLabel('Rule 1: Only at these sites').fill('berlin');
    await press(page, 'Add a rule');
    await page.getByRole('group', { name: 'Rule 2: Kinds' }).getByLabel('app').check();
    await page.getByLabel('Rule 2: Only these names').fill('shop-*, Wrong!');
    await press(page, 'Create');
    await page.getByText('/spec/rules/1/names/1').waitFor();
    await page.getByLabel('Rule 2: Only these names').fill('shop-*');
    await keepScreenshot(page, 'role-new');
    await press(page, 'Create');
    await page.getByRole('link', { name: 'berlin-ops' }).waitFor();
    expect((await role()).rules).toEqual([
      { kinds: ['site', 'edge'], verbs: ['read', 'write'], sites: ['berlin'] },
      { kinds: ['app'], verbs: ['read'], names: ['shop-*'] },
    ]);
    const panel = page.locator('section', { has: page.getByRole('heading', { name: 'New binding' }) });
    await panel.getByLabel('Name', { exact: true }).fill('ops');
    await panel.getByLabel('Role').selectOption('berlin-ops');
    await panel.getByLabel('To whom').selectOption('a group');
    await panel.getByLabel('Issuer').fill('https://login.example.com');
    await panel.getByLabel('Subject, or name of the group').fill('ops');
    await panel.getByRole('button', { name: 'New binding' }).click();
    await page.getByRole('row', { name: /^ops berlin-ops a group/ }).waitFor();
    expect((await stage().api.get(`${TENANT}/bindings/ops`, Binding)).spec.who).toEqual({
      ...{ kind: 'group', issuer: 'https://login.example.com', group: 'ops' },
    });
    await page.getByRole('link', { name: 'berlin-ops' }).click();
    await press(page, 'Remove 2');
    await stage().api.change(`${TENANT}/roles/berlin-ops`, (spec) => ({ ...spec, description: 'Ours' }));
    await press(page, 'Save');
    await page.getByText('Somebody changed it meanwhile').waitFor();
    expect((await role()).rules).toHaveLength(2);
    await press(page, 'Delete');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('alert').waitFor();
  });
});

test('it is asked whether the key may, and said what gives it', async () => {
  await visit(stage(), {}, async ({ page }) => {
    await signIn(stage(), page, '/access');
    const panel = page.locator('section', { has: page.getByRole('heading', { name: 'May this key' }) });
    await panel.getByLabel('Verb').selectOption('administer');
    await panel.getByLabel('Kind').selectOption('tenant');
    await panel.getByRole('button', { name: 'Ask' }).click();
    await panel.locator('strong[data-level=good]').waitFor();
  });
});

test('whatever names and descriptions are made of, nothing of it is run and no page is wider than the window', async () => {
  for (const viewport of [
    { width: 360, height: 740 },
    { width: 1280, height: 800 },
  ])
    await visit(stage(), { viewport }, async ({ page }) => {
      await answerHostile(page);
      await signIn(stage(), page, ACCESS);
      for (const section of ['API keys', 'Roles of your own', 'Who signs in and gets a role'])
        await page
          .locator('section', { has: page.getByRole('heading', { name: section }) })
          .getByText('gnorw')
          .first()
          .waitFor();
      await keepScreenshot(page, `hostile-${viewport.width}-access`);
      const wider = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
      expect([wider, await page.title()]).toEqual([0, 'Isthmus']);
      expect(await page.locator('main img, main script').count()).toBe(0);
    });
});

test('the pages bear every look', async () => {
  await lookAt(stage(), [
    { name: 'hubs', path: '/hubs', ready: 'td' },
    { name: 'hub', path: '/hubs/hub1', ready: '.choices' },
    { name: 'access', path: ACCESS, ready: 'section:nth-of-type(3) td' },
    { name: 'access-deployment', path: '/access', ready: 'td' },
    { name: 'role', path: `${ACCESS}/roles/berlin-ops`, ready: 'fieldset' },
  ]);
}, 180_000);
