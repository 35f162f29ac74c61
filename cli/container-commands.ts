/** `exec` and `logs`: their words. They run kubectl against the app's cluster, by hub and edge. */
import type { Command } from 'commander';
import { Fault } from './fault.ts';
import type { World } from './world.ts';

interface Which {
  readonly cluster?: string;
  readonly container?: string;
}

export function addContainerCommands(program: Command, world: World): void {
  program
    .command('exec')
    .description('run a command in a container of an app (Kubernetes; kubectl must be there)')
    .argument('<app>')
    .argument('<command...>', 'after --')
    .option('-i, --stdin', 'hand our standard input to it')
    .option('-t, --tty', 'with a terminal')
    .option('--cluster <name>', 'in this cluster')
    .option('--container <name>', 'as isthmus apps NAME shows it; else any that is ready')
    .action(async (name: string, command: string[], options: Which & { stdin?: boolean; tty?: boolean }) => {
      const { execCall } = await import('./containers.ts');
      const { stdin = false, tty = false } = options;
      const { cluster, words } = execCall(await wanted(world, name, options), { stdin, tty, command });
      process.exitCode = await world.kubectl(cluster, words);
    });
  program
    .command('logs')
    .description('what the containers of an app print (Kubernetes; kubectl must be there)')
    .argument('<app>')
    .option('-f, --follow', 'go on with what comes')
    .option('-p, --previous', 'of the containers before the last restart')
    .option('--tail <lines>', 'only the last lines of each')
    .option('--cluster <name>', 'in this cluster')
    .option('--container <name>', 'of this container alone')
    .action(
      async (name: string, options: Which & { follow?: boolean; previous?: boolean; tail?: string }) => {
        const { logCalls } = await import('./containers.ts');
        const { follow = false, previous = false, tail } = options;
        const calls = logCalls(await wanted(world, name, options), { follow, previous, tail });
        const codes = await Promise.all(calls.map(({ cluster, words }) => world.kubectl(cluster, words)));
        if (codes.some((code) => code !== 0))
          throw new Fault('failed', `kubectl ended with ${Math.max(...codes)}.`);
      },
    );
}

async function wanted(world: World, name: string, { cluster, container }: Which) {
  const { readApp } = await import('./apps.ts');
  const { readClusters } = await import('./clusters.ts');
  const api = world.open();
  const [app, clusters, tenant] = await Promise.all([readApp(api, name), readClusters(api), api.tenant()]);
  return { app, clusters, tenant, cluster, container };
}
