/** Makes the agent one file, `dist/agent.mjs`, for Node 24, and prints its size and SHA-256. Names are kept for stack traces. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const outfile = join(here, '../dist/agent.mjs');

/** Some dependencies are CommonJS and ask for Node's modules by `require`. */
const REQUIRE =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/** Of zod's messages in some sixty languages the agent needs one; the others cost memory at every start. */
const ENGLISH_ONLY: Plugin = {
  name: 'english-only',
  setup: (bundling) => {
    bundling.onLoad({ filter: /zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
      loader: 'js',
    }));
  },
};

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

const bytes = readFileSync(outfile);
console.log(`${outfile} ${bytes.length} bytes sha256 ${createHash('sha256').update(bytes).digest('hex')}`);
