/**
 * What every bundle of ours has in common, as settings for esbuild: the agent's, the functions', the constructs'. It
 * must not know what is in them.
 */
import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/** Some dependencies are CommonJS and ask for Node's modules by `require`. */
export const REQUIRE =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/** Of zod's messages in some sixty languages we need one; the others cost memory at every start. */
export const ENGLISH_ONLY: Plugin = {
  name: 'english-only',
  setup: (bundling) => {
    bundling.onLoad({ filter: /zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
      loader: 'js',
    }));
  },
};

/** `z` as a namespace import lets esbuild drop what nobody names, which is more than half of zod. */
export const ZOD_BY_NAME: Plugin = {
  name: 'zod-by-name',
  setup: (bundling) => {
    bundling.onLoad({ filter: /\/(protocol|functions|vpc)\/.*\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      return {
        contents: text.replace("import { z } from 'zod';", "import * as z from 'zod';"),
        loader: 'ts',
      };
    });
  },
};
