/** From a Docker Compose file, also as `docker stack deploy` takes it, to apps: one a service. Values in, values out. */
import { z } from 'zod';
import { DEPLOY } from './compose-deploy.ts';
import { healthOf } from './compose-health.ts';
import { configOf, mountOf, type Stack, secretOf } from './compose-mounts.ts';
import { exposedPort, portOf } from './compose-ports.ts';
import { Draft, newName } from './draft.ts';
import { CpuMillis, DockerMib, Scalar, Seconds, valuelessIn, variablesOf, wordsOf } from './quantities.ts';
import { each, follow, lost, meaningless, type Place, type Rules } from './source.ts';

const IN_IMAGE = lost('Isthmus leaves this to the image: set it there.');
const HOST_RIGHTS = lost(
  'Apps have no rights of their own over a host: run this one beside Isthmus, or do without.',
);
const NETWORKS = lost(
  'Apps of a tenant reach each other by name. To let only some of them call it: access: {kind: listed, callers: […]}.',
);
const VARIABLES =
  'Variables are not filled: write the value, or import what docker compose config prints; a plain $, which Compose writes as $$, is written once.';

export function composeApps(root: Place, readText: (path: string) => string | undefined): Draft[] {
  const stack: Stack = {
    configs: root.at('configs'),
    secrets: root.at('secrets'),
    volumes: root.at('volumes'),
    readText,
    used: new Set(),
  };
  const taken = new Set<string>();
  const drafts = (root.at('services')?.entries() ?? []).map((service) => {
    const draft = new Draft(newName(service.key, taken, service), service);
    service.belongsTo(draft.name);
    follow(service, SERVICE, { draft, stack });
    for (const text of service.texts()) if (String(text.value).includes('$')) text.lost(VARIABLES);
    return draft;
  });
  for (const one of root.entries()) restOf(one, stack);
  return drafts;
}

/** What the file says outside of its services, if no service has used it. */
function restOf(place: Place, stack: Stack): void {
  if (place.key.startsWith('x-')) place.note('meaningless', 'Compose ignores it as well.');
  if (place.key === 'version') place.note('meaningless', 'It is about the form of the file.');
  if (place.key === 'name')
    place.note('meaningless', 'The tenant takes the place of the project; namespace: NAME says another one.');
  if (place.key === 'include') place.lost('Import that file as well.');
  if (place.key === 'networks') for (const network of place.entries()) network.lost(NETWORKS.message);
  if (!['volumes', 'configs', 'secrets'].includes(place.key)) return;
  for (const one of place.entries())
    if (!stack.used.has(one.key)) one.lost('No service uses it.');
    else if (one.value === null) one.settle();
    else for (const field of one.entries()) declared(place.key, field);
}

function declared(section: string, field: Place): void {
  if (field.key === 'name') return field.changed('The name inside of the file is used instead.');
  if (field.key === 'driver' && section === 'volumes' && field.value === 'local') return field.settle();
  if (field.key === 'driver' || field.key === 'driver_opts')
    return field.lost("Say volumes[].class: a storage class, or a driver of the cluster's engines.");
  if (field.key === 'labels') field.lost('Isthmus keeps no labels of them.');
}

export interface Service {
  readonly draft: Draft;
  readonly stack: Stack;
}

const SERVICE: Rules<Service> = {
  image: (place, { draft }) => draft.put(['image'], place.read(Scalar), place),
  build: lost('Build the image, push it to a registry, and name it as image.'),
  command: (place, { draft }) => commandOf(place, ['arguments'], draft),
  entrypoint: (place, { draft }) => commandOf(place, ['command'], draft),
  environment: (place, { draft }) => environmentOf(place, draft),
  env_file: (place, service) => {
    for (const one of place.items()) fileOfVariables(one, service);
  },
  ports: (place, { draft }) => {
    for (const one of place.items()) portOf(one, draft);
  },
  expose: (place, { draft }) => {
    for (const one of place.items()) exposedPort(one, { number: one.read(Scalar) ?? '', draft });
  },
  volumes: (place, service) => {
    for (const one of place.items()) mountOf(one, service);
  },
  configs: (place, service) => {
    for (const one of place.items()) configOf(one, service);
  },
  secrets: (place, service) => {
    for (const one of place.items()) secretOf(one, service);
  },
  healthcheck: (place, { draft }) => healthOf(place, draft),
  deploy: (place, { draft }) => follow(place, DEPLOY, draft),
  scale: (place, { draft }) => draft.put(['replicas'], place.read(z.coerce.number()), place),
  cpus: (place, { draft }) => draft.put(['resources', 'cpuMillisMax'], place.read(CpuMillis), place),
  mem_limit: (place, { draft }) => draft.put(['resources', 'memoryMibMax'], place.read(DockerMib), place),
  mem_reservation: (place, { draft }) => draft.put(['resources', 'memoryMib'], place.read(DockerMib), place),
  stop_grace_period: (place, { draft }) => draft.put(['stopSeconds'], place.read(Seconds), place),
  pull_policy: (place, { draft }) => pullPolicy(place, draft),
  restart: (place) => {
    const text = place.read(Scalar);
    if (text !== 'always' && text !== 'unless-stopped')
      place.lost('An app runs until it is deleted: what ends is brought up again.');
  },
  networks: NETWORKS,
  network_mode: lost('Apps have the network of their cluster; with host, say ports[].hostPort.'),
  depends_on: lost(
    'Nothing waits for another app: let it try again until that one answers; placement.latencyTo keeps it near.',
  ),
  ...each(
    ['links', 'external_links'],
    lost('Apps of a tenant reach each other by name, here the name of the app.'),
  ),
  ...each(
    ['labels', 'label_file', 'annotations'],
    lost('Apps have no labels; what reads them must be told otherwise.'),
  ),
  ...each(
    ['container_name', 'hostname', 'domainname'],
    lost('The cluster names containers; the app is called by its name.'),
  ),
  ...each(
    [
      'user',
      'working_dir',
      'stop_signal',
      'group_add',
      'shm_size',
      'ulimits',
      'sysctls',
      'tmpfs',
      'init',
      'read_only',
    ],
    IN_IMAGE,
  ),
  ...each(
    [
      'privileged',
      'cap_add',
      'cap_drop',
      'devices',
      'security_opt',
      'pid',
      'ipc',
      'userns_mode',
      'cgroup',
      'cgroup_parent',
      'gpus',
      'device_cgroup_rules',
    ],
    HOST_RIGHTS,
  ),
  ...each(
    ['extra_hosts', 'dns', 'dns_search', 'dns_opt'],
    lost('Names are those of the cluster and of Isthmus: make a service with this name.'),
  ),
  ...each(['stdin_open', 'tty', 'attach'], meaningless('It is about a terminal, and there is none.')),
  logging: lost("Where logs go is the cluster's affair: say it there."),
  profiles: lost('Leave the manifest out where it is not wanted.'),
  extends: lost('Merge the services first: docker compose config writes the merged file.'),
  develop: meaningless('It is for work on the source.'),
  platform: lost('Say placement.constraints: for example cluster labels that tell the architecture.'),
};

function commandOf(place: Place, path: readonly string[], draft: Draft): void {
  if (!place.isList) return draft.put(path, wordsOf(place.read(Scalar) ?? ''), place);
  draft.put(
    path,
    place.items().flatMap((word) => word.read(Scalar) ?? []),
    place,
  );
}

function environmentOf(place: Place, draft: Draft): void {
  for (const one of place.isList ? place.items() : place.entries()) {
    const [name = '', ...rest] = place.isList ? (one.read(Scalar) ?? '').split('=') : [one.key];
    const isEmpty = place.isList ? rest.length === 0 : one.value === null;
    if (isEmpty)
      one.lost(`${name} comes from whoever starts Compose: write its value, or a secret of the cluster.`);
    else draft.put(['environment', name], place.isList ? rest.join('=') : one.read(Scalar), one);
  }
}

function fileOfVariables(place: Place, { draft, stack }: Service): void {
  const path = place.isMapping ? place.at('path') : place;
  const name = path?.read(z.string());
  place.at('required')?.settle();
  if (path === undefined || name === undefined) return;
  const text = stack.readText(name);
  if (text === undefined)
    return path.lost(`${name} could not be read: write its variables into environment.`);
  for (const [variable, value] of variablesOf(text))
    if (!draft.has('environment', variable)) draft.put(['environment', variable], value, path);
  for (const variable of valuelessIn(text))
    if (!draft.has('environment', variable))
      path.lost(
        `${variable} in ${name} comes from whoever starts Compose: write its value, or a secret of the cluster.`,
      );
}

function pullPolicy(place: Place, draft: Draft): void {
  const policy = place.read(Scalar);
  const known = {
    always: 'always',
    never: 'never',
    missing: 'if_absent',
    if_not_present: 'if_absent',
  } as const;
  const found = Object.entries(known).find(([name]) => name === policy)?.[1];
  if (found === undefined) return place.lost('Say pullPolicy: always, if_absent or never.');
  draft.put(['pullPolicy'], found, place);
}
