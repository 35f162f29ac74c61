/**
 * Files of the state directory: secrets are readable by their owner alone, and a file is either the old or the new
 * one, whatever happens in between.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';

/** A failure that the person at the terminal can mend: shown as one sentence, without a stack. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused';
}

/** Makes the directory, for its owner alone; refuses with a sentence where that can't be. */
export function openStateDirectory(directory: string): void {
  try {
    makeDirectory(resolve(directory));
    writePrivately(`${directory}/.writable`, '');
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new StartRefused(
      `The state directory ${directory} can't be written (${reason}): choose another with --state DIR, or run as a user who may write it.`,
    );
  }
}

/** One level after the other: Node's own recursive way never ends where a parent takes no children, as in /proc. */
function makeDirectory(directory: string): void {
  if (existsSync(directory)) return;
  makeDirectory(dirname(directory));
  mkdirSync(directory, { mode: 0o700 });
}

export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw cause;
  }
}

/** Writes beside, then renames over. */
export function writePrivately(path: string, text: string, mode = 0o600): void {
  const beside = `${path}.new`;
  const file = openSync(beside, 'w', mode);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(beside, path);
}

/** The kept text of a file, or what `make` answers, kept from now on. */
export function readOrMake(path: string, make: () => string): string {
  const kept = readIfThere(path);
  if (kept !== undefined) return kept;
  const made = make();
  writePrivately(path, made);
  return made;
}
