/** Makes `dist/isthmus.mjs`, one file that runs on Node 24. */
import { chmodSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { ENGLISH_ONLY, REQUIRE } from '../build/bundling.ts';

const here = dirname(fileURLToPath(import.meta.url));
const outfile = join(here, '../dist/isthmus.mjs');

await build({
  entryPoints: [join(here, 'main.ts')],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  minify: true,
  keepNames: true,
  legalComments: 'none',
  plugins: [ENGLISH_ONLY],
  banner: { js: REQUIRE },
});
chmodSync(outfile, 0o755);
console.log(outfile);
