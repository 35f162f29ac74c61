/** `get`, `describe`, `apply`, `diff` and `delete`, for things of every kind. */
import type { Command } from 'commander';
import { stringify } from 'yaml';
import { z } from 'zod';
import { Condition } from '../protocol/metadata.ts';
import { readClusters } from './clusters.ts';
import { conditionsText } from './conditions.ts';
import { Fault } from './fault.ts';
import { unseenClusters } from './health.ts';
import { appliedText, applyOne, removedText } from './manifest.ts';
import { listingText, nameOf } from './resource/format.ts';
import type { KindRow, Row } from './resource/kinds.ts';
import { inOrder, type ManifestRead, readManifests } from './resource/manifests.ts';
import { compare, readAll, readKindRow, readOne, removeOne, type Target, targetText } from './resources.ts';
import { ageSince } from './table.ts';
import type { World } from './world.ts';

export const OUTPUT = [
  '-o, --output <format>',
  'table, wide, json, yaml, name or jsonpath=TEMPLATE',
] as const;
const FILE = ['-f, --file <path...>', 'files or directories of YAML or JSON; - for standard input'] as const;

export function addResourceCommands(program: Command, world: World): void {
  program
    .command('get')
    .description('show things of a kind, or one of them')
    .argument('<kind>', 'tenant, site, hub, edge, cluster, pool, service, app, route, policy, token or key')
    .argument('[name]', 'of a service SITE/NAME')
    .option(...OUTPUT, 'table')
    .action(async (word: string, name: string | undefined, { output }: { output: string }) => {
      const kind = readKindRow(word);
      const api = world.open();
      const rows = name === undefined ? await readAll(api, kind) : [await readOne(api, { kind, name })];
      const text = listingText({ kind, rows, isOne: name !== undefined }, output, world.nowMs());
      if (text !== '') world.print(text);
      if (rows.length === 0) world.say(`There are no ${kind.plural}.`);
    });
  program
    .command('describe')
    .description('all that is known of one thing, with the age of each statement')
    .argument('<kind>')
    .argument('<name>', 'of a service SITE/NAME')
    .action(async (word: string, name: string) => {
      const kind = readKindRow(word);
      world.print(describeText(kind, await readOne(world.open(), { kind, name }), world.nowMs()));
    });
  addManifestCommands(program, world);
  program
    .command('delete')
    .description('delete a thing (data in the volumes of an app stays), or what manifests name')
    .argument('[kind or app]', 'a kind, with a name after it; else the name of an app')
    .argument('[name]')
    .option(...FILE)
    .action(async (first: string | undefined, second: string | undefined, { file }: { file?: string[] }) => {
      if ((first === undefined) === (file === undefined))
        throw new Fault('usage', 'Say what to delete: KIND NAME, or -f FILE.');
      const targets = first === undefined ? inFiles(world, file ?? []) : [named(first, second)];
      await removeAll(world, targets);
    });
}

function addManifestCommands(program: Command, world: World): void {
  program
    .command('apply')
    .description('make things what their manifests say')
    .requiredOption(...FILE)
    .option('--dry-run', 'only say what would be done')
    .option('--reset', 'of a cluster: what the manifest does not name goes back to its default')
    .action(async (options: { file: string[]; dryRun?: boolean; reset?: boolean }) => {
      const api = world.open();
      const manifests = inOrder(readFiles(world, options.file));
      await each(world, manifests, async (manifest) => {
        if (options.dryRun !== true) return world.print(appliedText(await applyOne(api, manifest, options)));
        const { change } = await compare(api, manifest);
        world.print(`${targetText(manifest)} ${change} (dry run)`);
      });
    });
  program
    .command('diff')
    .description('what apply would change; exits with 1 if that is anything')
    .requiredOption(...FILE)
    .action(async ({ file }: { file: string[] }) => {
      const api = world.open();
      let differing = 0;
      for (const manifest of inOrder(readFiles(world, file))) {
        const { text, change } = await compare(api, manifest);
        if (change === 'unchanged') continue;
        differing += 1;
        world.print(`${targetText(manifest)} would be ${change}\n${text}`);
      }
      if (differing > 0) throw new Fault('failed', `${differing} would change.`);
    });
}

function readFiles(world: World, paths: readonly string[]): ManifestRead[] {
  const files = paths.flatMap((path) => world.filesIn(path));
  const manifests = readManifests(files.map((file) => ({ file, text: world.read(file) })));
  if (manifests.length > 0) return manifests;
  throw new Fault('usage', `${paths.join(', ')} holds no manifest.`);
}

function named(first: string, second: string | undefined): Target {
  return second === undefined
    ? { kind: readKindRow('app'), name: first }
    : { kind: readKindRow(first), name: second };
}

/** In the other order than they are made. */
function inFiles(world: World, paths: readonly string[]): Target[] {
  const manifests = inOrder(readFiles(world, paths)).reverse();
  return manifests.map(({ kind, name, site, tenant }) => ({
    kind,
    tenant,
    name: kind.scope === 'site' ? `${site}/${name}` : name,
  }));
}

async function removeAll(world: World, targets: readonly Target[]): Promise<void> {
  const api = world.open();
  const hasApps = targets.some(({ kind }) => kind.name === 'app');
  const unseen = unseenClusters(hasApps ? await readClusters(api) : []);
  await each(world, targets, async (target) =>
    world.print(removedText(target.kind, await removeOne(api, target), unseen)),
  );
}

/** One that fails does not keep the others back; the first fault is the command's. */
async function each<T>(world: World, all: readonly T[], act: (one: T) => Promise<void>): Promise<void> {
  let first: unknown;
  for (const one of all)
    try {
      await act(one);
    } catch (cause) {
      if (first === undefined) first = cause;
      else world.say(cause instanceof Error ? cause.message : String(cause));
    }
  if (first !== undefined) throw first;
}

function describeText(kind: KindRow, { resource }: Row, nowMs: number): string {
  const { metadata, spec, status } = resource;
  const { conditions: said, ...rest } = status;
  const conditions = z.array(Condition).safeParse(said).data ?? [];
  const block = (name: string, value: object) =>
    Object.keys(value).length === 0 ? [] : ['', stringify({ [name]: value }).trimEnd()];
  return [
    `${kind.name} ${nameOf(kind, resource)}`,
    `created ${ageSince(metadata.createdAt, nowMs)} ago, changed ${ageSince(metadata.updatedAt, nowMs)} ago, generation ${metadata.generation}`,
    ...(conditions.length === 0 ? [] : ['', conditionsText(conditions, nowMs)]),
    ...block('spec', spec),
    ...block('status', rest),
  ].join('\n');
}
