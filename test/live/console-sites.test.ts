/** The console's pages for sites and edges in a real Chromium against the real control plane; agents are told ones, without a host. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { Edge } from '../../protocol/edge.ts';
import { Site } from '../../protocol/site.ts';
import { keepScreenshot } from './browser.ts';
import { type ConsoleStage, lookAt, openConsoleStage, signIn, visit } from './console-stage.ts';
import { enrolTold, livenessOf, type ToldAgent } from './told-agents.ts';
import { tellCluster } from './told-cluster.ts';

const TENANT = '/v1/tenants/demo';
const PAGES = '/tenants/demo';

interface Estate {
  readonly stage: ConsoleStage;
  readonly hub: ToldAgent;
  readonly berlin: ToldAgent;
  readonly tokyo: ToldAgent;
}
const made: { stage?: ConsoleStage; estate?: Estate } = {};
const estate = (): Estate => made.estate ?? expect.fail('the estate was not made');

beforeAll(async () => {
  const stage = await openConsoleStage();
  made.stage = stage;
  const { api } = stage;
  const named = (name: string, spec: object) => ({ metadata: { name }, spec });
  await api.create('/v1/tenants', named('demo', {}), z.unknown());
  await api.create('/v1/hubs', named('hub1', { endpoint: '198.51.100.10:51820' }), z.unknown());
  const hub = await enrolTold(stage, { tokens: '/v1/hubs/hub1/tokens', spec: {} });
  for (const [index, site] of ['berlin', 'tokyo'].entries()) {
    const prefixes = [`10.0.${index}.0/24`];
    await api.create(`${TENANT}/sites`, named(site, { allotment: prefixes, prefixes }), z.unknown());
  }
  const advertise = ['10.0.0.0/24', '192.168.9.0/24'];
  const berlin = await enrolTold(stage, {
    tokens: `${TENANT}/tokens`,
    spec: { site: 'berlin', approve: true },
    advertise,
  });
  const tokyo = await enrolTold(stage, {
    tokens: `${TENANT}/tokens`,
    spec: { site: 'tokyo' },
    advertise: ['10.0.1.0/24'],
  });
  const { document } = (await api.get(`${TENANT}/edges/berlin`, Edge)).status;
  await berlin.report({ advertise, ...(document && { applied: document }) });
  await hub.tell('/v1/agent/liveness', livenessOf([{ agent: berlin.id, up: true }]));
  made.estate = { stage, hub, berlin, tokyo };
});

afterAll(() => made.stage?.close());

test('a site is added by the form, and what is wrong with one is said by the API', async () => {
  const { stage } = estate();
  await visit(stage, {}, async ({ page }) => {
    await signIn(stage, page, `${PAGES}/sites`);
    await page.getByRole('textbox', { name: 'Name of the site' }).fill('oslo');
    await page.getByRole('textbox', { name: 'What it may ever expose' }).fill('10.7.0.0/24, 10.8.0.0/99');
    await page.getByRole('button', { name: 'Add a site' }).click();
    await page.getByText('/spec/allotment/1').waitFor();
    await keepScreenshot(page, 'site-refused');
    await page.getByRole('textbox', { name: 'What it may ever expose' }).fill('10.7.0.0/24, 10.8.0.0/24');
    await page.getByLabel('LAN').selectOption('masquerade');
    await page.getByRole('button', { name: 'Add a site' }).click();
    await page.getByRole('rowheader', { name: 'oslo' }).waitFor();
  });
  const { spec } = await stage.api.get(`${TENANT}/sites/oslo`, Site);
  const prefixes = ['10.7.0.0/24', '10.8.0.0/24'];
  expect(spec).toMatchObject({ allotment: prefixes, prefixes, lan: 'masquerade' });
});

test('a site is changed after it was said what that would do, also to the names that lead into it', async () => {
  const { stage } = estate();
  const path = `${TENANT}/sites/berlin`;
  const db = { metadata: { name: 'db' }, spec: { address: '10.3.0.9', port: 5432 } };
  const spec = async () => (await stage.api.get(path, Site)).spec;
  await stage.api.change(path, (before) => ({ ...before, allotment: ['10.0.0.0/24', '10.3.0.0/24'] }));
  await stage.api.change(path, (before) => ({ ...before, prefixes: ['10.0.0.0/24', '10.3.0.0/24'] }));
  await stage.api.create(`${path}/services`, db, z.unknown());
  await visit(stage, {}, async ({ page }) => {
    await signIn(stage, page, `${PAGES}/sites`);
    await page.getByRole('link', { name: 'berlin' }).first().click();
    await page.getByText('Nothing would change.').waitFor();
    expect(await page.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
    await page.getByRole('textbox', { name: 'Exposed now' }).fill('10.0.0.');
    await page.getByText('not all IPv4 prefixes yet').waitFor();
    await page.getByRole('textbox', { name: 'Exposed now' }).fill('10.0.0.0/24');
    await page.getByText('is reached by nobody any more').waitFor();
    await page.getByText('leads nowhere then: the service db').waitFor();
    await page.getByRole('textbox', { name: 'Native routing with' }).fill('tokyo');
    await page.getByText('has not asked for native routing yet').waitFor();
    await keepScreenshot(page, 'site-would-change');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Nothing would change.').waitFor();
    expect(await spec()).toMatchObject({ prefixes: ['10.0.0.0/24'], native: ['tokyo'] });
    await page.getByRole('textbox', { name: 'Labels' }).fill('region=eu');
    await stage.api.change(path, (before) => ({ ...before, native: [] }));
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Somebody changed it meanwhile').waitFor();
    expect(await spec()).toMatchObject({ labels: {}, native: [] });
  });
});

test('a site is removed only after it was asked twice, and Escape is the way back', async () => {
  const { stage } = estate();
  await stage.api.create(
    `${TENANT}/sites`,
    { metadata: { name: 'gone' }, spec: { allotment: ['10.9.0.0/24'], prefixes: [] } },
    z.unknown(),
  );
  await visit(stage, {}, async ({ page }) => {
    await signIn(stage, page, `${PAGES}/sites`);
    const row = page.getByRole('row', { name: 'gone' });
    await row.getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('dialog', { name: 'Remove the site gone' }).waitFor();
    await keepScreenshot(page, 'site-remove');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    expect((await stage.api.get(`${TENANT}/sites/gone`, Site)).metadata.name).toBe('gone');
    await row.getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await row.waitFor({ state: 'detached' });
  });
  expect((await stage.api.send('GET', `${TENANT}/sites/gone`)).status).toBe(404);
});

test('an edge is approved, cut off, let back and removed, each in the version that was seen', async () => {
  const { stage } = estate();
  const spec = async () => (await stage.api.get(`${TENANT}/edges/tokyo`, Edge)).spec;
  await visit(stage, {}, async ({ page }) => {
    await signIn(stage, page, `${PAGES}/edges`);
    await page.getByRole('link', { name: 'tokyo' }).click();
    const choose = async (name: string) => {
      await page.getByRole('button', { name }).click();
      await page.getByRole('dialog').getByRole('button', { name }).click();
      await page.getByRole('dialog').waitFor({ state: 'hidden' });
    };
    await choose('Approve');
    await page.getByRole('button', { name: 'Approve' }).waitFor({ state: 'detached' });
    expect(await spec()).toMatchObject({ approved: true, quarantined: false });
    await choose('Quarantine');
    await page.getByText('The edge is cut off until you lift it.').waitFor();
    await keepScreenshot(page, 'edge-quarantined');
    await choose('Lift the quarantine');
    await page.getByRole('button', { name: 'Quarantine' }).waitFor();
    expect(await spec()).toMatchObject({ approved: true, quarantined: false });
    await page.route('**/v1/tenants/demo/edges/tokyo', async (route) => {
      if (route.request().method() === 'PUT')
        await stage.api.change(`${TENANT}/edges/tokyo`, (before) => ({ ...before, quarantined: true }));
      await route.continue();
    });
    await page.getByRole('button', { name: 'Quarantine' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Quarantine' }).click();
    await page.getByText('Somebody changed it meanwhile').waitFor();
    await page.keyboard.press('Escape');
    await choose('Remove');
    await page.waitForURL(`**${PAGES}/edges`);
    await page.getByRole('link', { name: 'tokyo' }).waitFor({ state: 'detached' });
  });
  expect((await stage.api.send('GET', `${TENANT}/edges/tokyo`)).status).toBe(404);
});

test('a token is shown once with the lines for the host, and can be withdrawn', async () => {
  const { stage } = estate();
  await visit(stage, { permissions: ['clipboard-read', 'clipboard-write'] }, async ({ page }) => {
    await signIn(stage, page, `${PAGES}/tokens`);
    await page.getByLabel('Site', { exact: true }).selectOption('tokyo');
    await page.getByLabel('Approve its edge at once').check();
    await page.getByRole('button', { name: 'Make a token' }).click();
    await page.getByText('This is shown once.').waitFor();
    await page.getByRole('textbox', { name: 'Network device' }).fill('lan0; reboot');
    await page.getByText('No device can be called so.').waitFor();
    await page.getByRole('textbox', { name: 'Network device' }).fill('lan0');
    await keepScreenshot(page, 'token-shown');
    const figure = page.getByRole('figure', { name: 'Install and join' });
    await figure.getByRole('button', { name: 'Copy' }).click();
    await figure.getByText('Copied').waitFor();
    const copied = z.string().parse(await page.evaluate('navigator.clipboard.readText()'));
    expect(copied).toMatch(
      /^curl .*\/install\.sh \| sh -s -- --token-file isthmus\.token --lan-device lan0$/,
    );
    const rows = page.getByRole('row').filter({ hasText: 'by the token' }).filter({ hasText: 'unused' });
    await rows.waitFor();
    await page.reload();
    await rows.waitFor();
    expect(await page.getByText('This is shown once.').count()).toBe(0);
    await rows.getByRole('button', { name: 'Withdraw' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Withdraw' }).click();
    await rows.waitFor({ state: 'detached' });
  });
});

test('a cluster shows what its edge told, also of its etcd and of who asks its API server', async () => {
  const { stage, berlin } = estate();
  await tellCluster(berlin, 'prod');
  await visit(stage, {}, async ({ page }) => {
    await signIn(stage, page, `${PAGES}/clusters`);
    await page.getByRole('link', { name: 'prod' }).click();
    await page.getByText('kubelet silent for 40 s').waitFor();
    await page.getByRole('img', { name: /^Round trip, edge to hub: prod 12 ms/ }).waitFor();
    await page
      .getByRole('img', { name: /^Taken by others.*: CPUs 14.4 %, Memory 11.1 %, pods 12.4 %/ })
      .waitFor();
    await keepScreenshot(page, 'cluster-curves');
    await page.getByRole('link', { name: 'Its etcd' }).click();
    await page.getByRole('img', { name: /^Size of the database.*10.0.0.12:2379 1.9 GB/ }).waitFor();
    await keepScreenshot(page, 'etcd-curves');
    await page.getByText('Defragment https://10.0.0.12:2379').waitFor();
    await page.getByRole('link', { name: 'Its API server' }).click();
    await page.getByText('from the cache 9 k (90 %)').waitFor();
    await page.goto(`${stage.url}${PAGES}/clusters/nothing/requests`);
    await page.getByText('told nothing').waitFor();
  });
});

test('the pages bear every look', async () => {
  const { stage, hub, berlin } = estate();
  await hub.tell('/v1/agent/liveness', livenessOf([{ agent: berlin.id, up: true }]));
  await lookAt(stage, [
    { name: 'sites', path: `${PAGES}/sites`, ready: 'tbody' },
    { name: 'site', path: `${PAGES}/sites/berlin`, ready: 'form' },
    { name: 'edges', path: `${PAGES}/edges`, ready: 'tbody' },
    { name: 'edge', path: `${PAGES}/edges/berlin`, ready: 'h2 + .choices' },
    { name: 'tokens', path: `${PAGES}/tokens`, ready: 'tbody' },
    { name: 'clusters', path: `${PAGES}/clusters`, ready: 'tbody' },
    { name: 'cluster', path: `${PAGES}/clusters/prod`, ready: 'meter, tbody' },
    { name: 'etcd', path: `${PAGES}/clusters/prod/etcd`, ready: 'meter' },
    { name: 'requests', path: `${PAGES}/clusters/prod/requests`, ready: '.answers.small' },
    { name: 'no-edge', path: `${PAGES}/edges/nobody`, ready: 'main > p' },
  ]);
});
