/**
 * Makes the agent two files for Node 24, and prints their sizes and SHA-256: `dist/agent.mjs`, and beside it
 * `dist/cloud.mjs`, which speaks to a cloud account and is loaded by the hubs there alone. Names are kept for stack traces.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));

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

/** What speaks to a cloud account is a file of its own; in the agent there is only the call that loads it. */
const CLOUD_APART: Plugin = {
  name: 'cloud-apart',
  setup: (bundling) => {
    bundling.onResolve({ filter: /\/cloud\/aws\.ts$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './cloud.mjs', external: true } : undefined,
    );
  },
};

for (const [entry, name] of [
  ['main.ts', 'agent.mjs'],
  ['cloud/aws.ts', 'cloud.mjs'],
] as const)
  await bundle(join(here, entry), join(here, '../dist', name));

async function bundle(entry: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    minify: true,
    keepNames: true,
    legalComments: 'none',
    plugins: [ENGLISH_ONLY, CLOUD_APART],
    banner: { js: REQUIRE },
  });

  const bytes = readFileSync(outfile);
  console.log(`${outfile} ${bytes.length} bytes sha256 ${createHash('sha256').update(bytes).digest('hex')}`);
}
