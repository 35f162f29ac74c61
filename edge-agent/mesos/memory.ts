/** What our framework remembers over restarts: who it is to the master, what it was asked to run, and which tasks it began. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../../protocol/json.ts';
import { writeDurably } from '../link/durable.ts';
import { MesosApp } from './app.ts';

const FILE = 'framework.json';

const KeptTask = z.strictObject({
  id: z.string(),
  key: z.string(),
  agent: z.string(),
  content: z.string(),
  release: z.int(),
  state: z.string(),
  address: z.string(),
  sinceMs: z.number(),
  isKilled: z.boolean(),
});

const Memory = z.strictObject({
  frameworkId: z.string().optional(),
  apps: z.array(MesosApp),
  tasks: z.array(KeptTask),
});
export type Memory = z.infer<typeof Memory>;

/** Empty where there is none yet. Throws if it can't be read: to begin anew would double everything that runs. */
export function readMemory(directory: string): Memory {
  const text = readText(join(directory, FILE));
  return text === undefined ? { apps: [], tasks: [] } : Memory.parse(parseJson(text));
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw cause;
  }
}

export function writeMemory(directory: string, memory: Memory): void {
  // Whatever else a record holds is told again by the master.
  writeDurably(
    join(directory, FILE),
    JSON.stringify(Memory.parse({ ...memory, tasks: memory.tasks.map(keptOf) })),
  );
}

function keptOf({
  id,
  key,
  agent,
  content,
  release,
  state,
  address,
  sinceMs,
  isKilled,
}: Memory['tasks'][number]) {
  return { id, key, agent, content, release, state, address, sinceMs, isKilled };
}
