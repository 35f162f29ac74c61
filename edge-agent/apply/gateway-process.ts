/**
 * HAProxy as a process: a master that outlives the agent, and a worker. The master is known by its file with the process
 * id and by its command line; nothing is ever ended by name.
 */
import { mkdir, readFile, rm } from 'node:fs/promises';
import type { GatewayPaths } from '../plan/gateway-files.ts';
import { fieldOf } from '../plan/gateway-runtime.ts';
import type { Run } from './command.ts';
import { GatewayFault, type GatewayFaultCode } from './gateway-fault.ts';

const HAPROXY = 'haproxy';
const POLL_MS = 50;
const UP_POLLS_MAX = 200;
const DOWN_POLLS_MAX = 100;
const MESSAGE_CHARACTERS_MAX = 500;

interface ProcessHands {
  readonly run: Run;
  readonly talk: (line: string) => Promise<string>;
  readonly pause: (milliseconds: number) => Promise<void>;
  readonly paths: GatewayPaths;
}

/** Rejects with HAProxy's own words if it would not take this fixed part with the other files as they are. */
export function checkConfiguration(hands: ProcessHands, base: string): Promise<void> {
  return haproxy(hands, ['-c', ...fileArguments(hands.paths, base)], 'gateway.configuration');
}

export async function startProcess(hands: ProcessHands): Promise<void> {
  const { paths } = hands;
  await stopGateway(hands);
  await mkdir(paths.directories.run, { recursive: true, mode: 0o700 });
  await mkdir(paths.jail, { recursive: true, mode: 0o755 });
  const args = ['-W', '-D', '-p', paths.pid, ...fileArguments(paths, paths.base)];
  await haproxy(hands, args, 'gateway.not_started');
  await worker(hands, undefined, 'gateway.not_started');
}

/** A new worker takes the listening sockets over; resolves when it answers. */
export async function reloadProcess(hands: ProcessHands): Promise<void> {
  await checkConfiguration(hands, hands.paths.base);
  const master = await findMaster(hands.paths);
  if (master === undefined) throw new GatewayFault('gateway.not_reloaded', 'no HAProxy of ours is running');
  const before = await workerId(hands);
  process.kill(master, 'SIGUSR2');
  await worker(hands, before, 'gateway.not_reloaded');
}

/** Ends the gateway, if it runs, and takes its sockets away. Its files stay. */
export async function stopGateway(hands: Pick<ProcessHands, 'paths' | 'pause'>): Promise<void> {
  const { paths } = hands;
  const master = await findMaster(paths);
  if (master !== undefined) {
    process.kill(master, 'SIGTERM');
    await ended(hands, master);
  }
  await Promise.all([paths.runtimeSocket, paths.pid].map((path) => rm(path, { force: true })));
}

async function ended({ paths, pause }: Pick<ProcessHands, 'paths' | 'pause'>, master: number): Promise<void> {
  for (let poll = 0; poll < DOWN_POLLS_MAX; poll += 1) {
    if ((await findMaster(paths)) === undefined) return;
    // Workers end by themselves when their master is gone.
    if (poll === DOWN_POLLS_MAX / 2) process.kill(master, 'SIGKILL');
    await pause(POLL_MS);
  }
  throw new GatewayFault('gateway.not_stopped', `process ${master} does not end`);
}

/** The master of the file with the process id, if a HAProxy with our configuration still has that id. */
async function findMaster(paths: GatewayPaths): Promise<number | undefined> {
  const pid = Number((await readFile(paths.pid, 'utf8').catch(() => '')).trim());
  if (!Number.isSafeInteger(pid) || pid <= 1) return undefined;
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return commandLine.split('\0').includes(paths.base) ? pid : undefined;
}

/** Waits until a worker other than `before` answers. */
async function worker(
  hands: ProcessHands,
  before: string | undefined,
  code: GatewayFaultCode,
): Promise<void> {
  for (let poll = 0; poll < UP_POLLS_MAX; poll += 1) {
    const now = await workerId(hands);
    if (now !== undefined && now !== before) return;
    await hands.pause(POLL_MS);
  }
  throw new GatewayFault(code, `no worker answers after ${(UP_POLLS_MAX * POLL_MS) / 1_000} s`);
}

async function workerId({ talk }: ProcessHands): Promise<string | undefined> {
  return fieldOf(await talk('show info').catch(() => ''), 'Pid');
}

function fileArguments(paths: GatewayPaths, base: string): string[] {
  return ['-f', base, '-f', paths.slots];
}

async function haproxy(
  { run }: ProcessHands,
  args: readonly string[],
  code: GatewayFaultCode,
): Promise<void> {
  const result = await run(HAPROXY, args);
  if (result.kind === 'not_run') throw new GatewayFault(code, result.message);
  if (result.code !== 0) throw new GatewayFault(code, result.stderr.trim().slice(0, MESSAGE_CHARACTERS_MAX));
}
