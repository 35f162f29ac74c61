/**
 * Makes writes to the embedded table outlive a power cut. LevelDB hands each write to the kernel, which outlives the process
 * but not the machine; and a table that falls behind would compile documents that agents refuse as old.
 * It only ever syncs: it never reads or changes what LevelDB wrote.
 */
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Waits until all that was written before the call is on the disk. */
export type Sync = () => Promise<void>;

/** One run serves all who asked before it began, so that a burst of writes costs few. */
export function grouped(run: Sync): Sync {
  let running: Promise<void> = Promise.resolve();
  let waiting: Promise<void> | undefined;
  return () => {
    waiting ??= running
      .catch(() => undefined)
      .then(() => {
        waiting = undefined;
        running = run();
        return running;
      });
    return waiting;
  };
}

/** A write stands in a log until LevelDB has synced it into a table file itself; so the logs are all there is to sync. */
export async function syncLogs(directory: string): Promise<void> {
  const names = await readdir(directory);
  const logs = names.filter((name) => name.endsWith('.log'));
  await Promise.all(logs.map((name) => syncPath(join(directory, name))));
  await syncPath(directory);
}

export async function syncPath(path: string): Promise<void> {
  const file = await open(path, 'r').catch(ignoreMissing);
  if (file === undefined) return;
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** A log that is gone was merged into a table file, which LevelDB syncs. */
function ignoreMissing(fault: NodeJS.ErrnoException): undefined {
  if (fault.code !== 'ENOENT') throw fault;
}
