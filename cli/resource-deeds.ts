/** What `get`, `describe`, `apply`, `diff` and `delete` do. Loaded with the first of them: commands that are asked all day by kubectl know no kinds. */
import { stringify } from 'yaml';
import { z } from 'zod';
import { Condition } from '../protocol/metadata.ts';
import type { Api } from './api.ts';
import { readClusters } from './clusters.ts';
import { conditionsText } from './conditions.ts';
import { Fault } from './fault.ts';
import { unseenClusters } from './health.ts';
import { appliedText, applyOne, removedText } from './manifest.ts';
import { findLeftOver, goneText, type LeftOver, leftOverText } from './prune.ts';
import { listingText, nameOf } from './resource/format.ts';
import type { KindRow, Row } from './resource/kinds.ts';
import { inOrder, type ManifestRead, readManifests } from './resource/manifests.ts';
import {
  type ApplyOptions,
  compare,
  readAll,
  readKindRow,
  readOne,
  removeOne,
  type Target,
  targetText,
} from './resources.ts';
import { ageSince } from './table.ts';
import type { World } from './world.ts';

export interface Wanted {
  readonly word: string;
  readonly name?: string | undefined;
}

export async function get(world: World, { word, name }: Wanted, output: string): Promise<void> {
  const kind = readKindRow(word);
  const api = world.open();
  const rows = name === undefined ? await readAll(api, kind) : [await readOne(api, { kind, name })];
  const text = listingText({ kind, rows, isOne: name !== undefined }, output, world.nowMs());
  if (text !== '') world.print(text);
  if (rows.length === 0) world.say(`There are no ${kind.plural}.`);
}

export async function describe(world: World, word: string, name: string): Promise<void> {
  const kind = readKindRow(word);
  world.print(describeText(kind, await readOne(world.open(), { kind, name }), world.nowMs()));
}

export interface FilesToApply extends ApplyOptions {
  readonly file: readonly string[];
  readonly dryRun?: boolean;
  readonly prune?: boolean;
}

export async function applyFiles(world: World, options: FilesToApply): Promise<void> {
  requireOwner(options);
  const api = world.open();
  const manifests = inOrder(readFiles(world, options.file));
  await each(world, manifests, async (manifest) => {
    if (options.dryRun !== true) return world.print(appliedText(await applyOne(api, manifest, options)));
    const { change } = await compare(api, manifest, options);
    world.print(`${targetText(manifest)} ${change} (dry run)`);
  }).catch((fault: unknown) => {
    if (options.prune === true) world.say('Nothing was pruned, because not every manifest was applied.');
    throw fault;
  });
  const left = await leftOver(world, api, { ...options, manifests });
  if (options.dryRun === true) for (const one of left) world.print(`${leftOverText(one)} deleted (dry run)`);
  else await prune(world, api, left);
}

export async function diffFiles(world: World, options: FilesToApply): Promise<void> {
  requireOwner(options);
  const api = world.open();
  const manifests = inOrder(readFiles(world, options.file));
  let differing = 0;
  for (const manifest of manifests) {
    const { text, change } = await compare(api, manifest, options);
    if (change === 'unchanged') continue;
    differing += 1;
    world.print(`${targetText(manifest)} would be ${change}\n${text}`);
  }
  for (const one of await leftOver(world, api, { ...options, manifests })) {
    differing += 1;
    world.print(`${leftOverText(one)} would be deleted\n${goneText(one)}`);
  }
  if (differing > 0) throw new Fault('failed', `${differing} would change.`);
}

function requireOwner({ owner, prune: isPruning, takeOwnership }: FilesToApply): void {
  const option = isPruning === true ? '--prune' : takeOwnership === true ? '--take-ownership' : undefined;
  if (owner === undefined && option !== undefined)
    throw new Fault('usage', `${option} takes --owner NAME: whose files these are.`);
}

/** What goes when everything that the files name is there: the ones that need others first. */
async function leftOver(
  world: World,
  api: Api,
  { owner, prune: isPruning, manifests }: FilesToApply & { readonly manifests: readonly ManifestRead[] },
): Promise<readonly LeftOver[]> {
  if (owner === undefined || isPruning !== true) return [];
  const { left, unseen } = await findLeftOver(api, owner, manifests);
  if (unseen.length > 0)
    world.say(`You may not read every ${unseen.join(', ')}: of these nothing is pruned that you don't see.`);
  return left;
}

/** Each on the generation that was read: what got another owner or spec meanwhile stays. */
async function prune(world: World, api: Api, left: readonly LeftOver[]): Promise<void> {
  for (const one of left) world.say(`${leftOverText(one)} is in no file any more`);
  const unseen = await unseenFor(api, left);
  await each(world, left, async ({ kind, row, address }) => {
    await api.remove(address, row.resource.metadata.generation);
    world.print(removedText(kind, row, unseen));
  });
}

/** Of a kind and a name, of an app's name alone, or of what manifests name. */
export async function remove(
  world: World,
  words: readonly [first: string | undefined, second: string | undefined],
  file: readonly string[] | undefined,
): Promise<void> {
  const [first, second] = words;
  if ((first === undefined) === (file === undefined))
    throw new Fault('usage', 'Say what to delete: KIND NAME, or -f FILE.');
  await removeAll(world, first === undefined ? inFiles(world, file ?? []) : [named(first, second)]);
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
  const unseen = await unseenFor(api, targets);
  await each(world, targets, async (target) =>
    world.print(removedText(target.kind, await removeOne(api, target), unseen)),
  );
}

/** Of apps, clusters that can't be told to let them go. */
async function unseenFor(api: Api, targets: readonly { readonly kind: KindRow }[]) {
  const hasApps = targets.some(({ kind }) => kind.name === 'app');
  return unseenClusters(hasApps ? await readClusters(api) : []);
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
    `created ${ageSince(metadata.createdAt, nowMs)} ago, changed ${ageSince(metadata.updatedAt, nowMs)} ago, generation ${metadata.generation}${metadata.owner === undefined ? '' : `, kept by the manifests of ${metadata.owner}`}`,
    ...(conditions.length === 0 ? [] : ['', conditionsText(conditions, nowMs)]),
    ...block('spec', spec),
    ...block('status', rest),
  ].join('\n');
}
