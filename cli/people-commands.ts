/** `whoami`, `status`, `events`, `isolate`, `rotate`, `policy explain` and `completion`: their words. What they do is loaded when it is asked for. */
import type { Command } from 'commander';
import type { World } from './world.ts';

const VALUE_OUTPUT = ['-o, --output <format>', 'table, json, yaml or jsonpath=TEMPLATE'] as const;

const deeds = () => import('./people-deeds.ts');

export function addPeopleCommands(program: Command, world: World): void {
  program
    .command('whoami')
    .description('who the control plane takes us for')
    .option(...VALUE_OUTPUT, 'table')
    .action(async ({ output }: { output: string }) => (await deeds()).whoami(world, output));
  program
    .command('status')
    .description('how all sites are, and what needs a person, the oldest first')
    .option(...VALUE_OUTPUT, 'table')
    .action(async ({ output }: { output: string }) => (await deeds()).showStatus(world, output));
  program
    .command('events')
    .description('what was done, by whom')
    .option('-w, --watch', 'go on with what comes')
    .option('--limit <count>', 'how many, at most 500', '50')
    .option(...VALUE_OUTPUT, 'table')
    .action(async (options: { watch?: boolean; limit: string; output: string }) =>
      (await deeds()).showEvents(world, options),
    );
  program
    .command('isolate')
    .description(
      "isolate a tenant's sites from each other, but for what policies allow; waits until edges and hubs hold it",
    )
    .argument('<tenant>')
    .option('--off', 'open it again')
    .action(async (tenant: string, { off = false }: { off?: boolean }) => {
      const { isolate } = await import('./isolation.ts');
      world.print(await isolate(world.open(), world, { tenant, isolation: off ? 'open' : 'isolated' }));
    });
  addRotation(program, world);
  program
    .command('policy')
    .description('questions about policies')
    .command('explain')
    .description('whether one thing may speak to another, and by what')
    .argument('<from>', 'site/NAME, service/SITE/NAME, app/NAME or group/NAME')
    .argument('<to>', 'likewise')
    .option('--port <port>', 'tcp/PORT or udp/PORT')
    .option(...VALUE_OUTPUT, 'table')
    .action(async (from: string, to: string, { port, output }: { port?: string; output: string }) =>
      (await deeds()).explainPolicy(world, { from, to, port }, output),
    );
  program
    .command('completion')
    .description('a script for your shell: bash, zsh or fish')
    .argument('<shell>')
    .action(async (shell: string) => {
      const { completionScript } = await import('./completion.ts');
      const names = program.commands.map((one) => one.name());
      world.print(completionScript(shell, names));
    });
}

function addRotation(program: Command, world: World): void {
  program
    .command('rotate')
    .description(
      'give an edge a new WireGuard key while traffic flows; waits until every leg of it has the key',
    )
    .argument('<edge>')
    .action(async (edge: string) => {
      const { rotate } = await import('./rotation.ts');
      world.print(await rotate(world.open(), world, edge));
    });
}
