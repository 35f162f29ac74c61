/** What containers of a Compose service find in their file system: volumes, files beside the Compose file, configs, secrets. Values in, values out. */
import { z } from 'zod';
import { type Draft, nameOf } from './draft.ts';
import { Scalar } from './quantities.ts';
import type { Place } from './source.ts';

const SIZE_MIB = 1_024;

export interface Stack {
  readonly configs: Place | undefined;
  readonly secrets: Place | undefined;
  readonly volumes: Place | undefined;
  /** Names of them that a service has. */
  readonly used: Set<string>;
  /** A file beside the imported one; undefined if it can't be read as text. */
  readonly readText: (path: string) => string | undefined;
}

interface Target {
  readonly draft: Draft;
  readonly stack: Stack;
}

interface Mount {
  readonly type: string;
  readonly source: string;
  readonly path: string;
}

export function mountOf(place: Place, target: Target): void {
  const mount = place.isMapping ? longMount(place) : shortMount(place);
  if (mount === undefined) return;
  if (mount.type === 'bind') return bindOf(place, mount, target);
  if (mount.type !== 'volume')
    return place.lost(`A mount of type ${mount.type} has no place here: set it up in the image.`);
  const name = nameOf(mount.source || mount.path);
  target.stack.used.add(mount.source);
  target.draft.add(['volumes'], { name, path: mount.path, sizeMib: SIZE_MIB }, place);
  place.changed(
    `Each replica has a volume of its own, shared with nobody, of ${SIZE_MIB} MiB because the source gives no size: set sizeMib.`,
  );
}

function shortMount(place: Place): Mount | undefined {
  const parts = (place.read(Scalar) ?? '').split(':');
  const [source = '', path] = parts;
  if (path === undefined) return { type: 'volume', source: '', path: source };
  if (parts[2] !== undefined && parts[2] !== 'rw' && parts[2] !== 'ro')
    place.lost(`Of a mount, ${parts[2]} has no place here.`);
  return { type: /^[./~]/.test(source) ? 'bind' : 'volume', source, path };
}

function longMount(place: Place): Mount | undefined {
  const mount = {
    type: place.at('type')?.read(Scalar) ?? 'volume',
    source: place.at('source')?.read(Scalar) ?? '',
    path: place.at('target')?.read(Scalar) ?? '',
  };
  if (mount.type !== 'bind' && place.at('read_only')?.read(z.boolean()) === true)
    place.at('read_only')?.lost('Volumes can be written.');
  else place.at('read_only')?.settle();
  return mount;
}

/** A directory of the host is nowhere else; a file beside the source can go with the app. */
function bindOf(place: Place, { source, path }: Mount, { draft, stack }: Target): void {
  const content = source.startsWith('.') ? stack.readText(source) : undefined;
  if (content === undefined)
    return place.lost(
      `${source} is on one host: put files into the manifest (files), data into a volume, and the rest into the image.`,
    );
  draft.add(['files'], { path, content }, place);
  place.changed(`The manifest holds a copy of ${source}: change it there from now on.`);
}

interface Reference {
  readonly name: string;
  readonly path: string | undefined;
  readonly mode: number | undefined;
}

function referenceOf(place: Place): Reference {
  if (!place.isMapping) return { name: place.read(Scalar) ?? '', path: undefined, mode: undefined };
  for (const key of ['uid', 'gid'])
    if (place.at(key)?.value !== undefined && String(place.at(key)?.value) !== '0')
      place.at(key)?.lost('Files belong to root: let the mode give others what they need.');
    else place.at(key)?.settle();
  const mode = place.at('mode')?.read(Scalar);
  return {
    name: place.at('source')?.read(Scalar) ?? '',
    path: place.at('target')?.read(Scalar),
    mode: mode === undefined ? undefined : modeOf(mode),
  };
}

/** YAML 1.2 reads 0440 as a decimal number, and people mean octal; a number that has no octal form is one already. */
function modeOf(text: string): number {
  return /^(0o)?[0-7]{3,4}$/.test(text) ? Number.parseInt(text.replace('0o', ''), 8) : Number(text);
}

export function configOf(place: Place, { draft, stack }: Target): void {
  const { name, path, mode } = referenceOf(place);
  const declared = stack.configs?.at(name);
  stack.used.add(name);
  const file = declared?.at('file')?.read(Scalar);
  const content = file === undefined ? declared?.at('content')?.read(z.string()) : stack.readText(file);
  for (const key of ['external', 'environment']) declared?.at(key)?.settle();
  if (content === undefined)
    return place.lost(`The content of ${name} is not in reach: write it into files, with its path.`);
  draft.add(['files'], { path: path ?? `/${name}`, content, ...(mode === undefined ? {} : { mode }) }, place);
}

export function secretOf(place: Place, { draft, stack }: Target): void {
  const { name, path, mode } = referenceOf(place);
  stack.used.add(name);
  for (const one of stack.secrets?.at(name)?.entries() ?? [])
    if (['file', 'environment', 'external'].includes(one.key)) one.settle();
  const whole = path?.startsWith('/') === true ? path : `/run/secrets/${path ?? name}`;
  draft.add(['secrets'], { secret: name, key: name, as: { kind: 'file', path: whole } }, place);
  if (mode !== undefined) place.at('mode')?.lost("The mode of a secret's file is the cluster's own.");
  place.changed(
    `Make the secret ${name}, with its value under the key ${name}, in each cluster: Isthmus never sees values.`,
  );
}
