/**
 * Terminals and live logs in the console, whole: a real Chromium that trusts two certificates and nothing else, a real hub that passes TLS through, a real cluster
 * behind its edge, and before all that is there, what is missing.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { App } from '../../protocol/app.ts';
import { Cluster } from '../../protocol/cluster.ts';
import { KeyCreated } from '../../protocol/key.ts';
import type { KubeCluster } from '../fixtures/kube/cluster.ts';
import { keepScreenshot, openBrowser, openPage, seriousViolations, type Watched } from './browser.ts';
import { signIn } from './console-stage.ts';
import { type Estate, raiseEstate } from './estate.ts';
import { eventually } from './eventually.ts';
import { attachCluster, servingApp } from './kube-site.ts';
import { makeCertificate } from './web-certificate.ts';

const TENANT = '/v1/tenants/demo';
const DOMAIN = 'clusters.example.com';
const PAGES = '/tenants/demo/apps/web';
const UP_MS_MAX = 90_000;

let estate: Estate;
let cluster: KubeCluster;
let browser: Browser;
let watched: Watched;
let page: Page;
let directory: string;
let key: string;
let pod: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'isthmus-terminal-'));
  estate = await raiseEstate({
    name: 'capterm',
    clusterDomain: DOMAIN,
    sites: [{ name: 'berlin', lan: '10.0.0.0/24', lanHosts: 2 }],
  });
  cluster = await attachCluster(estate, { site: 'berlin', name: 'prod' });
  const body = { metadata: { name: 'ada' }, spec: { role: 'admin' } };
  key = (await estate.api.create(`${TENANT}/keys`, body, KeyCreated)).secret;
  const app = { metadata: { name: 'web' }, spec: servingApp(['prod']) };
  await estate.api.create(`${TENANT}/apps`, app, App);
  pod = await readyPod();
  const certificate = await makeCertificate(directory, `*.demo.${DOMAIN}`);
  const spki = [await spkiHash(await readFile(certificate.certificate)), await servedHash(estate.url)];
  browser = await openBrowser([
    `--ignore-certificate-errors-spki-list=${spki.join(',')}`,
    `--host-resolver-rules=MAP *.${DOMAIN} ${estate.hub(0).address}`,
  ]);
  watched = await openPage(browser, { ignoreHTTPSErrors: false });
  page = watched.page;
  page.setDefaultTimeout(UP_MS_MAX);
}, 300_000);

beforeEach(({ onTestFailed }) => {
  onTestFailed(async () => {
    await keepScreenshot(page, 'terminal-failed');
    console.error(watched.complaints, await estate.describe());
  });
});

afterAll(async () => {
  await browser?.close();
  await cluster?.close();
  await estate?.destroy();
  await rm(directory, { recursive: true, force: true });
});

/** What `--ignore-certificate-errors-spki-list` knows a certificate by. */
async function spkiHash(certificate: Buffer): Promise<string> {
  const spki = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('base64');
}

async function servedHash(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), ca: estate.ca });
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  const { raw } = socket.getPeerCertificate();
  socket.destroy();
  return spkiHash(raw);
}

async function readyPod(): Promise<string> {
  const found: { name?: string } = {};
  await eventually(async () => {
    const { status } = await estate.api.get(`${TENANT}/apps/web`, App);
    const ready = status.instances
      .flatMap(({ containers }) => containers)
      .find(({ state }) => state === 'ready');
    if (ready === undefined) throw new Error(`no container is ready: ${JSON.stringify(status.instances)}`);
    found.name = ready.name;
  }, UP_MS_MAX);
  return found.name ?? '';
}

const terminal = () => `${PAGES}/terminal?${new URLSearchParams({ cluster: 'prod', container: pod })}`;
const stage = () => ({ ...estate, browser, key, close: async () => undefined });
const rows = () => page.locator('.xterm-rows').innerText();
const accessOf = async () => (await estate.api.get(`${TENANT}/clusters/prod`, Cluster)).status.browser;

async function place(name: string): Promise<void> {
  const made = await makeCertificate(join(directory, 'other'), name);
  await placeFiles(made);
}

async function placeFiles({
  certificate,
  key: keyFile,
}: {
  certificate: string;
  key: string;
}): Promise<void> {
  const { edge } = estate.site('berlin');
  await edge.write('/etc/isthmus/public/tls.key', await readFile(keyFile, 'utf8'));
  await edge.write('/etc/isthmus/public/tls.crt', await readFile(certificate, 'utf8'));
}

test('without a certificate at the edge the page says so, and where it goes; with one for other names, for which', async () => {
  await signIn(stage(), page, terminal());
  await page.getByText('Its edge has no certificate that browsers trust.').waitFor();
  await page.getByText('/etc/isthmus/public').waitFor();
  await keepScreenshot(page, 'terminal-missing');
  expect(await seriousViolations(page)).toEqual([]);
  await place('shop.example.com');
  await page.getByText('The certificate at its edge is for other names.').waitFor();
  await page.getByText(`*.demo.${DOMAIN}`).waitFor();
}, 120_000);

test('with one, a terminal opens, runs what is typed, is left by keyboard, and tells the exit code', async () => {
  await placeFiles({ certificate: join(directory, 'tls.crt'), key: join(directory, 'tls.key') });
  await eventually(async () => expect((await accessOf()).state).toBe('ready'), 60_000);
  await page.getByRole('button', { name: 'Open terminal' }).click();
  await page.getByText('Connected', { exact: true }).waitFor();
  await page.keyboard.type('echo $((6*7))-is-the-answer; printf "\\033[38;2;255;100;0mcolor\\033[0m\\n"\n');
  await expect.poll(rows, { timeout: 20_000 }).toContain('42-is-the-answer');
  // An expression: what it says is of the page, not of this file.
  const color = `getComputedStyle([...document.querySelectorAll('.xterm-rows span')].find(({ textContent }) => textContent === 'color')).color`;
  await expect.poll(() => page.evaluate(color).catch(String)).toBe('rgb(255, 100, 0)');
  await keepScreenshot(page, 'terminal-open');
  expect(await seriousViolations(page)).toEqual([]);
  await page.keyboard.press('Shift+F6');
  expect(await page.evaluate('document.activeElement.textContent')).toBe('Close');
  await page.locator('.xterm-helper-textarea').focus();
  await page.keyboard.type('exit 3\n');
  await page.getByText('Exit code 3.').waitFor();
}, 120_000);

test('logs are followed as they come, found in, and stopped', async () => {
  await page.goto(`${estate.url}${PAGES}/logs`);
  await page.getByRole('button', { name: 'Follow' }).click();
  await page.getByText('Following', { exact: false }).first().waitFor();
  for (const word of ['apricot', 'banana'])
    await cluster.kube(['exec', '-n', 'demo', pod, '--', 'sh', '-c', `echo ${word} > /proc/1/fd/1`]);
  await page.locator('.log', { hasText: 'apricot' }).waitFor();
  await page.locator('.log', { hasText: 'banana' }).waitFor();
  await page.getByLabel('Find in what is shown').fill('APRI');
  await expect.poll(() => page.locator('.log').innerText()).not.toContain('banana');
  await keepScreenshot(page, 'logs-found');
  expect(await seriousViolations(page)).toEqual([]);
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByText('Stopped', { exact: false }).first().waitFor();
}, 120_000);

test('when the access is withdrawn, a running terminal ends, and the page says why it does not open again', async () => {
  await page.goto(`${estate.url}${terminal()}`);
  await page.getByRole('button', { name: 'Open terminal' }).click();
  await page.getByText('Connected', { exact: true }).waitFor();
  await estate.api.change(`${TENANT}/clusters/prod`, (spec) => ({
    ...spec,
    access: { keys: [{ key: 'ada', groups: [] }] },
  }));
  await page.getByText('The connection broke off.', { exact: false }).waitFor();
  await page.getByRole('button', { name: 'Open again' }).click();
  await page.getByText('gives this key no group').waitFor();
}, 120_000);

test('nothing on the way was refused by the policy of the page, and no script failed', () => {
  expect(watched.complaints).toEqual([]);
});
