/** The console's topology in a real Chromium against the real control plane: of three sites, by keyboard, and of three hundred. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { EdgeList } from '../../protocol/edge.ts';
import { HubList } from '../../protocol/hub.ts';
import { keepScreenshot } from './browser.ts';
import { type ConsoleStage, lookAt, openConsoleStage, signIn, visit } from './console-stage.ts';
import { eventually } from './eventually.ts';
import { enrolTold, livenessOf, type ToldAgent } from './told-agents.ts';
import { tellCluster } from './told-cluster.ts';

const MANY = 300;
/** The others have no edge yet. */
const EDGES = 24;
const AT_ONCE = 6;
/** Three hundred requests and more, on a machine that may be busy. */
const MANY_TIMEOUT_MS = 300_000;
const DOCUMENTS_MS_MAX = 60_000;
const TOPOLOGY = { path: '/topology', ready: '.topology svg a' };

interface Made {
  stage?: ConsoleStage;
  hubs: ToldAgent[];
  edges: ToldAgent[];
}
const made: Made = { hubs: [], edges: [] };
const stage = (): ConsoleStage => made.stage ?? expect.fail('the stage was not opened');

const create = (path: string, name: string, spec: object) =>
  stage().api.create(path, { metadata: { name }, spec }, z.unknown());

/** As the site of this number, whose prefix no other one has. */
async function createSite(tenant: string, name: string, number: number): Promise<void> {
  const prefixes = [`10.${number >> 8}.${number & 255}.0/24`];
  await create(`/v1/tenants/${tenant}/sites`, name, { allotment: prefixes, prefixes });
}

const enrolEdge = (tenant: string, site: string) =>
  enrolTold(stage(), { tokens: `/v1/tenants/${tenant}/tokens`, spec: { site, approve: true } });

/** Each hub tells of all edges; one in nine is not heard. */
async function tellLiveness(): Promise<void> {
  const peers = made.edges.map(({ id }, index) => ({ agent: id, up: index % 9 !== 8 }));
  for (const hub of made.hubs) await hub.tell('/v1/agent/liveness', livenessOf(peers));
}

/** Every agent applies its newest document once it has one. */
async function reportAll(tenants: readonly string[]): Promise<void> {
  const lists = () =>
    Promise.all([
      stage().api.get('/v1/hubs', HubList),
      ...tenants.map((tenant) => stage().api.get(`/v1/tenants/${tenant}/edges?limit=500`, EdgeList)),
    ]);
  const documents = await eventually(async () => {
    const told = (await lists()).flatMap(({ items }) => items.map(({ status }) => status));
    expect(told.filter(({ document }) => document === undefined)).toEqual([]);
    return new Map(told.map(({ agent, document }) => [agent, document]));
  }, DOCUMENTS_MS_MAX);
  for (const agent of [...made.hubs, ...made.edges]) {
    const applied = documents.get(agent.id);
    await agent.report({
      ...(applied && { applied }),
      ...(made.edges.includes(agent) && { activeHub: 'hub1' }),
    });
  }
}

beforeAll(async () => {
  made.stage = await openConsoleStage();
  await create('/v1/tenants', 'demo', {});
  const lan = ['172.31.0.0/24'];
  await create('/v1/tenants/demo/sites', 'cloud', { kind: 'vpc', allotment: lan, prefixes: lan });
  for (const [index, hub] of ['hub1', 'hub2'].entries()) {
    const vpc = { tenant: 'demo', site: 'cloud' };
    await create('/v1/hubs', hub, { endpoint: `198.51.100.1${index}:51820`, ...(index === 0 && { vpc }) });
    made.hubs.push(await enrolTold(stage(), { tokens: `/v1/hubs/${hub}/tokens`, spec: {} }));
  }
  for (const [index, site] of ['berlin', 'tokyo'].entries()) {
    await createSite('demo', site, index);
    made.edges.push(await enrolEdge('demo', site));
  }
  const [berlin] = made.edges;
  if (berlin !== undefined) await tellCluster(berlin, 'prod');
  await reportAll(['demo']);
  await tellLiveness();
});

afterAll(() => made.stage?.close());

test('three sites are drawn with a line to each hub, and bear every look', async () => {
  await lookAt(stage(), [{ name: 'topology-3', ...TOPOLOGY }]);
});

test('by keyboard alone a site is gone to, is told of with ages, and is opened', async () => {
  await tellLiveness();
  await visit(stage(), {}, async ({ page }) => {
    await signIn(stage(), page, '/topology');
    await page.locator(TOPOLOGY.ready).first().waitFor();
    await page.getByRole('button', { name: 'Sign out' }).focus();
    await page.keyboard.press('Tab');
    const told = page.getByRole('complementary');
    await told.getByText('hub1').first().waitFor();
    const focused = () => page.evaluate('document.activeElement.getAttribute("aria-label")');
    const first = await focused();
    await page.keyboard.press('ArrowRight');
    expect(await focused()).not.toBe(first);
    await page.keyboard.press('ArrowLeft');
    expect(await focused()).toBe(first);
    await page.getByRole('link', { name: /^tokyo/ }).focus();
    await told.getByText('tokyo').first().waitFor();
    await told
      .getByText(/now|s ago/)
      .first()
      .waitFor();
    // A rate takes two tellings that the page has looked at.
    await tellLiveness();
    await told.getByText('From the site 0 bit/s, To the site 0 bit/s').first().waitFor();
    await told.getByText('Traffic goes by it').waitFor();
    await keepScreenshot(page, 'topology-keyboard');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Edge tokyo' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/tenants/demo/edges/tokyo');
    await page.goto(`${stage().url}/topology`);
    await page.getByRole('link', { name: /^berlin/ }).focus();
    await page.getByRole('complementary').getByText('Round trip, edge to hub: 12 ms').waitFor();
  });
});

test(
  'three hundred sites are tiles by tenant and state, and still fit',
  async () => {
    for (const tenant of ['harbours', 'clinics']) await create('/v1/tenants', tenant, {});
    const numbers = Array.from({ length: MANY - 3 }, (_, index) => index);
    const makeOne = async (index: number) => {
      const tenant = index % 5 < 3 ? 'harbours' : 'clinics';
      const site = `${tenant === 'harbours' ? 'pier' : 'ward'}-${String(index).padStart(3, '0')}`;
      await createSite(tenant, site, index + 2);
      if (index < EDGES) made.edges.push(await enrolEdge(tenant, site));
    };
    for (let start = 0; start < numbers.length; start += AT_ONCE)
      await Promise.all(numbers.slice(start, start + AT_ONCE).map(makeOne));
    await reportAll(['demo', 'harbours', 'clinics']);
    await tellLiveness();
    await lookAt(stage(), [{ name: 'topology-300', ...TOPOLOGY }]);
    await visit(stage(), {}, async ({ page }) => {
      await signIn(stage(), page, '/topology');
      await page.locator('.topology svg[data-compact=true]').waitFor();
      expect(await page.locator('.topology svg a').count()).toBe(MANY);
    });
  },
  MANY_TIMEOUT_MS,
);
