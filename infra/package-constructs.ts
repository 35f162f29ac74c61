/**
 * Makes `dist/constructs`, the npm package `isthmus-constructs` for users' own CDK apps: JavaScript (Node strips no types
 * under node_modules), types, and the bundle of the resource function. Its types need nothing but the CDK.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { z } from 'zod';
import { ENGLISH_ONLY, ZOD_BY_NAME } from '../build/bundling.ts';
import { replaceDirectory } from '../build/directory.ts';
import { bundleFunction } from '../functions/bundle.ts';
import { RELEASE } from '../protocol/version.ts';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..');
const PACKAGE = join(root, 'dist/constructs');

/** What users may import: all that these modules export. */
const MODULES = ['connection', 'props', 'tenant', 'site', 'service', 'route', 'policy'];
const ALLOWED = /^(aws-cdk-lib(\/[a-z-]+)?|constructs|\.\/([a-z]+)\.js)$/;

/** The package in a directory of its own, which is made anew. */
export async function packageConstructs(directory = PACKAGE): Promise<void> {
  await replaceDirectory(directory, async (made) => {
    await bundleFunction('resource', join(made, 'resource'));
    await bundleConstructs(made);
    writeTypes(made);
    writeFileSync(join(made, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`);
    copyFileSync(join(root, 'docs/constructs.md'), join(made, 'README.md'));
    copyFileSync(join(root, 'LICENSE'), join(made, 'LICENSE'));
  });
}

function indexOf(extension: string): string {
  return MODULES.map((module) => `export * from './${module}.${extension}';\n`).join('');
}

/** `index.js` in this directory. */
export async function bundleConstructs(directory: string): Promise<void> {
  await build({
    stdin: { contents: indexOf('ts'), resolveDir: join(here, 'constructs'), loader: 'ts' },
    outfile: join(directory, 'index.js'),
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    // Node shows the line that throws: a wrong spec must not be told below a page of minified code.
    minify: false,
    legalComments: 'none',
    plugins: [ENGLISH_ONLY, ZOD_BY_NAME],
    external: ['aws-cdk-lib', 'constructs'],
  });
}

function writeTypes(directory: string): void {
  const scratch = mkdtempSync(join(tmpdir(), 'isthmus-types-'));
  const project = join(scratch, 'tsconfig.json');
  const compilerOptions = {
    noEmit: false,
    // Types are checked with those of the whole tree.
    noCheck: true,
    declaration: true,
    emitDeclarationOnly: true,
    rootDir: root,
    outDir: scratch,
    typeRoots: [join(root, 'node_modules/@types')],
  };
  const files = MODULES.map((module) => join(here, `constructs/${module}.ts`));
  writeFileSync(
    project,
    JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions, files, include: [] }),
  );
  execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', project], { stdio: 'inherit' });
  for (const module of MODULES) {
    const text = readFileSync(join(scratch, `infra/constructs/${module}.d.ts`), 'utf8');
    writeFileSync(join(directory, `${module}.d.ts`), portable(module, text));
  }
  writeFileSync(join(directory, 'index.d.ts'), indexOf('js'));
  rmSync(scratch, { recursive: true });
}

/** Relative imports end in .js there; a type from anywhere else is one that users do not have. */
function portable(module: string, text: string): string {
  const types = text.replaceAll(/(from '\.\/[a-z]+)\.ts'/g, "$1.js'");
  const targets = [...types.matchAll(/(?:from |import\()['"]([^'"]+)['"]/g)].map(([, target = '']) => target);
  const stray = targets.find((target) => {
    const [, , , own] = ALLOWED.exec(target) ?? ['', '', '', '-'];
    return own !== undefined && !MODULES.includes(own);
  });
  if (stray === undefined) return types;
  throw new Error(`The types of ${module} need ${stray}, which users of the package do not have.`);
}

/** The oldest CDK that it is promised to work with is the one that it is tested with. */
function manifest() {
  const { devDependencies } = z
    .object({ devDependencies: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
  return {
    name: 'isthmus-constructs',
    version: RELEASE,
    description: 'AWS CDK constructs for the sites, services, routes and policies of Isthmus',
    license: 'Apache-2.0',
    type: 'module',
    exports: { '.': { types: './index.d.ts', default: './index.js' } },
    types: './index.d.ts',
    files: ['*.js', '*.d.ts', 'resource'],
    engines: { node: '>=22.12' },
    peerDependencies: {
      'aws-cdk-lib': `^${devDependencies['aws-cdk-lib']}`,
      constructs: `^${devDependencies['constructs']}`,
    },
  };
}

if (import.meta.main) {
  await packageConstructs();
  console.log(`${PACKAGE}: npm pack ./dist/constructs makes it a file`);
}
