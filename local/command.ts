/**
 * The one place of this room that starts processes. Arguments are lists, never shell text; every call has a
 * time limit and a bound on what it keeps of the output. It must not decide what a failure means.
 */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';

const OUTPUT_CHARS_MAX = 1_000_000;
const TIMEOUT_MS = 60_000;
const STOP_GRACE_MS = 5_000;

export interface CommandOptions {
  readonly input?: string;
  readonly timeoutMs?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Called with each piece of output as it comes. */
  readonly onOutput?: (text: string) => void;
}

export interface CommandResult {
  /** 128 + signal number is reported as -1; a command that ran out of time as -2. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process that goes on while the caller does other things. */
export interface Running {
  readonly pid: number;
  readonly exited: Promise<number>;
  /** The last part of what it wrote to both outputs. */
  output(): string;
  /** Asks it and its process group to end, then makes it end. Resolves with the exit code. */
  stop(): Promise<number>;
  /** Sends a signal to its process group; false if it is gone. */
  signal(name: NodeJS.Signals): boolean;
}

export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
  readonly result: CommandResult;
  constructor(command: readonly string[], result: CommandResult) {
    const said = (result.stderr.trim() || result.stdout.trim()).slice(-2_000);
    super(`${command.join(' ')} failed (${result.code}): ${said}`);
    this.result = result;
  }
}

/** Keeps the newest part of a stream of text. */
function tail() {
  const kept = { text: '' };
  return {
    add: (piece: string) => {
      kept.text = (kept.text + piece).slice(-OUTPUT_CHARS_MAX);
    },
    text: () => kept.text,
  };
}

/** A process group of its own, so that what the command starts can be signalled with it. */
function begin(command: readonly string[], options: CommandOptions): ChildProcess {
  const [program = '', ...rest] = command;
  const settings: SpawnOptions = {
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
    detached: true,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  };
  const child = spawn(program, rest, settings);
  child.stdin?.on('error', () => undefined);
  if (options.input !== undefined) child.stdin?.end(options.input);
  return child;
}

function signalGroup(child: ChildProcess, name: NodeJS.Signals): boolean {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return false;
  try {
    return process.kill(-child.pid, name);
  } catch {
    return false;
  }
}

/** Runs a command to its end; a failure is a value. */
export function execute(command: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = begin(command, options);
    const stdout = tail();
    const stderr = tail();
    const state = { timedOut: false };
    const timer = setTimeout(() => {
      state.timedOut = true;
      signalGroup(child, 'SIGKILL');
    }, options.timeoutMs ?? TIMEOUT_MS);
    for (const [stream, kept] of [
      [child.stdout, stdout],
      [child.stderr, stderr],
    ] as const)
      stream?.setEncoding('utf8').on('data', (piece: string) => {
        kept.add(piece);
        options.onOutput?.(piece);
      });
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code: state.timedOut ? -2 : (code ?? -1), stdout: stdout.text(), stderr: stderr.text() });
    });
  });
}

/** Runs a command to its end and answers what it printed; throws CommandFailed otherwise. */
export async function check(command: readonly string[], options: CommandOptions = {}): Promise<string> {
  const result = await execute(command, options);
  if (result.code !== 0) throw new CommandFailed(command, result);
  return result.stdout;
}

/** Starts a command and lets it run. */
export function start(command: readonly string[], options: CommandOptions = {}): Running {
  const child = begin(command, options);
  const kept = tail();
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (piece: string) => {
      kept.add(piece);
      options.onOutput?.(piece);
    });
  const exited = new Promise<number>((resolve) => {
    child.once('error', (error) => {
      kept.add(error.message);
      resolve(-1);
    });
    child.once('exit', (code) => resolve(code ?? -1));
  });
  return {
    pid: child.pid ?? -1,
    exited,
    output: kept.text,
    signal: (name) => signalGroup(child, name),
    stop: async () => {
      signalGroup(child, 'SIGTERM');
      const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), STOP_GRACE_MS);
      const code = await exited;
      clearTimeout(timer);
      return code;
    },
  };
}
