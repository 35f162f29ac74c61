/** Makes `dist/console/`: the page, and scripts and styles whose names change with what is in them. */
import { cp, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { replaceDirectory } from '../build/directory.ts';

const here = dirname(fileURLToPath(import.meta.url));
const directory = join(here, '../dist/console');

/**
 * React Aria writes a style for what can be pressed into the page, which our policy refuses, unless an element of this id is there: ours
 * has that style.
 */
const PRESSABLE = 'react-aria-pressable-style';

await replaceDirectory(directory, async (made) => {
  const { metafile } = await build({
    entryPoints: [join(here, 'main.tsx')],
    outdir: join(made, 'assets'),
    entryNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    jsx: 'automatic',
    // React's build for production is taken by this too.
    minify: true,
    legalComments: 'none',
    metafile: true,
  });
  // What is loaded on demand counts as an entry too.
  const [script = '', main] =
    Object.entries(metafile.outputs).find(([, output]) => output.entryPoint?.endsWith('main.tsx')) ?? [];
  const style = main?.cssBundle ?? '';
  await writeFile(join(made, 'index.html'), page(basename(script), basename(style)));
  await cp(join(here, 'icon.svg'), join(made, 'assets/icon.svg'));
});
console.log(directory);

function page(script: string, style: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>Isthmus</title>
    <link rel="icon" href="/assets/icon.svg" />
    <link rel="stylesheet" id="${PRESSABLE}" href="/assets/${style}" />
    <script type="module" src="/assets/${script}"></script>
  </head>
  <body>
    <div id="console"></div>
  </body>
</html>
`;
}
