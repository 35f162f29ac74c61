/**
 * Devices by wireguard-go: a daemon a device, which outlives the agent, so that packets flow while the agent is away.
 * A process is only ever ended by a pid whose command line names the device.
 */
import { access, constants, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pidFile, spoofedFile } from '../plan/runtime.ts';
import { type Run, startDaemon } from './command.ts';
import { spoofCounter } from './spoof-counter.ts';
import { SOCKET_DIRECTORY, uapiDoor } from './uapi-door.ts';
import { type Wireguard, WireguardError } from './wireguard.ts';

const READY_MS_MAX = 5_000;
const STOP_MS_MAX = 3_000;
const ROUND_MS = 10;

const INSTALLED_BINARY = '/opt/isthmus/wireguard-go';

export interface UserspaceOptions {
  readonly run: Run;
  readonly runtimeDirectory: string;
  readonly binary: string;
}

export function userspaceWireguard({ run, runtimeDirectory, binary }: UserspaceOptions): Wireguard {
  const door = uapiDoor();
  const pidPath = (name: string) => join(runtimeDirectory, pidFile(name));
  const remove = async (name: string) => {
    await stop(name, await readPid(pidPath(name)));
    await run('ip', ['link', 'del', 'dev', name]);
    for (const file of [pidPath(name), join(SOCKET_DIRECTORY, `${name}.sock`)])
      await rm(file, { force: true });
  };
  const create = async (name: string) => {
    await remove(name);
    const reader = await spoofCounter(run, join(runtimeDirectory, spoofedFile(name)));
    const environment = { LOG_LEVEL: 'verbose', WG_PROCESS_FOREGROUND: '1' };
    const pid = await startDaemon(binary, ['-f', name], { environment, reader });
    await writeFile(pidPath(name), `${pid}\n`, { mode: 0o600 });
    const ready = await within(READY_MS_MAX, async () => (await door.show(name)) !== undefined);
    if (!ready) throw new WireguardError('wireguard.not_ready', `${binary} does not answer for ${name}`);
  };
  return { ...door, implementation: 'userspace', create, remove };
}

/** The first that exists: the one of the environment, the installed one, the one in PATH. */
export async function findBinary(environment: { wireguardGo: string | undefined; path: string }) {
  const inPath = environment.path.split(':').filter((directory) => directory !== '');
  const candidates = [
    ...(environment.wireguardGo === undefined ? [] : [environment.wireguardGo]),
    INSTALLED_BINARY,
    ...inPath.map((directory) => join(directory, 'wireguard-go')),
  ];
  for (const candidate of candidates) if (await isExecutable(candidate)) return candidate;
  return undefined;
}

function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function readPid(file: string): Promise<number | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return /^[1-9]\d*\n$/.test(text) ? Number(text) : undefined;
}

async function stop(name: string, pid: number | undefined): Promise<void> {
  if (pid === undefined || !(await isDaemonOf(name, pid))) return;
  process.kill(pid, 'SIGTERM');
  const gone = await within(STOP_MS_MAX, async () => !(await isDaemonOf(name, pid)));
  if (gone || !(await isDaemonOf(name, pid))) return;
  process.kill(pid, 'SIGKILL');
  await within(STOP_MS_MAX, async () => !(await isDaemonOf(name, pid)));
}

async function isDaemonOf(name: string, pid: number): Promise<boolean> {
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return commandLine.endsWith(`\0-f\0${name}\0`);
}

/** True as soon as the check is; false when the time is over. */
async function within(limitMs: number, check: () => Promise<boolean>): Promise<boolean> {
  for (let round = 0; round * ROUND_MS < limitMs; round += 1) {
    if (await check()) return true;
    await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
  }
  return false;
}
