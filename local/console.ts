/**
 * Serves the console on one machine: its files, and its page for every address that is a screen's. It must leave what programs ask
 * (`/v1`, the API's description, the installer) to those who answer it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { Hono } from 'hono';
import { PROGRAMS } from '../console/addresses.ts';
import { contentSecurityPolicy } from '../console/headers.ts';
import type { BrowserFacts } from '../functions/domain/estate.ts';
import { check } from './command.ts';
import type { Settings } from './settings.ts';

const ROOT = new URL('..', import.meta.url).pathname;
const LOCAL = /^(127\.|localhost$|::1$|0\.0\.0\.0$|::$)/;
const EVERYWHERE: ReadonlySet<string> = new Set(['0.0.0.0', '::']);
/** Of the console, as many as a document takes. */
const ORIGINS_MAX = 32;
const YEAR_SECONDS = 31_536_000;
const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Files under `/assets`, by name, and the page. */
export interface ConsoleFiles {
  readonly page: string;
  readonly assets: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

export async function makeConsole(): Promise<ConsoleFiles> {
  await check([process.execPath, join(ROOT, 'console/bundle.ts')], { cwd: ROOT });
  return readConsole(join(ROOT, 'dist/console'));
}

export function readConsole(directory: string): ConsoleFiles {
  const names = readdirSync(join(directory, 'assets'));
  const read = (name: string) => new Uint8Array(readFileSync(join(directory, 'assets', name)));
  return {
    page: readFileSync(join(directory, 'index.html'), 'utf8'),
    assets: new Map(names.map((name) => [name, read(name)])),
  };
}

/**
 * The files may still be being made when the first request comes. What is not the console's falls through. `origins`: where else the page may ask, for tokens.
 */
export function consoleRoutes(files: Promise<ConsoleFiles>, origins: readonly string[] = []): Hono {
  const policy = contentSecurityPolicy(origins);
  const routes = new Hono();
  routes.get('/assets/:name', async (context) => {
    const name = context.req.param('name');
    const bytes = (await files).assets.get(name);
    if (bytes === undefined) return context.notFound();
    return context.body(bytes, 200, {
      ...headers(policy),
      'content-type': TYPES[extname(name)] ?? 'application/octet-stream',
      'cache-control': /-[A-Z0-9]{8}\./.test(name)
        ? `public, max-age=${YEAR_SECONDS}, immutable`
        : 'no-cache',
    });
  });
  routes.get('*', async (context, next) => {
    const byBrowser = context.req.header('accept')?.includes('text/html') === true;
    if (PROGRAMS.test(context.req.path) || !byBrowser) return next();
    return context.html((await files).page, 200, { ...headers(policy), 'cache-control': 'no-cache' });
  });
  return routes;
}

/** Origins that a browser may have opened the console at, and the domain of clusters that its pages then ask. */
export function browsersOf(
  settings: Pick<Settings, 'listen' | 'name' | 'cluster-domain'>,
  url: string,
): BrowserFacts | undefined {
  const domain = settings['cluster-domain'];
  if (domain === undefined) return undefined;
  const places = settings.listen.flatMap(({ host, port }) =>
    [host, ...settings.name, ...(LOCAL.test(host) ? ['localhost'] : [])]
      .filter((name) => !EVERYWHERE.has(name))
      .map((name) => `https://${name.includes(':') ? `[${name}]` : name}:${port}`),
  );
  const origins = [url, ...places].map((place) => new URL(place).origin);
  return { domain, origins: [...new Set(origins)].slice(0, ORIGINS_MAX) };
}

function headers(policy: string): Record<string, string> {
  return {
    'content-security-policy': policy,
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  };
}
