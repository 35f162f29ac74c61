/** The console's forms for services, routes and pools, in a real Chromium against the real control plane; the edge is a told one. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { Pool } from '../../protocol/pool.ts';
import { Route } from '../../protocol/route.ts';
import { Service } from '../../protocol/service.ts';
import { keepScreenshot } from './browser.ts';
import { type ConsoleStage, lookAt, openConsoleStage, signIn, visit } from './console-stage.ts';
import { enrolTold } from './told-agents.ts';
import { tellCluster } from './told-cluster.ts';

const TENANT = '/v1/tenants/acme';
const PAGES = '/tenants/acme';

const made: { stage?: ConsoleStage } = {};
const stage = (): ConsoleStage => made.stage ?? expect.fail('the stage was not opened');

const create = (path: string, name: string, spec: object) =>
  stage().api.create(path, { metadata: { name }, spec }, z.unknown());

beforeAll(async () => {
  made.stage = await openConsoleStage();
  await create('/v1/tenants', 'acme', {});
  const prefixes = ['10.1.0.0/24'];
  await create(`${TENANT}/sites`, 'berlin', { allotment: prefixes, prefixes });
  const ports = [
    { name: 'http', port: 8080 },
    { name: 'gossip', port: 9000, protocol: 'udp' },
  ];
  await create(`${TENANT}/apps`, 'web', { image: 'web:1', ports });
  const spec = { site: 'berlin', approve: true };
  await tellCluster(await enrolTold(stage(), { tokens: `${TENANT}/tokens`, spec }), 'prod');
});

afterAll(() => made.stage?.close());

const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();

/** Each in the dialog that asks first. */
async function remove(page: Page): Promise<void> {
  await press(page, 'Delete');
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
}

test('a service is made, changed in the version that was seen, and deleted after it was asked twice', async () => {
  const path = `${TENANT}/sites/berlin/services/db`;
  const spec = async () => (await stage().api.get(path, Service)).spec;
  await visit(stage(), {}, async ({ page }) => {
    await signIn(stage(), page, `${PAGES}/services`);
    await page.getByRole('link', { name: 'New service' }).click();
    await page.getByLabel('Name', { exact: true }).fill('db');
    await page.getByLabel('Address').fill('10.9.0.9');
    await page.getByLabel('Port', { exact: true }).fill('5432');
    await press(page, 'Create');
    await page.getByText('10.9.0.9 is in no exposed prefix').first().waitFor();
    await keepScreenshot(page, 'service-refused');
    await page.getByLabel('Address').fill('10.1.0.9');
    await press(page, 'Create');
    await page.getByRole('link', { name: 'db.berlin.acme.isthmus.internal' }).click();
    expect(await spec()).toEqual({ address: '10.1.0.9', port: 5432, protocol: 'tcp' });
    await page.getByLabel('Address').fill('10.1.0.10');
    await stage().api.change(path, (before) => ({ ...before, port: 5433 }));
    await press(page, 'Save');
    await page.getByText('Somebody changed it meanwhile').waitFor();
    expect(await spec()).toMatchObject({ address: '10.1.0.9', port: 5433 });
    await page.reload();
    await expect.poll(() => page.getByLabel('Port', { exact: true }).inputValue()).toBe('5433');
    await page.getByLabel('Address').fill('10.1.0.10');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'db.berlin.acme.isthmus.internal' }).click();
    expect(await spec()).toMatchObject({ address: '10.1.0.10', port: 5433 });
    await remove(page);
    await page.getByRole('heading', { name: 'Services and routes' }).waitFor();
  });
  expect((await stage().api.send('GET', path)).status).toBe(404);
});

test('a route leads to a port of an app or to a service, whatever there is that HTTPS can lead to', async () => {
  const spec = async () => (await stage().api.get(`${TENANT}/routes/shop`, Route)).spec;
  await create(`${TENANT}/sites/berlin/services`, 'shop', { address: '10.1.0.20', port: 443 });
  await create(`${TENANT}/sites/berlin/services`, 'dns', { address: '10.1.0.21', port: 53, protocol: 'udp' });
  await visit(stage(), {}, async ({ page }) => {
    await signIn(stage(), page, `${PAGES}/new-route`);
    await page.getByLabel('Name', { exact: true }).fill('shop');
    await page.getByLabel('Host name').fill('shop.example.com');
    const target = page.getByLabel('Leads to');
    await target.waitFor();
    expect(await target.locator('option').allTextContents()).toEqual(['web http', 'shop at berlin']);
    await keepScreenshot(page, 'route-new');
    await press(page, 'Create');
    await page.getByRole('link', { name: 'shop.example.com/' }).click();
    expect(await spec()).toEqual({
      ...{ host: 'shop.example.com', path: '/' },
      app: { name: 'web', port: 'http' },
    });
    await page.getByLabel('Path').fill('/cart');
    await page.getByLabel('Leads to').selectOption('shop at berlin');
    await press(page, 'Save');
    await page.getByRole('link', { name: 'shop.example.com/cart' }).waitFor();
    expect(await spec()).toEqual({
      ...{ host: 'shop.example.com', path: '/cart' },
      service: { site: 'berlin', name: 'shop' },
    });
    await page.getByRole('link', { name: 'shop.berlin.acme.isthmus.internal' }).click();
    await page.getByRole('link', { name: 'shop.example.com/cart' }).click();
    await remove(page);
    await page.getByRole('heading', { name: 'Services and routes' }).waitFor();
  });
  expect((await stage().api.send('GET', `${TENANT}/routes/shop`)).status).toBe(404);
});

test('a pool gets ranges of clusters one by one, loses one again, and is deleted', async () => {
  const ranges = async () => (await stage().api.get(`${TENANT}/pools/front`, Pool)).spec.ranges;
  await visit(stage(), {}, async ({ page }) => {
    await signIn(stage(), page, `${PAGES}/pools`);
    await page.getByRole('link', { name: 'New pool' }).click();
    await page.getByLabel('Name', { exact: true }).fill('front');
    await page.getByLabel('Range 1: Cluster').selectOption('prod');
    await page.getByLabel('Range 1: Prefixes').fill('10.1.0.128/29');
    await press(page, 'Add a range');
    await page.getByLabel('Range 2: Cluster').selectOption('prod');
    await page.getByLabel('Range 2: Prefixes').fill('10.1.0.192/29');
    await keepScreenshot(page, 'pool-new');
    await press(page, 'Create');
    await page.getByRole('link', { name: 'front' }).click();
    expect((await ranges()).map(({ prefix }) => prefix)).toEqual(['10.1.0.128/29', '10.1.0.192/29']);
    await press(page, 'Remove 1');
    await press(page, 'Save');
    await page.getByRole('heading', { name: 'Pools' }).waitFor();
    expect(await ranges()).toEqual([{ cluster: 'prod', prefix: '10.1.0.192/29' }]);
    await page.getByRole('link', { name: 'front' }).click();
    await remove(page);
    await page.getByText('None yet.').waitFor();
  });
});

test('the forms bear every look', async () => {
  await create(`${TENANT}/routes`, 'look', { host: 'look.example.com', app: { name: 'web', port: 'http' } });
  const range = { cluster: 'prod', prefix: '10.1.0.128/29' };
  await create(`${TENANT}/pools`, 'look', { ranges: [range] });
  await lookAt(stage(), [
    { name: 'new-service', path: `${PAGES}/new-service`, ready: 'select' },
    { name: 'service', path: `${PAGES}/services/berlin/shop`, ready: 'section table' },
    { name: 'new-route', path: `${PAGES}/new-route`, ready: 'select' },
    { name: 'route', path: `${PAGES}/routes/look`, ready: 'select' },
    { name: 'new-pool', path: `${PAGES}/new-pool`, ready: 'fieldset' },
    { name: 'pool', path: `${PAGES}/pools/look`, ready: 'fieldset' },
    { name: 'pools-one', path: `${PAGES}/pools`, ready: 'meter' },
    { name: 'services-some', path: `${PAGES}/services`, ready: 'td' },
  ]);
}, 180_000);
