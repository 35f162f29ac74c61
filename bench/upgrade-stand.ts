/** What a case of the upgrade bench is: a cluster of one kind with a driver at it, and where its clients stand. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Driver } from '../edge-agent/clusters/driver.ts';
import type { Running } from '../local/command.ts';
import type { AppInstance } from '../protocol/app.ts';

const SCRIPT = fileURLToPath(new URL('upgrade-load.ts', import.meta.url));

export interface UpgradeStand {
  readonly driver: Driver;
  /** What a load balancer does that follows how the app is. */
  readonly follow?: (told: AppInstance) => Promise<void>;
  /** Asked once the app is up. */
  target(): Promise<LoadTarget>;
  close(): Promise<void>;
}

export interface UpgradeCase {
  readonly kind: string;
  /** What a client goes through, in words. */
  readonly client: string;
  /** How the app ends when it is told to: at once, or after it has gone on serving for a while. */
  readonly ending: 'at once' | 'after 2 s';
  raise(): Promise<UpgradeStand>;
}

export interface LoadTarget {
  readonly url: string;
  /** If the name of the URL is asked for at each request. */
  readonly nameserver?: string;
  /** Starts a command where clients are. */
  spawn(command: readonly string[]): Running;
}

const Answer = z.object({ atMs: z.number(), tookMs: z.number(), why: z.string() });
export type Answer = z.infer<typeof Answer>;

/** The answer ends it, and resolves with what came of each request. */
export async function startLoad(
  target: LoadTarget,
  ratePerSecond: number,
): Promise<() => Promise<readonly Answer[]>> {
  const directory = await mkdtemp(join(tmpdir(), 'isthmus-upgrade-load-'));
  const words = [SCRIPT, directory, `${ratePerSecond}`, target.url];
  const more = target.nameserver === undefined ? [] : [target.nameserver];
  const running = target.spawn([process.execPath, ...words, ...more]);
  return async () => {
    await writeFile(join(directory, 'end'), '');
    await running.exited;
    try {
      const text = await readFile(join(directory, 'answers'), 'utf8');
      return text.split('\n').map((line) => Answer.parse(JSON.parse(line)));
    } catch (cause) {
      throw new Error(`The load ended: ${running.output()}`, { cause });
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  };
}
