/** Puts the shim and the patched conflist where the runtime finds them, and takes them back: each file in one step, and only if it is another one. */
import { chmodSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { install, type Patch, uninstall } from './conflist.ts';
import { SHIM_NAME, type ShimPaths, shimText } from './shim.ts';

export interface CniPlaces {
  /** Of the runtime's plugins, usually /opt/cni/bin. */
  readonly programs: string;
  /** Of its configurations, usually /etc/cni/net.d. */
  readonly configurations: string;
}

/** What was done, in words. Throws a sentence where it can't be done; the runtime's configuration is untouched then. */
export function installCni(places: CniPlaces, paths: ShimPaths): readonly string[] {
  const file = conflistIn(places.configurations);
  const result = checked(file, install(readFileSync(file, 'utf8')));
  const shim = join(places.programs, SHIM_NAME);
  if (readText(shim) === undefined) namesIn(places.programs, '--cni-bin-dir');
  const isNewShim = replace(shim, shimText(paths), 0o755);
  // The program first: a configuration that names a program that is not there stops every container.
  const isNewFile = result.kind === 'text' && replace(file, result.text, 0o644);
  return [...(isNewShim ? [`wrote ${shim}`] : []), ...(isNewFile ? [`changed ${file}`] : [])];
}

/** Addresses of pools that containers have by now are given back when these are deleted, as long as the shim is there: it stays. */
export function uninstallCni(places: CniPlaces): readonly string[] {
  const file = conflistIn(places.configurations);
  const result = checked(file, uninstall(readFileSync(file, 'utf8')));
  return result.kind === 'text' && replace(file, result.text, 0o644) ? [`changed ${file} back`] : [];
}

/** The one that the runtime takes: the first by name. */
function conflistIn(directory: string): string {
  const names = namesIn(directory, '--cni-conf-dir').filter((name) => /\.(conflist|conf|json)$/.test(name));
  const first = names.sort()[0];
  if (first === undefined) throw new Error(`${directory} holds no network configuration.`);
  return join(directory, first);
}

function namesIn(directory: string, option: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')) throw cause;
    throw new Error(`${directory} is not there: say by ${option} where the runtime of containers has it.`, {
      cause,
    });
  }
}

function checked(file: string, result: Patch): Exclude<Patch, { kind: 'refused' }> {
  if (result.kind === 'refused') throw new Error(`${file} stays as it is. ${result.reason}`);
  return result;
}

/** False if it is there already. The name of the new file is hidden from runtimes, which read all names that end rightly. */
function replace(path: string, text: string, mode: number): boolean {
  if (readText(path) === text) return false;
  const beside = `${path}.isthmus-new`;
  writeFileSync(beside, text);
  chmodSync(beside, mode);
  try {
    renameSync(beside, path);
  } catch (cause) {
    rmSync(beside, { force: true });
    throw cause;
  }
  return true;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
