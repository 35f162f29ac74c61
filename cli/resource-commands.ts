/** `get`, `describe`, `apply`, `diff` and `delete`, for things of every kind: their words. What they do is `resource-deeds.ts`, which is loaded when it is asked for. */
import type { Command } from 'commander';
import type { FilesToApply } from './resource-deeds.ts';
import type { World } from './world.ts';

const OUTPUT = ['-o, --output <format>', 'table, wide, json, yaml, name or jsonpath=TEMPLATE'] as const;
const FILE = ['-f, --file <path...>', 'files or directories of YAML or JSON; - for standard input'] as const;

const OWNER = ['--owner <name>', 'whose files these are: what they name is kept by them'] as const;
const PRUNE = ['--prune', 'delete what the owner has and no file names any more'] as const;
const TAKE = ['--take-ownership', 'also of what the files of another owner keep'] as const;

const deeds = () => import('./resource-deeds.ts');

export function addResourceCommands(program: Command, world: World): void {
  program
    .command('get')
    .description('show things of a kind, or one of them')
    .argument(
      '<kind>',
      'tenant, site, hub, edge, cluster, pool, service, app, route, policy, token, role, binding or key',
    )
    .argument('[name]', 'of a service SITE/NAME')
    .option(...OUTPUT, 'table')
    .action(async (word: string, name: string | undefined, { output }: { output: string }) =>
      (await deeds()).get(world, { word, name }, output),
    );
  program
    .command('describe')
    .description('all that is known of one thing, with the age of each statement')
    .argument('<kind>')
    .argument('<name>', 'of a service SITE/NAME')
    .action(async (word: string, name: string) => (await deeds()).describe(world, word, name));
  program
    .command('apply')
    .description('make things what their manifests say')
    .requiredOption(...FILE)
    .option('--dry-run', 'only say what would be done')
    .option('--reset', 'of a cluster: what the manifest does not name goes back to its default')
    .option(...OWNER)
    .option(...PRUNE)
    .option(...TAKE)
    .action(async (options: FilesToApply) => (await deeds()).applyFiles(world, options));
  program
    .command('diff')
    .description('what apply would change; exits with 1 if that is anything')
    .requiredOption(...FILE)
    .option(...OWNER)
    .option(...PRUNE)
    .option(...TAKE)
    .action(async (options: FilesToApply) => (await deeds()).diffFiles(world, options));
  program
    .command('delete')
    .description('delete a thing (data in the volumes of an app stays), or what manifests name')
    .argument('[kind or app]', 'a kind, with a name after it; else the name of an app')
    .argument('[name]')
    .option(...FILE)
    .action(async (first: string | undefined, second: string | undefined, { file }: { file?: string[] }) =>
      (await deeds()).remove(world, [first, second], file),
    );
}
