/** The constructs as the package has them, beside a stand-in for the function, so that nothing else must be made. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll } from 'vitest';
import type { IsthmusConnection } from '../../infra/constructs/connection.ts';
import type { IsthmusPolicy } from '../../infra/constructs/policy.ts';
import type { IsthmusRoute } from '../../infra/constructs/route.ts';
import type { IsthmusService } from '../../infra/constructs/service.ts';
import type { IsthmusSite } from '../../infra/constructs/site.ts';
import type { IsthmusTenant } from '../../infra/constructs/tenant.ts';
import { bundleConstructs } from '../../infra/package-constructs.ts';

const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));

/** What the package exports. */
export interface Constructs {
  readonly IsthmusConnection: typeof IsthmusConnection;
  readonly IsthmusTenant: typeof IsthmusTenant;
  readonly IsthmusSite: typeof IsthmusSite;
  readonly IsthmusService: typeof IsthmusService;
  readonly IsthmusRoute: typeof IsthmusRoute;
  readonly IsthmusPolicy: typeof IsthmusPolicy;
}

/** Loaded from a directory of their own, which lasts as long as the tests of the file. */
export async function bundledConstructs(): Promise<Constructs> {
  const directory = mkdtempSync(join(tmpdir(), 'isthmus-constructs-'));
  afterAll(() => rmSync(directory, { recursive: true }));
  symlinkSync(MODULES, join(directory, 'node_modules'));
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }\n');
  mkdirSync(join(directory, 'resource'));
  writeFileSync(join(directory, 'resource/index.mjs'), 'export const handler = () => undefined;\n');
  await bundleConstructs(directory);
  return import(/* @vite-ignore */ pathToFileURL(join(directory, 'index.js')).href);
}
