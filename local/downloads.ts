/** Serves the installer on one machine: the script, and what it downloads from the shelf. */
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { Hono } from 'hono';
import { type InstallerSettings, installerRoute } from '../functions/installer/installer.ts';
import type { Shelf } from './artifacts.ts';

const TEMPLATE = new URL('../functions/installer/install.sh', import.meta.url);
const CACHE_SECONDS = 60;

/** Routes of the installer; the shelf may still be being filled when the first request comes. */
export function installerRoutes(settings: InstallerSettings, shelf: Promise<Shelf>): Hono {
  const routes = installerRoute({
    settings: () => settings,
    template: () => readFile(TEMPLATE, 'utf8'),
    downloads: async () => (await shelf).all(),
  });
  routes.get('/install/:artifact', async (context) => {
    const artifact = await (await shelf).get(context.req.param('artifact'));
    if (artifact === undefined) return context.notFound();
    return context.body(fileStream(artifact.path), 200, {
      'content-type': 'application/octet-stream',
      'content-length': String(artifact.bytes),
      'cache-control': `public, max-age=${CACHE_SECONDS}`,
      etag: `"${artifact.sha256}"`,
    });
  });
  return routes;
}

/** Node's stream as the standard one; the two libraries' types differ in name only. */
function fileStream(path: string): ReadableStream {
  return Readable.toWeb(createReadStream(path)) as ReadableStream;
}
