/** Container, ports and volumes of a Marathon app. Values in, values out. */
import { z } from 'zod';
import { nameOf } from './draft.ts';
import { type Service, secretAs } from './marathon-secret.ts';
import { Scalar } from './quantities.ts';
import { each, lost, type Place, type Rules, within } from './source.ts';

const Count = z.number();
const SIZE_MIB = 1_024;

export const CONTAINER: Rules<Service> = {
  type: (place) => {
    const type = place.read(Scalar);
    if (type !== 'DOCKER' && type !== 'MESOS') place.lost('Containers are made from images by the cluster.');
  },
  docker: within({
    image: (place, { draft }) => draft.put(['image'], place.read(Scalar), place),
    forcePullImage: (place, { draft }) => {
      if (place.read(z.boolean()) === true) draft.put(['pullPolicy'], 'always', place);
    },
    network: (place) => {
      if (place.read(Scalar) !== 'BRIDGE')
        place.lost('Apps have the network of their cluster; for ports of the host say ports[].hostPort.');
    },
    portMappings: mappings,
    privileged: (place) => {
      if (place.read(z.boolean()) === true) place.lost('Apps have no rights of their own over a host.');
    },
    parameters: (place) => {
      for (const one of place.items())
        one.lost("Isthmus gives no options of an engine's command line: set it in the image.");
    },
    pullConfig: lost("Give the cluster's engines or namespace what the registry asks for."),
    credential: lost("Give the cluster's engines or namespace what the registry asks for."),
  }),
  portMappings: mappings,
  volumes: (place, service) => {
    for (const one of place.items()) volumeOf(one, service);
  },
  ...each(['linuxInfo', 'appc'], lost('Isthmus leaves this to the image and the cluster.')),
};

function mappings(place: Place, service: Service): void {
  for (const one of place.items()) portOf(one, service);
}

const PORT: readonly string[] = ['containerPort', 'port'];

/** A mapping, or a definition for the host's network. */
export function portOf(place: Place, { draft }: Service): void {
  const number = PORT.flatMap((key) => place.at(key) ?? [])[0];
  const isDefinition = number?.key === 'port';
  const port = number?.read(Count) ?? 0;
  const hostPort = place.at('hostPort')?.read(Count) ?? 0;
  const label = place.at('name')?.read(Scalar);
  const protocols = (place.at('protocol')?.read(Scalar) ?? 'tcp').split(',');
  place.at('servicePort')?.lost('Make a service of the site with this port: it balances over the app.');
  place.at('networkNames')?.lost('Networks of a cluster are not named here.');
  for (const inner of [place.at('labels')])
    if (inner !== undefined)
      inner.lost('Ports have no labels: make a service of the site for what read them.');
  if (port === 0)
    return (number ?? place).lost(
      'Marathon chose this port: say on which one the app listens, and fill ports.',
    );
  for (const protocol of protocols) {
    const suffix = protocols.length > 1 ? `-${protocol}` : '';
    const name = `${nameOf(label ?? `port-${port}`)}${suffix}`;
    const host = isDefinition ? port : hostPort;
    const rest = { ...(protocol === 'tcp' ? {} : { protocol }), ...(host === 0 ? {} : { hostPort: host }) };
    draft.add(['ports'], { name, port, ...rest }, place);
  }
}

/** The port that a check means: by its name, or its number in the order of the app. 0 if Marathon chose it. */
export function containerPort(
  app: Place,
  which: { readonly name?: string | undefined; readonly index: number },
): number {
  const lists = [
    app.at('container', 'portMappings'),
    app.at('container', 'docker', 'portMappings'),
    app.at('portDefinitions'),
  ];
  const ports = lists.flatMap((list) => list?.items() ?? []);
  const found =
    ports.find((one) => which.name !== undefined && one.at('name')?.value === which.name) ??
    ports[which.index];
  const value = PORT.flatMap(
    (key) => found?.at(key)?.value ?? app.at('ports')?.items()[which.index]?.value ?? [],
  );
  return Count.safeParse(value[0]).data ?? 0;
}

function volumeOf(place: Place, service: Service): void {
  const path = place.at('containerPath')?.read(Scalar) ?? '';
  const secret = place.at('secret')?.read(z.string());
  if (secret !== undefined) {
    const whole = path.startsWith('/') ? path : `/${path}`;
    return secretAs(place, { kind: 'file', path: whole }, { ...service, name: secret });
  }
  const mode = place.at('mode');
  if (mode?.read(Scalar) === 'RO') mode.lost('Volumes can be written.');
  const host = place.at('hostPath');
  if (host !== undefined)
    return place.lost(
      'A directory of the host is nowhere else: use a volume, files, or put it into the image.',
    );
  const persistent = place.at('persistent');
  const external = place.at('external');
  const size = persistent?.at('size')?.read(Count) ?? external?.at('size')?.read(Count);
  for (const key of ['type', 'constraints', 'profileName', 'maxSize'])
    persistent?.at(key)?.lost('Say volumes[].class: a storage class of the cluster.');
  for (const key of ['provider', 'options'])
    external?.at(key)?.lost("Say volumes[].class: a storage class, or a driver of the cluster's engines.");
  const isGib = persistent === undefined && external !== undefined;
  const sizeMib = size === undefined ? SIZE_MIB : Math.ceil(isGib ? size * 1_024 : size);
  const name = nameOf(external?.at('name')?.read(Scalar) ?? path);
  service.draft.add(
    ['volumes'],
    { name, path: path.startsWith('/') ? path : `/mnt/mesos/sandbox/${path}`, sizeMib },
    place,
  );
  if (!path.startsWith('/'))
    place.changed(
      "There is no sandbox: the volume lies at the path that Marathon's had; change it with the app.",
    );
  if (size === undefined) place.changed(`The source gives no size: ${SIZE_MIB} MiB.`);
  if (external !== undefined)
    place.changed('Each replica has a volume of its own: data of the external one must be copied.');
}
