/** `isthmus import`: reads the files, and what they name beside them; writes manifests. What is said of them goes where no pipe takes it for a manifest. */
import { existsSync, mkdirSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { Fault } from './fault.ts';
import { importFile, manifestText, noteText, SYSTEMS, type System } from './import/import.ts';
import { readFile } from './profile.ts';

const FILE_BYTES_MAX = 65_536;
const SOURCE_BYTES_MAX = 16 * 1_048_576;

export interface MadeManifest {
  readonly name: string;
  readonly text: string;
}

export interface ImportedFiles {
  readonly manifests: readonly MadeManifest[];
  readonly notes: readonly string[];
}

export function importFiles(paths: readonly string[], from?: string): ImportedFiles {
  const system = from === undefined ? undefined : systemOf(from);
  const all = paths.map((path) => imported(path, system));
  const manifests = all.flatMap(({ manifests }) => manifests);
  const names = manifests.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new Fault('usage', `Two files have an app ${twice}: import them one by one, and rename one.`);
  return { manifests, notes: all.flatMap(({ notes }) => notes) };
}

/** All of them, as one text. */
export function manifestsText(manifests: readonly MadeManifest[]): string {
  return someOf(manifests)
    .map(({ text }) => text)
    .join('---\n')
    .trimEnd();
}

function someOf(manifests: readonly MadeManifest[]): readonly MadeManifest[] {
  if (manifests.length === 0) throw new Fault('failed', 'No app could be made of what was read.');
  return manifests;
}

/** One file an app, because `isthmus apply` takes one manifest a file. */
export function writeManifests(directory: string, manifests: readonly MadeManifest[]): string[] {
  const some = someOf(manifests);
  mkdirSync(directory, { recursive: true });
  return some.map(({ name, text }) => {
    const path = join(directory, `${name}.yaml`);
    writeFileSync(path, text);
    return path;
  });
}

function imported(path: string, from: System | undefined): ImportedFiles {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true)
    throw new Fault('usage', `${path} is no file.`);
  if (statSync(path).size > SOURCE_BYTES_MAX) throw new Fault('usage', `${path} is larger than 16 MiB.`);
  const readText = (name: string) => textBeside(dirname(path), name);
  const result = importFile({ name: path, text: readFile(path), from, readText });
  if (result.kind === 'fault') throw new Fault('usage', result.message);
  const manifests = result.apps.map((app) => ({ name: app.name, text: manifestText(app, result.notes) }));
  return { manifests, notes: result.notes.map(noteText) };
}

function systemOf(text: string): System {
  const found = SYSTEMS.find((system) => system === text);
  if (found === undefined) throw new Fault('usage', `--from is one of ${SYSTEMS.join(', ')}.`);
  return found;
}

/** Never what lies elsewhere: a file from a stranger must not bring the reader's own into a manifest. */
function textBeside(directory: string, name: string): string | undefined {
  const named = resolve(directory, name);
  if (!existsSync(named)) return undefined;
  // Where it really lies: a symbolic link may lead anywhere.
  const path = realpathSync(named);
  const way = relative(realpathSync(directory), path);
  if (way.startsWith('..') || isAbsolute(way)) return undefined;
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile() !== true || found.size > FILE_BYTES_MAX) return undefined;
  const text = readFile(path);
  return text.includes('\0') || text.includes('\uFFFD') ? undefined : text;
}
