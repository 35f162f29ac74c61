/**
 * Makes the functions' bundles: `dist/functions/NAME/index.mjs` with its chunks beside it, for Node 24. Whatever is imported
 * lazily becomes a chunk that is loaded when it is used. `node functions/bundle.ts`; the same source gives the same bytes.
 */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile, type Plugin } from 'esbuild';
import { ENGLISH_ONLY, REQUIRE, ZOD_BY_NAME } from '../build/bundling.ts';
import { replaceDirectory } from '../build/directory.ts';
import { RELEASE } from '../protocol/version.ts';
import { documentOf } from './api/openapi.ts';
import { createOperations } from './api/operations.ts';
import { systemClock } from './aws/clock.ts';
import { factsOf } from './aws/facts.ts';
import { queuedElsewhere } from './aws/messages.ts';
import { openTable } from './aws/table.ts';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..');
const BUNDLES = join(root, 'dist/functions');

export const FUNCTIONS = ['api', 'reconcile', 'schedule', 'bootstrap', 'resource', 'audit'] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

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

/** One of them; answers what is in it. The bundle is moved to its place when it is whole. */
export async function bundleFunction(name: FunctionName, directory = join(BUNDLES, name)): Promise<Metafile> {
  const { metafile, outputFiles } = await build({
    entryPoints: { index: join(here, `${name}.lambda.ts`) },
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    absWorkingDir: root,
    write: false,
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
    plugins: [WRITTEN_DOCUMENT, ENGLISH_ONLY, ZOD_BY_NAME],
    banner: { js: REQUIRE },
  });
  await replaceDirectory(directory, async (made) => {
    for (const { path, contents } of outputFiles)
      await writeInto(join(made, relative(directory, path)), contents);
    if (name === 'api') await addInstaller(made);
  });
  return metafile;
}

async function writeInto(path: string, contents: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, contents);
}

/** What `GET /install.sh` is made of. The list of downloads is made by who makes the downloads, before this. */
async function addInstaller(directory: string): Promise<void> {
  await copyFile(join(here, 'installer/install.sh'), join(directory, 'install.sh'));
  const downloads = join(root, 'dist/downloads/downloads.json');
  if (existsSync(downloads)) await copyFile(downloads, join(directory, 'downloads.json'));
}

if (import.meta.main) {
  for (const name of FUNCTIONS) await bundleFunction(name);
  console.log(`${BUNDLES}: ${FUNCTIONS.join(', ')}`);
}
