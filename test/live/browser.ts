/** A real Chromium for tests of the console: with an eye on what its security policy refuses and on scripts that fail, and screenshots that stay. */
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';
/** Kept after the test, for people to look at. */
const SCREENSHOTS = new URL('../../test-output/console', import.meta.url).pathname;
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

export interface Watched {
  readonly page: Page;
  /** What the page complained of: refused by its policy, or thrown. */
  readonly complaints: string[];
}

/** `more`: arguments of its command line. */
export function openBrowser(more: readonly string[] = []): Promise<Browser> {
  const args = ['--no-sandbox', '--disable-dev-shm-usage', ...more];
  return chromium.launch({ executablePath: CHROMIUM, args });
}

export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<Watched> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: 'en', ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (/Content Security Policy/.test(message.text())) complaints.push(message.text());
  });
  return { page, complaints };
}

export async function keepScreenshot(page: Page, name: string): Promise<void> {
  await mkdir(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
}

/**
 * Rules of accessibility that the page breaks and that matter, as `rule: element` lines. Axe runs in a world of its own, which the
 * policy of the page does not hold.
 */
export async function seriousViolations(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send('Page.getFrameTree');
  const world = await session.send('Page.createIsolatedWorld', { frameId: frameTree.frame.id });
  const evaluate = (expression: string) =>
    session.send('Runtime.evaluate', {
      expression,
      contextId: world.executionContextId,
      awaitPromise: true,
      returnByValue: true,
    });
  await evaluate(await readFile(AXE, 'utf8'));
  const { result, exceptionDetails } = await evaluate(
    `axe.run(document).then(({ violations, passes }) => passes.length === 0 ? ['axe: looked at nothing'] : violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map((node) => id + ': ' + node.html.slice(0, 120))))`,
  );
  if (exceptionDetails !== undefined) throw new Error(`axe failed: ${exceptionDetails.text}`);
  const found: unknown = result.value;
  return Array.isArray(found) ? found.map(String) : ['axe: gave no list'];
}
