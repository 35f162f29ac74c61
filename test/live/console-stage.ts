/** What the live tests of the console stand on: a real control plane, a real Chromium, and a page that is signed in. Everything ends with `close()`. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';
import { startControlPlane } from '../../local/control-plane.ts';
import { type ApiClient, createApiClient } from './api-client.ts';
import { keepScreenshot, openBrowser, openPage, seriousViolations, type Watched } from './browser.ts';

const PHONE = { width: 360, height: 740 };
/** Every way of looking that a screen has to bear. */
const LOOKS = [
  { name: 'desk', locale: 'en', colorScheme: 'light' as const },
  { name: 'desk-dark-zh', locale: 'zh-CN', colorScheme: 'dark' as const },
  { name: 'phone', locale: 'en', colorScheme: 'light' as const, viewport: PHONE },
  { name: 'phone-dark-zh', locale: 'zh-CN', colorScheme: 'dark' as const, viewport: PHONE },
];

export interface ConsoleStage {
  readonly api: ApiClient;
  readonly browser: Browser;
  readonly url: string;
  /** PEM of the control plane's authority. */
  readonly ca: string;
  readonly key: string;
  close(): Promise<void>;
}

export async function openConsoleStage(): Promise<ConsoleStage> {
  const directory = await mkdtemp(join(tmpdir(), 'isthmus-console-'));
  const controlPlane = await startControlPlane(
    { state: directory, listen: [{ host: '127.0.0.1', port: 0 }], name: [], pool: ['100.64.0.0/10'] },
    { log: () => undefined, environment: process.env },
  );
  const url = controlPlane.listening[0] ?? '';
  const key = controlPlane.adminKey ?? '';
  const ca = await readFile(controlPlane.authorityFile ?? '', 'utf8');
  const browser = await openBrowser();
  return {
    api: createApiClient({ url, ca, key }),
    browser,
    url,
    ca,
    key,
    close: async () => {
      await browser.close();
      await controlPlane.close();
      await rm(directory, { recursive: true });
    },
  };
}

export async function signIn({ url, key }: ConsoleStage, page: Page, path = '/'): Promise<void> {
  await page.goto(`${url}${path}`);
  await page.locator('input[name=key]').fill(key);
  await page.locator('input[name=key]').press('Enter');
  await page.locator('.bar').waitFor();
}

/** A page of one test's own, which must not have complained in the end. */
export async function visit(
  { browser }: ConsoleStage,
  options: BrowserContextOptions,
  steps: (watched: Watched) => Promise<void>,
): Promise<void> {
  const watched = await openPage(browser, options);
  try {
    await steps(watched);
    expect(watched.complaints).toEqual([]);
  } finally {
    await watched.page.context().close();
  }
}

export interface Screen {
  readonly name: string;
  readonly path: string;
  /** What is there once the screen is drawn. */
  readonly ready: string;
}

/** Each screen in every look: a screenshot, no serious violation, nothing wider than the window. */
export async function lookAt(stage: ConsoleStage, screens: readonly Screen[]): Promise<void> {
  for (const { name, ...options } of LOOKS)
    await visit(stage, options, async ({ page }) => {
      await signIn(stage, page);
      for (const screen of screens) {
        await page.goto(`${stage.url}${screen.path}`);
        await page.locator(screen.ready).first().waitFor();
        await keepScreenshot(page, `${name}-${screen.name}`);
        expect([screen.path, ...(await seriousViolations(page))]).toEqual([screen.path]);
        const wider = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        expect([screen.path, wider]).toEqual([screen.path, 0]);
      }
    });
}
