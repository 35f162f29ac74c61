/**
 * A directory that is made anew: beside its place, and moved there when it is whole, so that nobody finds half of it. It
 * must not know what is in it.
 */
import { renameSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Another process may make the same directory at the same time. */
const MOVES_MAX = 5;

/** `fill` writes into the directory that it is handed. If it fails, what was there before stays. */
export async function replaceDirectory(
  directory: string,
  fill: (made: string) => Promise<void>,
): Promise<void> {
  await mkdir(dirname(directory), { recursive: true });
  const scratch = await mkdtemp(`${directory}.`);
  try {
    const made = join(scratch, 'made');
    await mkdir(made);
    await fill(made);
    for (let moves = 1; !move(made, directory, join(scratch, `old-${moves}`)); moves += 1)
      if (moves === MOVES_MAX) throw new Error(`${directory} is made by somebody else again and again.`);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/**
 * False if another one lies in its place again already. No file system swaps two directories for us, so for an instant
 * there is none; both moves are made at once, so that nothing in this process falls into it.
 */
function move(made: string, directory: string, old: string): boolean {
  moveUnless('ENOENT', directory, old);
  return moveUnless('ENOTEMPTY', made, directory);
}

/** Whether it was done; other faults than this one are thrown. */
function moveUnless(code: 'ENOENT' | 'ENOTEMPTY', from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (fault) {
    if (fault instanceof Error && 'code' in fault && fault.code === code) return false;
    throw fault;
  }
}
