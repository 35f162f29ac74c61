/** The installer's template and the list of its downloads, which lie beside the function's bundle. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Download } from '../installer/installer.ts';
import { once } from './once.ts';

const Downloads = z.array(z.object({ name: z.string(), sha256: z.string() }));

/** `directory`: URL of the bundle's directory, with a slash at the end. */
export function readDownloads(directory: URL) {
  return {
    template: once(() => readFile(new URL('install.sh', directory), 'utf8')),
    downloads: once(async (): Promise<readonly Download[]> => {
      const text = await readFile(new URL('downloads.json', directory), 'utf8');
      return Downloads.parse(JSON.parse(text));
    }),
  };
}
