/**
 * Makes the agent three files for Node 24, and prints their sizes and SHA-256: `dist/agent.mjs`, and beside it
 * `dist/cloud.mjs`, which speaks to a cloud account and is loaded by the hubs there alone, and `dist/clusters.mjs`, the process for
 * an edge's clusters and the commands about them. Names are kept for stack traces.
 */
import { createHash } from 'node:crypto';
import { readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { ENGLISH_ONLY, REQUIRE } from '../build/bundling.ts';

const here = dirname(fileURLToPath(import.meta.url));

/** What few agents need is a file of its own; in the agent there is only the call that loads it. */
const APART: Plugin = {
  name: 'apart',
  setup: (bundling) => {
    for (const [filter, path] of [
      [/\/cloud\/aws\.ts$/, './cloud.mjs'],
      [/\/clusters\.ts$/, './clusters.mjs'],
    ] as const)
      bundling.onResolve({ filter }, ({ kind }) =>
        kind === 'dynamic-import' ? { path, external: true } : undefined,
      );
  },
};

for (const [entry, name] of [
  ['main.ts', 'agent.mjs'],
  ['cloud/aws.ts', 'cloud.mjs'],
  ['clusters.ts', 'clusters.mjs'],
] as const)
  await bundle(join(here, entry), join(here, '../dist', name));

/** Half a file never lies under its name: an agent that runs may load it at any moment. */
async function bundle(entry: string, outfile: string): Promise<void> {
  const beside = `${outfile}.${process.pid}`;
  await build({
    entryPoints: [entry],
    outfile: beside,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    minify: true,
    keepNames: true,
    legalComments: 'none',
    plugins: [ENGLISH_ONLY, APART],
    banner: { js: REQUIRE },
  });
  renameSync(beside, outfile);
  const bytes = readFileSync(outfile);
  console.log(`${outfile} ${bytes.length} bytes sha256 ${createHash('sha256').update(bytes).digest('hex')}`);
}
