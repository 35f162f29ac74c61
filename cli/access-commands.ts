/** `login` and `logout`: their words. What they do is loaded when it is asked for, and with it what signing in at an issuer takes. */
import type { Command } from 'commander';
import type { Settings } from './profile.ts';
import type { World } from './world.ts';

const deeds = () => import('./access-deeds.ts');

export interface LoginOptions {
  readonly url?: string;
  readonly keyFile?: string;
  readonly issuer?: string;
  readonly ca?: string;
}

export function addAccessCommands(program: Command, world: World, settings: Settings): void {
  program
    .command('login')
    .description('keep a profile: which control plane, and who you are there: by a browser, or by a key')
    .option('--url <url>', 'https://HOST[:PORT]; else the one of the last login')
    .option('--key-file <file>', 'file that holds an API key and nothing else; else you sign in by a browser')
    .option('--issuer <url>', 'where to sign in, if the control plane names several')
    .option('--ca <file>', "PEM of the authority of the control plane's certificate")
    .action(async (options: LoginOptions) => {
      const { tenant } = program.opts<{ tenant?: string }>();
      await (await deeds()).login({ world, settings }, { ...options, tenant });
    });
  program
    .command('logout')
    .description(
      'forget the key or the sign-in, and tell the issuer; the address of the control plane is kept',
    )
    .action(async () => (await deeds()).logout({ world, settings }));
}
