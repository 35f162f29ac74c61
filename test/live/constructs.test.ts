/** The package with the constructs as a user installs it, by npm's own tarball: apps in each dialect, and its types. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packageConstructs } from '../../infra/package-constructs.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const TSC = join(root, 'node_modules/.bin/tsc');
const run = promisify(execFile);

interface UserApp {
  readonly directory: string;
  /** Writes a file of the app, and runs a program there; answers its output or throws with it. */
  write(file: string, text: string): void;
  run(program: string, args: readonly string[]): Promise<string>;
}

/** npm's own tarball, unpacked where npm would. */
async function createUserApp(): Promise<UserApp> {
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
  return {
    directory,
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

let app: UserApp;
beforeAll(async () => {
  app = await createUserApp();
});
afterAll(() => rmSync(app.directory, { recursive: true }));

const BODY = `
const stack = new Stack(new App(), 'Shop');
const apiKey = Secret.fromSecretNameV2(stack, 'ApiKey', 'isthmus/shop');
const connection = new IsthmusConnection(stack, 'Isthmus', { url: 'https://isthmus.example.com', apiKey });
const tenant = IsthmusTenant.fromName(connection, 'acme');
const site = new IsthmusSite(stack, 'Berlin', { tenant, name: 'berlin', allotment: ['10.0.0.0/8'] });
const web = new IsthmusService(stack, 'Web', { site, name: 'web', address: '10.1.0.10', port: 8080 });
new IsthmusRoute(stack, 'Route', { service: web, host: 'shop.example.com' });
`;
const NAMES = 'IsthmusConnection, IsthmusTenant, IsthmusSite, IsthmusService, IsthmusRoute';
const IMPORTS = `import { App, Stack } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { ${NAMES} } from 'isthmus-constructs';
`;
const REQUIRES = `const { App, Stack } = require('aws-cdk-lib');
const { Secret } = require('aws-cdk-lib/aws-secretsmanager');
const { ${NAMES} } = require('isthmus-constructs');
`;
const PRINT = `
const { Resources } = stack.node.root.synth().getStackByName('Shop').template;
console.log(Object.values(Resources).map(({ Type }) => Type).filter((type) => type.startsWith('Custom')).join(' '));
`;
const SYNTHESIZED = 'Custom::IsthmusSite Custom::IsthmusService Custom::IsthmusRoute\n';

test('an app in JavaScript synthesizes, as an ES module and as CommonJS', async () => {
  app.write('app.mjs', IMPORTS + BODY + PRINT);
  app.write('app.cjs', REQUIRES + BODY + PRINT);
  expect(await app.run(process.execPath, ['app.mjs'])).toBe(SYNTHESIZED);
  expect(await app.run(process.execPath, ['app.cjs'])).toBe(SYNTHESIZED);
});

test('an app in TypeScript is checked by types that need nothing but the CDK, in either module system', async () => {
  const options = { strict: true, module: 'nodenext', target: 'es2022', noEmit: true, types: ['node'] };
  const files = ['esm.mts', 'commonjs.cts'];
  const compilerOptions = { ...options, skipLibCheck: true };
  app.write('tsconfig.json', JSON.stringify({ compilerOptions, files }));
  // A type that could not be resolved would be `any`, and what is wrong here no error.
  const wrong = `
// @ts-expect-error a port is a number
new IsthmusService(stack, 'Wrong', { site, name: 'web', address: '10.1.0.10', port: '8080' });
// @ts-expect-error a site has an allotment
new IsthmusSite(stack, 'Wrong', { tenant, name: 'berlin' });
// @ts-expect-error a site is no service
new IsthmusRoute(stack, 'Wrong', { service: site, host: 'shop.example.com' });
`;
  for (const file of files) app.write(file, IMPORTS + BODY + wrong);
  expect(await app.run(TSC, ['-p', '.'])).toBe('');
});
