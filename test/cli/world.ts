/** The command over a control plane in the same process, with a clock that stands still; what it prints is kept. */
import { Command } from 'commander';
import { apiOver } from '../../cli/api.ts';
import { addContainerCommands } from '../../cli/container-commands.ts';
import type { Reach } from '../../cli/diagnosis/here.ts';
import { addDiagnosisCommands } from '../../cli/diagnosis-commands.ts';
import { EXIT, Fault } from '../../cli/fault.ts';
import { addPeopleCommands } from '../../cli/people-commands.ts';
import { addResourceCommands } from '../../cli/resource-commands.ts';
import { addViewCommands } from '../../cli/view-commands.ts';
import type { World } from '../../cli/world.ts';
import { ADMIN, type Bench } from '../functions/api/bench.ts';

const REACH: Reach = {
  ...{ url: 'https://bench', addresses: ['192.0.2.1'], tookMs: 7 },
  ...{ certificateSeconds: 30 * 86_400, clockOffsetSeconds: 0.2 },
};

export interface Ran {
  readonly out: string;
  readonly said: string;
  readonly code: number;
}

export interface Stage {
  readonly bench: Bench;
  readonly files: Readonly<Record<string, string>>;
  readonly key?: string;
  readonly reach?: Partial<Reach>;
  /** What happens elsewhere while the command waits. */
  readonly meanwhile?: () => Promise<void>;
  /** Files that were made. */
  readonly written?: Map<string, string>;
}

/** Runs `isthmus WORDS`; `files` are the only ones that there are. */
export async function run(
  { bench, files, key = ADMIN, reach = {}, meanwhile, written = new Map() }: Stage,
  words: readonly string[],
): Promise<Ran> {
  const out: string[] = [];
  const said: string[] = [];
  const world: World = {
    open: () => apiIn(bench, key),
    print: (text) => void out.push(text),
    say: (text) => void said.push(text),
    progress: () => undefined,
    nowMs: () => Date.parse(bench.clock.now()),
    read: (file) => files[file] ?? '',
    filesIn: (path) => Object.keys(files).filter((file) => file === path || file.startsWith(`${path}/`)),
    wait: async (ms) => {
      bench.clock.pass(ms / 1_000);
      await meanwhile?.();
    },
    reach: async () => ({ ...REACH, ...reach }),
    kubectl: async ({ metadata }, words) => {
      out.push(`${metadata.name}: kubectl ${words.join(' ')}`);
      return 0;
    },
    write: (file, text) => void written.set(file, text),
    platform: { node: 'v24', system: 'test' },
  };
  const program = new Command('isthmus').exitOverride().configureOutput({
    writeErr: (text) => void said.push(text.trimEnd()),
    writeOut: (text) => void out.push(text.trimEnd()),
  });
  addViewCommands(program, world);
  addResourceCommands(program, world);
  addPeopleCommands(program, world);
  addDiagnosisCommands(program, world);
  addContainerCommands(program, world);
  const code = await program.parseAsync([...words], { from: 'user' }).then(
    () => 0,
    (cause: unknown) => {
      said.push(cause instanceof Error ? cause.message : String(cause));
      return cause instanceof Fault ? EXIT[cause.kind] : EXIT.usage;
    },
  );
  return { out: out.join('\n'), said: said.join('\n'), code };
}

function apiIn(bench: Bench, key: string) {
  return apiOver(
    async ({ method, path, body, generation }) => {
      const reply = await bench.call(method, path, {
        key,
        ...(body === undefined ? {} : { body }),
        headers: generation === undefined ? {} : { 'if-match': `"${generation}"` },
      });
      return {
        status: reply.status,
        text: reply.text,
        lastModified: reply.headers.get('last-modified') ?? undefined,
      };
    },
    { url: 'https://bench', tenant: 'acme' },
  );
}
