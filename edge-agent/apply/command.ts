/**
 * The one place that starts programs. Never through a shell; every run has a limit on time and output, and its outcome is a value.
 */
import { type ChildProcess, spawn } from 'node:child_process';

const TIMEOUT_MS = 15_000;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

export interface RunOptions {
  /** Written to standard input, which is then closed. */
  readonly stdin?: string;
  /** Default 15 s; then the program is killed. */
  readonly timeoutMs?: number;
}

/** `not_run`: it could not be started, was too slow, or said too much. */
export type CommandResult =
  | { readonly kind: 'exited'; readonly code: number; readonly stdout: string; readonly stderr: string }
  | {
      readonly kind: 'not_run';
      readonly reason: 'missing' | 'refused' | 'timeout' | 'output' | 'killed';
      readonly message: string;
    };

/** Runs a program to its end. Never rejects. */
export type Run = (program: string, args: readonly string[], options?: RunOptions) => Promise<CommandResult>;

export const run: Run = (program, args, options = {}) =>
  new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'pipe', timeout: options.timeoutMs ?? TIMEOUT_MS });
    const stdout = collect(child, child.stdout);
    const stderr = collect(child, child.stderr);
    child.on('error', (error) => resolve(notStarted(error)));
    child.on('close', (code, signal) => {
      if (stdout.over || stderr.over)
        resolve({
          kind: 'not_run',
          reason: 'output',
          message: `${program} said more than ${OUTPUT_BYTES_MAX} bytes`,
        });
      else if (code === null)
        resolve({
          kind: 'not_run',
          reason: signal === 'SIGTERM' ? 'timeout' : 'killed',
          message: `${program} ended by ${signal}`,
        });
      else resolve({ kind: 'exited', code, stdout: stdout.text(), stderr: stderr.text() });
    });
    // A program that does not read its input must not end ours.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.stdin ?? '');
  });

function collect(child: ChildProcess, stream: NodeJS.ReadableStream) {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const collected = { over: false, text: () => Buffer.concat(chunks).toString('utf8') };
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= OUTPUT_BYTES_MAX) return void chunks.push(chunk);
    collected.over = true;
    child.kill('SIGKILL');
  });
  return collected;
}

function notStarted(error: Error & { code?: unknown }): CommandResult {
  const reason = error.code === 'ENOENT' ? 'missing' : 'refused';
  return { kind: 'not_run', reason, message: error.message };
}

export interface DaemonOptions {
  /** The whole environment of the program. */
  readonly environment: Readonly<Record<string, string>>;
  /** A second program that reads what the first one says. */
  readonly reader: { readonly program: string; readonly args: readonly string[] };
}

/** Starts a program that outlives us, with a reader on its output. Resolves to the process id of the first. */
export async function startDaemon(
  program: string,
  args: readonly string[],
  options: DaemonOptions,
): Promise<number> {
  const reader = spawn(options.reader.program, options.reader.args, {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  await started(reader);
  const daemon = spawn(program, args, {
    detached: true,
    env: { ...options.environment },
    stdio: ['ignore', reader.stdin, reader.stdin],
  });
  await started(daemon).finally(() => reader.stdin.destroy());
  for (const child of [reader, daemon]) child.unref();
  if (daemon.pid === undefined) throw new Error(`${program} has no process id`);
  return daemon.pid;
}

function started(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
}
