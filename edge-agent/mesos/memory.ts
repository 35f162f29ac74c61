/** What our framework remembers over restarts: who it is to the master, what it was asked to run, and which tasks it began. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../../protocol/json.ts';
import { writeDurably } from '../link/durable.ts';
import { MesosApp } from './app.ts';
import type { TaskRecord } from './tasks.ts';

const FILE = 'framework.json';

const KeptTask = z.strictObject({
  id: z.string(),
  key: z.string(),
  agent: z.string(),
  content: z.string(),
  release: z.int(),
  state: z.string(),
  address: z.string(),
  ports: z.array(z.int()).default([]),
  sinceMs: z.number(),
  isKilled: z.boolean(),
});

const Kept = z.strictObject({
  frameworkId: z.string().optional(),
  apps: z.array(MesosApp),
  tasks: z.array(KeptTask),
});

export interface Memory {
  readonly frameworkId: string | undefined;
  readonly apps: readonly MesosApp[];
  readonly tasks: readonly TaskRecord[];
}

/** Whatever else a record holds is told again by the master. */
const UNTOLD = { healthy: undefined, message: '', reason: '', unreachableSinceMs: undefined } as const;

/** Empty where there is none yet. Throws if it can't be read: to begin anew would double everything that runs. */
export function readMemory(directory: string): Memory {
  const text = readText(join(directory, FILE));
  if (text === undefined) return { frameworkId: undefined, apps: [], tasks: [] };
  const { frameworkId, apps, tasks } = Kept.parse(parseJson(text));
  return { frameworkId, apps, tasks: tasks.map((task) => ({ ...task, ...UNTOLD })) };
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw cause;
  }
}

export function writeMemory(directory: string, { frameworkId, apps, tasks }: Memory): void {
  const kept = { frameworkId, apps, tasks: tasks.map(keptOf) };
  writeDurably(join(directory, FILE), JSON.stringify(kept));
}

function keptOf(record: TaskRecord): z.infer<typeof KeptTask> {
  const { id, key, agent, content, release, state, address, ports, sinceMs, isKilled } = record;
  return { id, key, agent, content, release, state, address, ports: [...ports], sinceMs, isKilled };
}
