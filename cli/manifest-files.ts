/** The manifests that a path given by `-f` stands for. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from './fault.ts';

const FILES_MAX = 5_000;

/** The file itself, or the YAML and JSON files of a directory and of those in it, by name. */
export function manifestFiles(path: string): string[] {
  if (path === '-' || statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [path];
  const files = readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ya?ml|json)$/i.test(name))
    .sort();
  if (files.length > FILES_MAX) throw new Fault('usage', `${path} has more than ${FILES_MAX} files.`);
  return files.map((name) => join(path, name));
}
