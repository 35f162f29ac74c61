/**
 * What this node remembers of containers that have addresses, a file each, so that a container can be deleted while the agent or the API server is away: the
 * shim sees whose file there is, and moves it to those that are gone. The truth stays the cluster's; a lost file costs nothing but time.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../../protocol/json.ts';

const ENTRIES_MAX = 10_000;

const Entry = z.object({
  address: z.int().min(0).max(0xffff_ffff),
  device: z.string().max(15),
  length: z.int().min(0).max(32),
});
export type Entry = z.infer<typeof Entry>;

export class Ledger {
  readonly held: string;
  readonly gone: string;

  constructor(directory: string) {
    this.held = join(directory, 'held');
    this.gone = join(directory, 'gone');
    for (const path of [this.held, this.gone]) mkdirSync(path, { recursive: true, mode: 0o700 });
  }

  record(container: string, entry: Entry): void {
    const path = join(this.held, container);
    writeFileSync(`${path}.new`, JSON.stringify(entry), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }

  /** Its address is still to be given back. */
  bury(container: string): void {
    try {
      renameSync(join(this.held, container), join(this.gone, container));
    } catch {
      // It was never here, or is buried already.
    }
  }

  forget(container: string): void {
    for (const directory of [this.held, this.gone]) rmSync(join(directory, container), { force: true });
  }

  entry(container: string): Entry | undefined {
    return readEntry(join(this.held, container)) ?? readEntry(join(this.gone, container));
  }

  /** Containers whose addresses are to be given back. */
  buried(): readonly string[] {
    return readdirSync(this.gone).slice(0, ENTRIES_MAX);
  }

  /** Any one: all containers of a node are on one link. */
  lastLink(): Pick<Entry, 'device' | 'length'> | undefined {
    for (const name of readdirSync(this.held).slice(0, ENTRIES_MAX)) {
      const entry = readEntry(join(this.held, name));
      if (entry !== undefined) return entry;
    }
    return undefined;
  }
}

function readEntry(path: string): Entry | undefined {
  try {
    return Entry.safeParse(parseJson(readFileSync(path, 'utf8'))).data;
  } catch {
    return undefined;
  }
}
