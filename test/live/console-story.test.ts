/**
 * The console's story from the first site to the way back, in a real Chromium with real edges, engines and packets: a site joins, an app is deployed and answers
 * the other site, the tenant is isolated by one switch, a policy opens it again, and an upgrade is rolled back.
 */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { cacheDirectory } from '../../build/cache.ts';
import { findWireguard } from '../../local/artifacts.ts';
import { App } from '../../protocol/app.ts';
import { Cluster } from '../../protocol/cluster.ts';
import { Edge } from '../../protocol/edge.ts';
import { KeyCreated } from '../../protocol/key.ts';
import { Pool } from '../../protocol/pool.ts';
import { Site } from '../../protocol/site.ts';
import { TokenCreated } from '../../protocol/token.ts';
import { type DockerEngines, enginesOn } from '../fixtures/docker/engines.ts';
import { agentCommand } from './agent-command.ts';
import { keepScreenshot, openBrowser, openPage, seriousViolations, type Watched } from './browser.ts';
import { signIn } from './console-stage.ts';
import { type Estate, raiseEstate } from './estate.ts';
import { eventually } from './eventually.ts';
import { fetchPage } from './flows.ts';

const TENANT = '/v1/tenants/demo';
const LAN = '10.0.0.0/24';
const PORT = 8080;
const EDGE = '10.0.0.2';
const VIRTUAL = '100.64.0.0/10';
const UP_MS_MAX = 90_000;

let estate: Estate;
let engines: DockerEngines;
let browser: Browser;
let watched: Watched;
let page: Page;

beforeAll(async () => {
  estate = await raiseEstate({
    name: 'capst',
    sites: [
      { name: 'berlin', lan: LAN },
      { name: 'tokyo', lan: LAN, joined: false },
    ],
  });
  const body = { metadata: { name: 'console' }, spec: { role: 'admin' } };
  const { secret: key } = await estate.api.create('/v1/keys', body, KeyCreated);
  browser = await openBrowser();
  watched = await openPage(browser);
  page = watched.page;
  page.setDefaultTimeout(UP_MS_MAX);
  await signIn({ ...estate, browser, key, close: async () => undefined }, page);
}, 240_000);

beforeEach(({ onTestFailed }) => {
  onTestFailed(async () => {
    await keepScreenshot(page, 'story-failed');
    console.error(await estate.describe());
  });
});

afterAll(async () => {
  await browser?.close();
  await engines?.close();
  await estate?.destroy();
});

const open = (path: string) => page.goto(`${estate.url}${path}`);

/** What a host of the LAN in Berlin gets of the app's one container in Tokyo, which is led beyond the tunnel by the edge, as a router of the LAN would lead it. */
async function answerFromTokyo(): Promise<string | undefined> {
  const { status } = await estate.api.get(`${TENANT}/apps/web`, App);
  const ready = status.instances
    .flatMap(({ containers }) => containers)
    .find(({ state }) => state === 'ready');
  if (ready === undefined) throw new Error('no container is ready');
  const pid = (await engines.first.docker('inspect', '-f', '{{.State.Pid}}', ready.name)).trim();
  await engines.first.host.check([
    'nsenter',
    '-t',
    pid,
    '-n',
    'ip',
    'route',
    'replace',
    VIRTUAL,
    'via',
    EDGE,
  ]);
  const address = await estate.virtual('tokyo', ready.address);
  return fetchPage(estate.lanHost('berlin'), `http://${address}:${PORT}/`);
}

/** The edge of the site asks to be let in; a person has to say so. */
async function askIn(name: string): Promise<void> {
  const { edge, lanDevice } = estate.site(name);
  const spec = { allotment: [LAN], prefixes: [LAN] };
  await estate.api.create(`${TENANT}/sites`, { metadata: { name }, spec }, Site);
  const body = { spec: { site: name, approve: false } };
  const { secret } = await estate.api.create(`${TENANT}/tokens`, body, TokenCreated);
  const program = findWireguard({ cache: cacheDirectory(process.env), environment: process.env });
  if (program !== undefined) await edge.check(['install', '-D', program, '/opt/isthmus/wireguard-go']);
  await edge.write('/run/ca.pem', estate.ca);
  await edge.write('/run/token', secret);
  const where = ['--control-plane', estate.url, '--ca', '/run/ca.pem'] as const;
  await edge.check(agentCommand('enrol', ...where, '--token-file', '/run/token', '--lan-device', lanDevice));
  estate.startAgent(edge);
}

test('a site joins: its edge asks, a person approves it on the home page, and it is well', async () => {
  await askIn('tokyo');
  await open('/');
  await page.getByRole('button', { name: 'Approve' }).click();
  await eventually(async () => {
    const { status } = await estate.api.get(`${TENANT}/edges/tokyo`, Edge);
    expect(status.links.some((link) => link.up)).toBe(true);
  }, 60_000);
  const row = page.locator('tbody tr', { hasText: 'tokyo' });
  await row.locator('[data-level=good]').waitFor();
  await keepScreenshot(page, 'story-1-joined');
}, 120_000);

test('an app is deployed from a manifest, and answers the other site', async () => {
  const [lan] = estate.site('tokyo').lanHosts;
  if (lan === undefined) throw new Error('Tokyo has no host');
  engines = await enginesOn([{ host: lan.host, address: lan.address, labels: {} }], { name: 'capst' });
  const socket = `${engines.first.name}=unix://${engines.first.socket}`;
  const words = ['cluster', 'add', 'docker', 'engines', '--engine', socket, '--lan', `eth0=${LAN}`] as const;
  await estate.site('tokyo').edge.check(agentCommand(...words));
  await eventually(async () => {
    const { status } = await estate.api.get(`${TENANT}/clusters/engines`, Cluster);
    if (status.facts === undefined) throw new Error('it has told of nothing yet');
  }, 60_000);
  const ranges = [{ cluster: 'engines', prefix: '10.0.0.128/29' }];
  await estate.api.create(`${TENANT}/pools`, { metadata: { name: 'front' }, spec: { ranges } }, Pool);
  await open('/tenants/demo/new-app');
  await page.getByLabel('Manifest', { exact: true }).fill(MANIFEST);
  await page.getByText('+ image: local/tool:1').waitFor();
  await page.getByRole('button', { name: 'Create' }).click();
  await page.locator('[data-level=good]', { hasText: 'ready' }).waitFor();
  await page
    .getByText(/has a place/)
    .first()
    .waitFor();
  await keepScreenshot(page, 'story-2-deployed');
  expect(await seriousViolations(page)).toEqual([]);
  await eventually(async () => expect(await answerFromTokyo()).toBeDefined(), 30_000);
}, 300_000);

const MANIFEST = `kind: app
metadata: { name: web }
spec:
  image: local/tool:1
  pullPolicy: never
  command: [serve, ':${PORT}']
  ports: [{ name: http, port: ${PORT} }]
  pool: front
  health: { ready: { http: { path: /, port: ${PORT} }, periodSeconds: 1 } }
  stopSeconds: 1
  placement: { clusters: [engines] }
`;

const asked = '/tenants/demo/reach?from=site%2Fberlin&to=app%2Fweb&port=tcp%2F8080';

test('one switch isolates the tenant: it turns green when all hold it, packets stop, and the page says why', async () => {
  await open(asked);
  await page.locator('strong[data-level=good]').waitFor();
  await open('/');
  const row = page.locator('.isolation', { hasText: 'demo' });
  await row.locator('label').click();
  await page.locator('.isolation[data-state=settled][data-isolated=true]').waitFor();
  await row.getByText('Proved by packets from edges: 2').waitFor();
  await page.getByText(/The isolation from edge berlin to tokyo .* is proved by packets/).waitFor();
  await keepScreenshot(page, 'story-3-isolated');
  expect(await answerFromTokyo()).toBeUndefined();
  await open(asked);
  await page.locator('strong[data-level=bad]').waitFor();
  await page.getByText('The tenant is isolated, and no policy allows').first().waitFor();
  await keepScreenshot(page, 'story-4-denied');
}, 120_000);

test('a policy tells what it opens, and opens it', async () => {
  await open('/tenants/demo/new-policy');
  await page.getByLabel('Name', { exact: true }).fill('berlin-web');
  await page.getByLabel('From: Kind').selectOption('site');
  await page.getByLabel('From: Name').fill('berlin');
  await page.getByLabel('To: Name').fill('web');
  await page.locator('.pairs[data-mark="+"] > li', { hasText: 'berlin' }).first().waitFor();
  await keepScreenshot(page, 'story-5-policy');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('link', { name: 'berlin-web' }).waitFor();
  await eventually(async () => expect(await answerFromTokyo()).toBeDefined(), 30_000);
  await open(asked);
  await page.locator('strong[data-level=good]').waitFor();
}, 120_000);

test('the home page draws what flows between the sites', async () => {
  await open('/');
  await page.locator('.chart canvas').waitFor({ timeout: 60_000 });
  const drawn = page.getByRole('img', { name: /^Traffic now: From sites [\d.]+ k?bit\/s, To sites / });
  await eventually(async () => {
    await answerFromTokyo();
    expect(await drawn.getAttribute('aria-label')).not.toContain('From sites 0 bit/s');
  }, 60_000);
  // Two points make a line.
  await page.waitForTimeout(12_000);
  await keepScreenshot(page, 'story-traffic');
}, 150_000);

test('an upgrade is rolled back to the release before it', async () => {
  const imageOf = async () => (await estate.api.get(`${TENANT}/apps/web`, App)).spec.image;
  await page.setViewportSize({ width: 360, height: 740 });
  await open('/tenants/demo/apps/web/manifest');
  const editor = page.getByLabel('Manifest', { exact: true });
  await editor.fill((await editor.inputValue()).replace('local/tool:1', 'local/tool:2'));
  await page.getByRole('button', { name: 'Apply' }).click();
  await runs(2);
  await page.getByRole('link', { name: 'Roll back… 1' }).click();
  await page.getByText('+ image: local/tool:1').waitFor();
  await keepScreenshot(page, 'story-6-roll-back');
  await page.getByRole('button', { name: 'Apply' }).click();
  await runs(3);
  await keepScreenshot(page, 'story-7-rolled-back');
  expect(await imageOf()).toBe('local/tool:1');
  await eventually(async () => expect(await answerFromTokyo()).toBeDefined(), 30_000);
  await open('/tenants/demo/pools');
  await page.locator('tbody tr').first().waitFor();
  await keepScreenshot(page, 'story-8-pools');
  await open('/tenants/demo/audit?kind=app&name=web');
  await page.locator('tbody tr').nth(2).waitFor();
  await keepScreenshot(page, 'story-9-audit');
  expect(watched.complaints).toEqual([]);
}, 240_000);

/** The page says that this release runs everywhere, and the engine that it has it ready. */
async function runs(release: number): Promise<void> {
  await page.getByText(`Release ${release} runs in engines.`).waitFor();
  const { status } = await estate.api.get(`${TENANT}/apps/web`, App);
  expect(status.instances.flatMap(({ containers }) => containers.map((one) => one.release))).toContain(
    release,
  );
}
