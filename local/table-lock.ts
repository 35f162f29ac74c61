/**
 * Says who has the table's directory open. The lock is LevelDB's own, which the kernel drops with the process;
 * the file beside it only names the process for people. dynalite would end the process on a locked or damaged
 * database, hence the look before it starts.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';

interface Database {
  open(): Promise<void>;
  close(): Promise<void>;
}

/** The very LevelDB that dynalite will use. */
const { Level }: { readonly Level: new (path: string) => Database } = createRequire(
  createRequire(import.meta.url).resolve('dynalite'),
)('level');

/** Throws one sentence if another process has the database open, or if it can't be opened at all. */
export async function checkUnused(directory: string, path: string): Promise<void> {
  const database = new Level(path);
  try {
    await database.open();
  } catch (fault) {
    throw new Error(await sentenceOf(directory, fault), { cause: fault });
  }
  await database.close();
}

export function writeOwner(directory: string): Promise<void> {
  return writeFile(ownerFile(directory), `${process.pid}\n`);
}

async function sentenceOf(directory: string, fault: unknown): Promise<string> {
  if (!isLocked(fault))
    return `The table in ${directory} can't be opened; restore the directory from a backup.`;
  const owner = await readFile(ownerFile(directory), 'utf8').catch(() => '');
  const who = /^\d+$/.test(owner.trim()) ? `process ${owner.trim()}` : 'another process';
  return `The table in ${directory} is in use by ${who}: stop it first, or choose another directory.`;
}

/** abstract-level says what failed in the cause. */
function isLocked(fault: unknown): boolean {
  const cause = fault instanceof Error ? fault.cause : undefined;
  return cause instanceof Error && 'code' in cause && cause.code === 'LEVEL_LOCKED';
}

function ownerFile(directory: string): string {
  return join(directory, 'table.pid');
}
