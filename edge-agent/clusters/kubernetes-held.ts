/**
 * Apps that are rebuilt in place (`onChange: rebuildInPlace`), as far as their pod goes. Of a pod that runs Kubernetes lets change its image, its annotations
 * and how much memory it asks for, and nothing else. So values of variables and contents of files are annotations of the pod itself, where a container reads
 * them whenever it starts; more memory, by a byte, is what makes its node start a container again. Values in, values out.
 */
import type { AppTemplate } from '../../protocol/app.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import { DriverError } from './driver.ts';
import { CONTENT_ANNOTATION } from './kubernetes-marks.ts';

type Json = Readonly<Record<string, unknown>>;
export type Hash = (text: string) => string;

/** Of everything in a pod that can't be changed while it runs. */
export const SHAPE_ANNOTATION = 'isthmus.dev/shape';
/** Of image and variables: whether a change is one of files alone. */
export const FRAME_ANNOTATION = 'isthmus.dev/frame';
const VARIABLE_PREFIX = 'variable.isthmus.dev/';
const FILE_PREFIX = 'file.isthmus.dev/';
const KEY_DIGITS = 20;
const HASH_DIGITS = 10;
/** Kubernetes takes 256 KiB of annotations an object; some are others'. */
const HELD_BYTES_MAX = 200_000;
const MIB = 1_048_576;

/** What a pod of the newest release is like, by the parts that can be changed while it runs. */
export interface HeldWanted {
  readonly content: string;
  readonly shape: string;
  readonly frame: string;
  readonly image: string;
  /** Names of variables, sorted. */
  readonly variables: readonly string[];
  /** Annotations that hold values of variables, and those that hold files. */
  readonly values: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, string>>;
}

export function isHeld({ onChange }: AppTemplate): boolean {
  return onChange === 'rebuildInPlace';
}

/** `pod`: the spec of its template, which is the shape but for the image and for variables, which may be added. */
export function heldOf({ template }: WorkloadLeaf, pod: PodSpec, hash: Hash): HeldWanted {
  const short = (value: unknown) => hash(JSON.stringify(value)).slice(0, HASH_DIGITS);
  const variables = Object.keys(template.environment).sort();
  const values = Object.fromEntries(
    variables.map((name) => [variableKey(name, hash), template.environment[name] ?? '']),
  );
  const files = Object.fromEntries(template.files.map(({ content }, index) => [fileNote(index), content]));
  // A pod keeps the address that it was made with.
  const shape = short(template.pool === undefined ? shapeOf(pod) : [shapeOf(pod), template.pool]);
  const frame = short([template.image, variables.map((name) => [name, template.environment[name]])]);
  const content = short([shape, frame, files]);
  return { content, shape, frame, image: template.image, variables, values, files };
}

export interface PodSpec {
  readonly containers: readonly Json[];
  readonly [field: string]: unknown;
}

function shapeOf(pod: PodSpec): Json {
  const containers = pod.containers.map(({ image: _image, env, ...container }) => ({
    ...container,
    env: Array.isArray(env) ? env.filter((one) => one?.valueFrom?.fieldRef === undefined) : [],
  }));
  return { ...pod, containers };
}

/** On pods when they are made; see `heldOf`. */
export function heldAnnotations({
  content,
  shape,
  frame,
  values,
  files,
}: HeldWanted): Record<string, string> {
  return {
    ...values,
    ...files,
    [CONTENT_ANNOTATION]: content,
    [SHAPE_ANNOTATION]: shape,
    [FRAME_ANNOTATION]: frame,
  };
}

function bytesOf({ values, files }: HeldWanted): number {
  const texts = Object.entries({ ...values, ...files }).flat();
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}

/** A name of a variable may be longer than what an annotation's name takes. */
function variableKey(name: string, hash: Hash): string {
  return `${VARIABLE_PREFIX}${hash(name).slice(0, KEY_DIGITS)}`;
}

function fileNote(index: number): string {
  return `${FILE_PREFIX}${index}`;
}

/** Variables that a pod is made with. Others that come while it runs are in the map of `variablesName`, from which these are taken first. */
export function heldVariables({ environment }: AppTemplate, hash: Hash): Json[] {
  return Object.keys(environment).map((name) => ({
    name,
    valueFrom: {
      fieldRef: { apiVersion: 'v1', fieldPath: `metadata.annotations['${variableKey(name, hash)}']` },
    },
  }));
}

export function variablesName(app: string): string {
  return `${app}-variables`;
}

/** Memory is always asked for, because only what is asked for can be asked for anew. */
export function heldResources({ resources }: AppTemplate, spec: Json): Json {
  const { memoryMib, memoryMibMax } = resources;
  const memory = `${memoryMib ?? memoryMibMax ?? 1}Mi`;
  const requests = { ...(isJson(spec['requests']) ? spec['requests'] : {}), memory };
  const byRestart = ['cpu', 'memory'].map((resourceName) => ({
    resourceName,
    restartPolicy: 'RestartContainer',
  }));
  return { resources: { ...spec, requests }, resizePolicy: byRestart };
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}

/** Files one by one, which a container sees as they were when it started; or whole directories, in which it sees a change. */
export function heldFiles(template: AppTemplate): { readonly volumes: Json[]; readonly mounts: Json[] } {
  const items = template.files.map(({ path, mode }, index) => ({ path, mode, note: fileNote(index), index }));
  if (items.length === 0) return { volumes: [], mounts: [] };
  const item = (note: string, path: string, mode: number) => ({
    path,
    mode,
    fieldRef: { apiVersion: 'v1', fieldPath: `metadata.annotations['${note}']` },
  });
  if (template.onFileChange.kind === 'restart')
    return {
      volumes: [
        {
          name: 'files',
          downwardAPI: { items: items.map(({ note, index, mode }) => item(note, `file-${index}`, mode)) },
        },
      ],
      mounts: items.map(({ path, index }) => ({
        name: 'files',
        mountPath: path,
        subPath: `file-${index}`,
        readOnly: true,
      })),
    };
  const paths = [...new Set(items.map(({ path }) => directoryOf(path)))];
  const directories = paths.map(
    (directory) => [directory, items.filter(({ path }) => directoryOf(path) === directory)] as const,
  );
  return {
    volumes: directories.map(([, inside], index) => ({
      name: `files-${index}`,
      downwardAPI: {
        items: inside.map(({ note, path, mode }) => item(note, path.slice(path.lastIndexOf('/') + 1), mode)),
      },
    })),
    mounts: directories.map(([mountPath], index) => ({ name: `files-${index}`, mountPath, readOnly: true })),
  };
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

/** Throws what can't be had, before anything is done. */
export function checkHeld(template: AppTemplate, held: HeldWanted | undefined): void {
  const { kind } = template.onFileChange;
  if (kind !== 'restart' && held === undefined)
    throw new DriverError(
      'driver.unsupported',
      'Files are reloaded in apps that are rebuilt in place. Say onChange: rebuildInPlace, or onFileChange: restart.',
    );
  const shared = sharedDirectory(template);
  if (shared !== undefined)
    throw new DriverError(
      'driver.refused',
      `Files that are reloaded need a directory of their own: ${shared} would hide what the image or a volume has there.`,
    );
  if (held !== undefined && bytesOf(held) > HELD_BYTES_MAX)
    throw new DriverError(
      'driver.refused',
      `An app that is rebuilt in place has room for ${HELD_BYTES_MAX} bytes of variables and files; these are ${bytesOf(held)}. Say onChange: rolling, or put files into a volume.`,
    );
}

const SHARED =
  /^\/($|(bin|boot|dev|etc|home|lib|lib64|opt|proc|root|run|sbin|sys|tmp|usr|var)$|usr\/|dev\/|proc\/|sys\/|lib\/)/;

/** A directory that can't be given to files that are reloaded: it would hide what the image has there. */
function sharedDirectory(template: AppTemplate): string | undefined {
  if (template.onFileChange.kind === 'restart') return undefined;
  const directories = template.files.map(({ path }) => directoryOf(path));
  const isVolume = (one: string) =>
    template.volumes.some(({ path }) => path === one || path.startsWith(`${one}/`));
  return directories.find((one) => SHARED.test(one) || isVolume(one));
}

/** Bytes of a quantity of memory as Kubernetes writes it; not a number if it is none. */
export function memoryBytes(quantity: string): number {
  const [, digits = '', unit = ''] = /^(\d+)(Ki|Mi|Gi|Ti|k|M|G|T)?$/.exec(quantity) ?? [];
  const factor = UNITS[unit];
  return digits === '' || factor === undefined ? Number.NaN : Number(digits) * factor;
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  Ki: 1_024,
  Mi: MIB,
  Gi: 1_024 * MIB,
  Ti: MIB * MIB,
  k: 1_000,
  M: 1_000_000,
  G: 1_000_000_000,
  T: 1_000_000_000_000,
};
