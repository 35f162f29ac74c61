/** `doctor`, `netcheck`, `ping`, `routes explain` and `bugreport`: their words. What they do is loaded when it is asked for. */
import type { Command } from 'commander';
import type { World } from './world.ts';

const VALUE_OUTPUT = ['-o, --output <format>', 'table, json, yaml or jsonpath=TEMPLATE'] as const;

const deeds = () => import('./diagnosis-deeds.ts');

export function addDiagnosisCommands(program: Command, world: World): void {
  program
    .command('doctor')
    .description('what is wrong from here to every app, and what to do; ends with 1 if anything is')
    .option(...VALUE_OUTPUT, 'table')
    .action(async ({ output }: { output: string }) => (await deeds()).doctor(world, output));
  program
    .command('netcheck')
    .description('the way to the control plane from here, and the ways between edges and hubs as these told')
    .option(...VALUE_OUTPUT, 'table')
    .action(async ({ output }: { output: string }) => (await deeds()).netcheck(world, output));
  program
    .command('ping')
    .description('the way between two sites: path, hubs, round trip and size, as their agents told')
    .argument('<from>', 'a site')
    .argument('<to>', 'another')
    .option('--size <bytes>', 'whether packets of so many bytes fit, as told')
    .option(...VALUE_OUTPUT, 'table')
    .action(async (from: string, to: string, options: { output: string; size?: string }) =>
      (await deeds()).ping(world, { from, to }, options),
    );
  program
    .command('routes')
    .description('questions about addresses')
    .command('explain')
    .description('whose an address is, what stands for it elsewhere, and what leads there')
    .argument('<address>')
    .option(...VALUE_OUTPUT, 'table')
    .action(async (address: string, { output }: { output: string }) =>
      (await deeds()).explainRoute(world, address, output),
    );
  program
    .command('bugreport')
    .description('versions, findings, everything readable and the last events, without secrets, in one file')
    .option('--output <file>', 'a new file; - for standard output')
    .option('--with-values', 'also values of variables, files, command lines and logs')
    .action(async (options: { output?: string; withValues?: boolean }) =>
      (await deeds()).bugreport(world, options),
    );
}
