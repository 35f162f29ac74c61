/** The package as a user installs it, in an app of his own in a scratch directory, beside the CDK. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { IsthmusConnection } from '../../infra/constructs/connection.ts';
import type { IsthmusPolicy } from '../../infra/constructs/policy.ts';
import type { IsthmusRoute } from '../../infra/constructs/route.ts';
import type { IsthmusService } from '../../infra/constructs/service.ts';
import type { IsthmusSite } from '../../infra/constructs/site.ts';
import type { IsthmusTenant } from '../../infra/constructs/tenant.ts';
import { packageConstructs } from '../../infra/package-constructs.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const run = promisify(execFile);

/** What the package exports. */
export interface Constructs {
  readonly IsthmusConnection: typeof IsthmusConnection;
  readonly IsthmusTenant: typeof IsthmusTenant;
  readonly IsthmusSite: typeof IsthmusSite;
  readonly IsthmusService: typeof IsthmusService;
  readonly IsthmusRoute: typeof IsthmusRoute;
  readonly IsthmusPolicy: typeof IsthmusPolicy;
}

export interface UserApp {
  readonly directory: string;
  readonly constructs: Constructs;
  /** Writes a file of the app, and runs a program there; answers its output or throws with it. */
  write(file: string, text: string): void;
  run(program: string, args: readonly string[]): Promise<string>;
}

/** npm's own tarball, unpacked where npm would. */
export async function createUserApp(): Promise<UserApp> {
  const directory = mkdtempSync(join(tmpdir(), 'isthmus-user-app-'));
  const modules = join(directory, 'node_modules');
  const installed = join(modules, 'isthmus-constructs');
  mkdirSync(installed, { recursive: true });
  for (const name of ['aws-cdk-lib', 'constructs', '@types'])
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
  await packageConstructs(join(directory, 'made'));
  await run('npm', ['pack', './made', '--offline'], { cwd: directory });
  await run('sh', ['-c', `tar -xzf isthmus-constructs-*.tgz -C ${installed} --strip-components=1`], {
    cwd: directory,
  });
  const entry = createRequire(join(directory, 'app.js')).resolve('isthmus-constructs');
  return {
    directory,
    constructs: await import(/* @vite-ignore */ pathToFileURL(entry).href),
    write: (file, text) => writeFileSync(join(directory, file), text),
    async run(program, args) {
      const { stdout } = await run(program, args, { cwd: directory }).catch((failure: unknown) => {
        const { stdout = '', stderr = '' } = Object(failure);
        throw new Error(`${program} ${args.join(' ')}: ${stdout}${stderr}`);
      });
      return stdout;
    },
  };
}
