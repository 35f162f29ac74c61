/** `apps`, `clusters`, `pools`, `etcd`, `requests` and `drill`: views of more than a row. What they do is loaded when it is asked for. */
import type { Command } from 'commander';
import type { DrillOptions } from './drill.ts';
import type { ViewOptions } from './view-deeds.ts';
import type { World } from './world.ts';

const KIND_OUTPUT = ['-o, --output <format>', 'table, wide, json, yaml, name or jsonpath=TEMPLATE'] as const;
const VALUE_OUTPUT = ['-o, --output <format>', 'table, json, yaml or jsonpath=TEMPLATE'] as const;
const JSON_OPTION = ['--json', 'as JSON, a list without anything around it'] as const;

const deeds = () => import('./view-deeds.ts');

export function addViewCommands(program: Command, world: World): void {
  program
    .command('apps')
    .description('show apps, or one of them with its containers')
    .argument('[name]')
    .option(...KIND_OUTPUT, 'table')
    .option(...JSON_OPTION)
    .action(async (name: string | undefined, options: ViewOptions) =>
      (await deeds()).showApps(world, name, options),
    );
  program
    .command('clusters')
    .description('show clusters, or one of them')
    .argument('[name]')
    .option(...KIND_OUTPUT, 'table')
    .option(...JSON_OPTION)
    .option('--manifest', 'as a manifest, to change and apply')
    .action(async (name: string | undefined, options: ViewOptions & { manifest?: boolean }) =>
      (await deeds()).showClusters(world, name, options),
    );
  program
    .command('pools')
    .description('show pools of addresses, or one of them with who has its addresses')
    .argument('[name]')
    .option(...KIND_OUTPUT, 'table')
    .option(...JSON_OPTION)
    .action(async (name: string | undefined, options: ViewOptions) =>
      (await deeds()).showPools(world, name, options),
    );
  program
    .command('etcd')
    .description("a cluster's etcd: members, snapshots, rehearsed recoveries, advice")
    .argument('<cluster>')
    .option(...VALUE_OUTPUT, 'table')
    .option(...JSON_OPTION)
    .action(async (name: string, options: ViewOptions) => (await deeds()).showEtcd(world, name, options));
  program
    .command('requests')
    .description("who asks a cluster's API server for what, and what would help")
    .argument('<cluster>')
    .option(...VALUE_OUTPUT, 'table')
    .option(...JSON_OPTION)
    .action(async (name: string, options: ViewOptions) => (await deeds()).showRequests(world, name, options));
  program
    .command('drill')
    .description("rehearse the recovery of a cluster's etcd now; ends with 1 if it fails")
    .argument('<cluster>')
    .option('--last', 'hold none: show the last one')
    .option('--timeout <seconds>', 'how long to wait for it', '600')
    .option(...VALUE_OUTPUT, 'table')
    .action(async (name: string, options: DrillOptions) =>
      (await import('./drill.ts')).drill(world, name, options),
    );
}
