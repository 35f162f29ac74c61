/** What the container of a pod finds in its file system: files of ConfigMaps, secrets, claims. Values in, values out. */
import { z } from 'zod';
import { nameOf } from './draft.ts';
import { dataOf, thingOf, type Workload } from './kubernetes-estate.ts';
import { QuantityMib, Scalar } from './quantities.ts';
import type { Place } from './source.ts';

const SIZE_MIB = 1_024;

interface Mount {
  readonly place: Place;
  readonly path: string;
  readonly subPath: string | undefined;
}

export function mountOf(place: Place, workload: Workload): void {
  const name = place.at('name')?.read(Scalar) ?? '';
  const path = (place.at('mountPath')?.read(Scalar) ?? '').replace(/\/$/, '');
  const subPath = place.at('subPath')?.read(Scalar);
  if (place.at('readOnly')?.read(z.boolean()) === false) place.at('readOnly')?.settle();
  const spec = workload.thing.place.at('spec');
  const templates = spec?.at('volumeClaimTemplates')?.items() ?? [];
  if (templates.some((one) => one.at('metadata', 'name')?.value === name)) return;
  const volumes = spec?.at('template', 'spec', 'volumes')?.items() ?? [];
  const volume = volumes.find((one) => one.at('name')?.value === name);
  volume?.at('name')?.settle();
  const mount = { place, path, subPath };
  const config = volume?.at('configMap');
  const secret = volume?.at('secret');
  const claim = volume?.at('persistentVolumeClaim');
  const empty = volume?.at('emptyDir');
  if (config !== undefined) return filesOf(config, mount, workload);
  if (secret !== undefined) return secretsOf(secret, mount, workload);
  if (claim !== undefined) return claimOf(claim, mount, workload);
  if (empty !== undefined)
    return empty.note(
      'meaningless',
      'A container writes into its own file system; it is empty in each new one.',
    );
  place.lost(
    'A volume of this kind has no place here: use volumes, files, secrets, or put it into the image.',
  );
}

/** Which keys become which files; undefined: all of them, by their name. */
function itemsOf(source: Place): [string, string][] | undefined {
  source.at('defaultMode')?.lost('Say the mode of each file.');
  source.at('optional')?.settle();
  return source
    .at('items')
    ?.items()
    .map((one) => {
      one.at('mode')?.lost('Say the mode of each file.');
      return [one.at('key')?.read(Scalar) ?? '', one.at('path')?.read(Scalar) ?? ''];
    });
}

function filesOf(source: Place, mount: Mount, { draft, estate, thing }: Workload): void {
  const name = source.at('name')?.read(Scalar) ?? '';
  const data = dataOf(thingOf(estate, 'ConfigMap', { name, namespace: thing.namespace }));
  const items = itemsOf(source);
  if (data === undefined)
    return source.lost(`${name} is not among the imported: write its texts into files.`);
  for (const [key, file] of items ?? data.map(([one]): [string, string] => [one, one])) {
    const content = data.find(([one]) => one === key)?.[1];
    if (content === undefined) source.lost(`${name} has no key ${key}.`);
    else if (mount.subPath === undefined)
      draft.add(['files'], { path: `${mount.path}/${file}`, content }, mount.place);
    else if (mount.subPath === file) draft.add(['files'], { path: mount.path, content }, mount.place);
  }
}

function secretsOf(source: Place, mount: Mount, { draft }: Workload): void {
  const secret = source.at('secretName')?.read(Scalar) ?? '';
  const items = itemsOf(source);
  const { subPath } = mount;
  if (items === undefined && subPath === undefined)
    return source.lost(`Which keys ${secret} has is not said: name each in secrets, as a file.`);
  for (const [key, file] of items ?? [[subPath ?? '', subPath ?? '']])
    if (subPath === undefined || subPath === file) {
      const path = subPath === undefined ? `${mount.path}/${file}` : mount.path;
      draft.add(['secrets'], { secret, key, as: { kind: 'file', path } }, mount.place);
    }
  source.changed(`The secret ${secret} must be in each cluster: Isthmus never sees values.`);
}

function claimOf(source: Place, mount: Mount, { draft, estate, thing }: Workload): void {
  const name = source.at('claimName')?.read(Scalar) ?? '';
  source.at('readOnly')?.lost('Volumes can be written.');
  if (mount.subPath !== undefined) mount.place.at('subPath')?.lost('A volume is mounted as a whole.');
  const claim = thingOf(estate, 'PersistentVolumeClaim', { name, namespace: thing.namespace });
  const size = claim?.place.at('spec', 'resources', 'requests', 'storage')?.read(QuantityMib);
  const storageClass = claim?.place.at('spec', 'storageClassName')?.read(Scalar);
  const rest = storageClass === undefined ? {} : { class: storageClass };
  draft.add(
    ['volumes'],
    { name: nameOf(name), path: mount.path, sizeMib: size ?? SIZE_MIB, ...rest },
    mount.place,
  );
  source.changed(
    `Each replica has a new volume of its own: copy the data of ${name}.${size === undefined ? ` Its size is not known: ${SIZE_MIB} MiB.` : ''}`,
  );
}
