/**
 * Makes the functions' bundles: `dist/functions/NAME/index.mjs` with its chunks beside it, for Node 24. Whatever is imported
 * lazily becomes a chunk that is loaded when it is used. `node functions/bundle.ts`; the same source gives the same bytes.
 */
import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile, type Plugin } from 'esbuild';
import { RELEASE } from '../protocol/version.ts';
import { documentOf } from './api/openapi.ts';
import { createOperations } from './api/operations.ts';
import { systemClock } from './aws/clock.ts';
import { factsOf } from './aws/facts.ts';
import { queuedElsewhere } from './aws/messages.ts';
import { openTable } from './aws/table.ts';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..');
export const BUNDLES = join(root, 'dist/functions');

export const FUNCTIONS = ['api', 'reconcile', 'schedule', 'bootstrap', 'resource'] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

/** Some dependencies are CommonJS and ask for Node's modules by `require`. */
const REQUIRE =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/**
 * Of zod's messages in some sixty languages the functions need one. And `z` as a namespace import lets esbuild drop what
 * nobody names, which is more than half of zod.
 */
export const LITTLE_ZOD: Plugin = {
  name: 'little-zod',
  setup: (bundling) => {
    bundling.onLoad({ filter: /zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
      loader: 'js',
    }));
    bundling.onLoad({ filter: /\/(protocol|functions|vpc)\/.*\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      return {
        contents: text.replace("import { z } from 'zod';", "import * as z from 'zod';"),
        loader: 'ts',
      };
    });
  },
};

/**
 * The OpenAPI document, written now: it follows from the source alone, and what writes it needs the whole of zod, which would
 * then be loaded at every start.
 */
const WRITTEN_DOCUMENT: Plugin = {
  name: 'written-document',
  setup: (bundling) => {
    bundling.onLoad({ filter: /\/functions\/api\/openapi\.ts$/ }, () => ({
      contents: `export const documentOf = () => (${JSON.stringify(writeDocument())});`,
      loader: 'js',
    }));
  },
};

/** Operations are made with what they never use here: the document says nothing of a deployment. */
function writeDocument(): object {
  const operations = createOperations({
    ...openTable('none'),
    clock: systemClock,
    deployment: factsOf({ roots: [], pools: ['100.64.0.0/10'] }),
    version: RELEASE,
    blobs: { get: async () => undefined },
    tokenSecret: async () => '',
    installLine: () => '',
    messages: queuedElsewhere,
    onFailure: () => undefined,
  });
  return documentOf(operations, RELEASE);
}

/** All of them, into `dist/functions`. */
export async function bundleFunctions(): Promise<void> {
  for (const name of FUNCTIONS) await bundleFunction(name);
}

/** One of them; answers what is in it. */
export async function bundleFunction(name: FunctionName, directory = join(BUNDLES, name)): Promise<Metafile> {
  rmSync(directory, { recursive: true, force: true });
  const { metafile } = await build({
    entryPoints: { index: join(here, `${name}.lambda.ts`) },
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    absWorkingDir: root,
    bundle: true,
    splitting: true,
    metafile: true,
    platform: 'node',
    // Modules rather than CommonJS where a package has both: of those, what is not used is left out.
    mainFields: ['module', 'main'],
    target: 'node24',
    format: 'esm',
    minify: true,
    legalComments: 'none',
    plugins: [WRITTEN_DOCUMENT, LITTLE_ZOD],
    banner: { js: REQUIRE },
  });
  if (name === 'api') addInstaller(directory);
  return metafile;
}

/** What `GET /install.sh` is made of. The list of downloads is made by who makes the downloads, before this. */
function addInstaller(directory: string): void {
  copyFileSync(join(here, 'installer/install.sh'), join(directory, 'install.sh'));
  const downloads = join(root, 'dist/downloads/downloads.json');
  if (existsSync(downloads)) copyFileSync(downloads, join(directory, 'downloads.json'));
}

if (import.meta.main) {
  await bundleFunctions();
  console.log(`${BUNDLES}: ${FUNCTIONS.join(', ')}`);
}
