/** What of a template Marathon can carry. What it can't is refused with a sentence. Values in, values out. */
import type { AppTemplate, Probe } from '../../protocol/app.ts';
import { DriverError } from './driver.ts';
import { bytesOf, FILES_BYTES_MAX } from './file-script.ts';

export const CPU_MILLIS = 100;
export const MEMORY_MIB = 64;

const SECRETS_FEATURE = 'secrets';

/** Throws `driver.unsupported` or `driver.refused`; answers how many instances there are to be. */
export function checkSupported(template: AppTemplate, features: readonly string[]): number {
  const { pool, replicas, onChange, onFileChange, resources } = template;
  if (pool !== undefined)
    throw unsupported('Marathon has no addresses of a pool: agents of Mesos give containers theirs.');
  if (typeof replicas !== 'number')
    throw unsupported('Marathon does not scale by itself: give a number of replicas.');
  if (onChange !== 'rolling')
    throw unsupported('A task of Marathon is never changed in its place: use onChange rolling.');
  if (onFileChange.kind !== 'restart')
    throw unsupported('Marathon does not reach into containers: files change by new ones.');
  checkFiles(template);
  checkHealth(template.health);
  checkSecrets(template, features);
  checkOrder('cpuMillis', resources.cpuMillis ?? CPU_MILLIS, resources.cpuMillisMax);
  checkOrder('memoryMib', resources.memoryMib ?? MEMORY_MIB, resources.memoryMibMax);
  return replicas;
}

function checkFiles(template: AppTemplate): void {
  if (template.files.length > 0 && template.command === undefined)
    throw unsupported(
      'Files are written by a shell before the command: give the command, and an image with sh and base64.',
    );
  if (bytesOf(template) > FILES_BYTES_MAX)
    throw unsupported(`Files travel in the environment of a task: at most ${FILES_BYTES_MAX} bytes in all.`);
}

function checkHealth({ live, ready }: AppTemplate['health']): void {
  const asked = ({ http, tcp, command }: Probe) => JSON.stringify([http, tcp, command]);
  if (live !== undefined && ready !== undefined && asked(live) !== asked(ready))
    throw unsupported(
      'A task has one health check that Mesos asks: live and ready must ask the same, or one of them be left out.',
    );
}

function checkSecrets({ secrets }: AppTemplate, features: readonly string[]): void {
  if (secrets.length > 0 && !features.includes(SECRETS_FEATURE))
    throw unsupported(
      `This Marathon has no secrets: it must be started with --enable_features ${SECRETS_FEATURE}, and a plugin that keeps them.`,
    );
  if (secrets.some(({ as }) => as.kind === 'file'))
    throw unsupported('Secrets of a Docker container are variables in Marathon, not files.');
}

function checkOrder(name: string, least: number, most: number | undefined): void {
  if (most !== undefined && most < least)
    throw new DriverError('driver.refused', `${name}Max is ${most}, which is less than ${name}, ${least}.`);
}

export function unsupported(what: string): DriverError {
  return new DriverError('driver.unsupported', what);
}
