/**
 * One test host: a network, mount, process and name space of its own, held by one process. Nothing in it has a
 * name on the machine, so when the holder ends, whatever ran in the host and whatever hung on its network is
 * gone with it; and the holder ends with us, even if we are killed.
 */
import { readlink } from 'node:fs/promises';
import { type CommandOptions, type CommandResult, check, execute, type Running, start } from './command.ts';

const READY_TIMEOUT_MS = 10_000;
const STOP_ROUNDS_MAX = 20;
const STOP_ROUND_MS = 50;

/** Runs as process 1 of the host, and prepares it. */
const HOLDER = new URL('./lab-host.sh', import.meta.url).pathname;
/** Where the holder keeps what changes in the host's copy-on-write directories. */
const CHANGES = '/run/lab-changes';

export interface Host {
  readonly name: string;
  /** Process number of the holder: `nsenter -t PID`, `ip link … netns PID`. */
  readonly pid: number;
  /** The host's file system as seen from the machine: `/proc/PID/root`. */
  readonly root: string;
  /** Runs a command in the host to its end; a failure is a value. */
  run(command: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** Like run, but answers what it printed, and throws CommandFailed on failure. */
  check(command: readonly string[], options?: CommandOptions): Promise<string>;
  /** Starts a command in the host and lets it run. */
  spawn(command: readonly string[], options?: CommandOptions): Running;
  /** Lines for `ip -batch`: `addr add 10.0.0.1/24 dev lan`. */
  ip(...lines: readonly string[]): Promise<void>;
  /** Loads nft text in one transaction. */
  nft(text: string): Promise<void>;
  /** Writes a small file in the host. */
  write(path: string, text: string): Promise<void>;
  read(path: string): Promise<string>;
  /** Paths changed in the host, sorted, as `/etc/x`: for proving that something left it as it was. */
  changedFiles(): Promise<readonly string[]>;
  /** Ends every process of the host as a power cut would; disks (and the network of the lab) stay. */
  killAll(): Promise<void>;
  destroy(): Promise<void>;
}

function enter(pid: number, command: readonly string[], cwd = '/'): string[] {
  return ['nsenter', '-t', `${pid}`, '-n', '-m', '-u', '-i', '-p', `--wdns=${cwd}`, '--', ...command];
}

/** Starts a host. Its name is a host name; it need not be unique on the machine. */
export async function startHost(name: string): Promise<Host> {
  const holder = start([
    ...['setpriv', '--pdeathsig', 'KILL'],
    ...['unshare', '--net', '--mount', '--uts', '--ipc', '--pid', '--fork', '--kill-child'],
    ...['--propagation', 'private', 'sh', HOLDER, name],
  ]);
  const pid = await ready(holder, name);
  return hostAround(name, pid, holder);
}

async function ready(holder: Running, name: string): Promise<number> {
  const until = Date.now() + READY_TIMEOUT_MS;
  const state = { gone: false };
  void holder.exited.then(() => {
    state.gone = true;
  });
  while (Date.now() < until && !state.gone) {
    const found = /^ready (\d+)$/m.exec(holder.output());
    if (found?.[1] !== undefined) return Number(found[1]);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  holder.signal('SIGKILL');
  throw new Error(`The test host ${name} did not start: ${holder.output().trim() || 'no answer in time'}`);
}

function hostAround(name: string, pid: number, holder: Running): Host {
  const host: Host = {
    name,
    pid,
    root: `/proc/${pid}/root`,
    run: (command, options = {}) => execute(enter(pid, command, options.cwd), withoutCwd(options)),
    check: (command, options = {}) => check(enter(pid, command, options.cwd), withoutCwd(options)),
    spawn: (command, options = {}) => start(enter(pid, command, options.cwd), withoutCwd(options)),
    ip: async (...lines) => {
      await host.check(['ip', '-batch', '-'], { input: `${lines.join('\n')}\n` });
    },
    nft: async (text) => {
      await host.check(['nft', '-f', '-'], { input: text });
    },
    write: async (path, text) => {
      await host.check(['sh', '-c', 'mkdir -p "${1%/*}" && cat > "$1"', 'sh', path], { input: text });
    },
    read: (path) => host.check(['cat', path]),
    changedFiles: async () => {
      const found = await host.check([
        'find',
        CHANGES,
        '-path',
        `${CHANGES}/.work`,
        '-prune',
        '-o',
        '!',
        '-type',
        'd',
        '-print',
      ]);
      return found
        .split('\n')
        .filter((path) => path !== '')
        .map((path) => path.slice(CHANGES.length))
        .sort();
    },
    killAll: () => endProcesses(host, 'KILL'),
    destroy: async () => {
      await endProcesses(host, 'TERM');
      // Its process 1 first: the holder reaps it, and ends with it.
      killIfThere(pid);
      await vanished(pid);
      holder.signal('SIGKILL');
      await holder.exited;
    },
  };
  return host;
}

function withoutCwd(options: CommandOptions): CommandOptions {
  const { cwd: _cwd, ...rest } = options;
  return rest;
}

/** Signals everything in the host but its process 1, and waits a moment for it to go. */
async function endProcesses(host: Host, signal: 'TERM' | 'KILL'): Promise<void> {
  await host.run(['kill', `-${signal}`, '--', '-1']);
  for (let round = 0; round < STOP_ROUNDS_MAX; round += 1) {
    const left = await host.run([
      'sh',
      '-c',
      'for p in /proc/[0-9]*; do read -r c < $p/comm && echo "$c"; done',
    ]);
    const busy = left.stdout.split('\n').filter((name) => name !== '' && name !== 'sh' && name !== 'sleep');
    if (busy.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, STOP_ROUND_MS));
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

async function vanished(pid: number): Promise<void> {
  for (let round = 0; round < STOP_ROUNDS_MAX; round += 1) {
    const there = await readlink(`/proc/${pid}/ns/pid`).then(
      () => true,
      () => false,
    );
    if (!there) return;
    await new Promise((resolve) => setTimeout(resolve, STOP_ROUND_MS));
  }
}
