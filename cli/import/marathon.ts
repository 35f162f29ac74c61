/** From Marathon's JSON to apps: an app, a list of them, or a group with groups in it. Values in, values out. */
import { z } from 'zod';
import { Draft, nameOf, newName } from './draft.ts';
import { constraintOf } from './marathon-constraints.ts';
import { CONTAINER, containerPort, portOf } from './marathon-container.ts';
import { healthCheckOf } from './marathon-health.ts';
import { type Service, secretAs } from './marathon-secret.ts';
import { CpuMillis, Scalar } from './quantities.ts';
import { each, follow, lost, meaningless, type Place, type Rules, within } from './source.ts';

const Count = z.number();
const DEPENDENCIES = lost(
  'Nothing waits for another app: let it try again; placement.latencyTo keeps it near to one.',
);
const FETCH = lost('Put what is fetched into the image, or small texts into files.');
const BACKOFF = lost('Each cluster waits in its own way before it starts an app again.');
const STATUS = meaningless('It tells what Marathon did, not what is wanted.');

export function marathonApps(root: Place): Draft[] {
  const taken = new Set<string>();
  return root.items().flatMap((one) => groupOf(one, taken));
}

function groupOf(place: Place, taken: Set<string>): Draft[] {
  const isGroup = place.at('apps') !== undefined || place.at('groups') !== undefined;
  if (!isGroup) return place.isMapping ? [appOf(place, taken)] : [];
  const drafts = ['groups', 'apps'].flatMap((key) =>
    (place.at(key)?.items() ?? []).flatMap((one) => groupOf(one, taken)),
  );
  follow(place, GROUP, undefined);
  return drafts;
}

const GROUP: Rules<undefined> = {
  id: (place) => place.settle(),
  dependencies: DEPENDENCIES,
  pods: lost('An app has one container: make an app of each container of a pod.'),
  enforceRole: lost('Quotas are set for a tenant, not for a group.'),
  version: STATUS,
};

function appOf(app: Place, taken: Set<string>): Draft {
  const id = app.at('id');
  const path = (id?.read(Scalar) ?? 'app').replace(/^\//, '');
  const short = path.split('/').at(-1) ?? path;
  const name = taken.has(nameOf(short)) ? path : short;
  const draft = new Draft(newName(name, taken, id ?? app), app);
  app.belongsTo(draft.name);
  follow(app, APP, { draft, app });
  return draft;
}

const APP: Rules<Service> = {
  cmd: (place, { draft }) => draft.put(['command'], ['/bin/sh', '-c', place.read(Scalar) ?? ''], place),
  args: (place, { draft }) =>
    draft.put(
      ['arguments'],
      place.items().flatMap((word) => word.read(Scalar) ?? []),
      place,
    ),
  cpus: (place, { draft }) => draft.put(['resources', 'cpuMillis'], place.read(CpuMillis), place),
  mem: (place, { draft }) => {
    const memoryMib = Math.max(1, Math.ceil(place.read(Count) ?? 1));
    draft.put(['resources', 'memoryMib'], memoryMib, place);
    draft.put(['resources', 'memoryMibMax'], memoryMib, place);
  },
  disk: (place) => {
    if (place.read(Count) !== 0)
      place.lost('What lies in a container is not measured: use a volume with a size.');
  },
  gpus: (place) => {
    if (place.read(Count) !== 0)
      place.lost('Say it as a constraint on labels of nodes; GPUs are not counted.');
  },
  instances: (place, { draft }) => draft.put(['replicas'], place.read(Count), place),
  env: (place, service) => {
    for (const one of place.entries()) variableOf(one, service);
  },
  secrets: (place) => {
    for (const one of place.entries())
      if (one.at('source') === undefined) one.lost('It has no source.');
      else one.at('source')?.settle();
  },
  container: within(CONTAINER),
  portDefinitions: (place, service) => {
    for (const one of place.items()) portOf(one, service);
  },
  ports: (place, { draft }) => {
    for (const one of place.items()) {
      const port = one.read(Count) ?? 0;
      if (port === 0) one.lost('A port is a number here: say on which one the app listens.');
      else draft.add(['ports'], { name: `port-${port}`, port }, one);
    }
  },
  requirePorts: meaningless('A port is always the one that it says.'),
  networks: (place) => {
    for (const one of place.items()) networkOf(one);
  },
  ipAddress: lost('Say pool: NAME for addresses of a pool of Isthmus.'),
  healthChecks: (place, service) => {
    for (const one of place.items()) healthCheckOf(one, service);
  },
  readinessChecks: (place, service) => {
    for (const one of place.items()) readinessOf(one, service);
  },
  constraints: (place, { draft }) => {
    for (const one of place.items()) constraintOf(one, draft);
  },
  upgradeStrategy: upgradeOf,
  unreachableStrategy: unreachableOf,
  killSelection: (place, { draft }) => {
    const isOldest = place.read(Scalar) === 'OLDEST_FIRST';
    draft.put(['disconnect', 'reconcile'], isOldest ? 'keep_newest' : 'keep_oldest', place);
    place.changed('It decides who stays when a cluster that was cut off is back; else the cluster chooses.');
  },
  taskKillGracePeriodSeconds: (place, { draft }) => draft.put(['stopSeconds'], place.read(Count), place),
  ...each(['backoffSeconds', 'backoffFactor', 'maxLaunchDelaySeconds'], BACKOFF),
  ...each(['fetch', 'uris'], FETCH),
  labels: lost('Apps have no labels. What a load balancer read in them: make a service of the site.'),
  user: lost('Isthmus leaves the user to the image: set it there.'),
  dependencies: DEPENDENCIES,
  acceptedResourceRoles: lost('Say it as a constraint, such as node.role == worker.'),
  residency: (place) => place.note('meaningless', 'A replica with volumes stays where they are.'),
  role: lost('Quotas are set for a tenant.'),
  tty: meaningless('It is about a terminal, and there is none.'),
  executor: (place) => {
    if (place.read(Scalar) !== '') place.lost('An app runs as a container, by the executor of its cluster.');
  },
  ...each(
    [
      'version',
      'versionInfo',
      'tasksStaged',
      'tasksRunning',
      'tasksHealthy',
      'tasksUnhealthy',
      'tasks',
      'deployments',
      'lastTaskFailure',
      'storeUrls',
    ],
    STATUS,
  ),
};

function variableOf(place: Place, { draft, app }: Service): void {
  if (!place.isMapping) return draft.put(['environment', place.key], place.read(Scalar), place);
  const name = place.at('secret')?.read(z.string());
  if (name === undefined) place.lost('This is neither a text nor a secret.');
  else secretAs(place, { kind: 'variable', name: place.key }, { draft, app, name });
}

function networkOf(place: Place): void {
  const mode = place.at('mode')?.read(Scalar);
  if (mode !== 'container/bridge')
    place
      .at('mode')
      ?.lost('Apps have the network of their cluster, and pool: NAME if they need addresses of their own.');
  place.at('name')?.lost('Networks of a cluster are not named here.');
}

function readinessOf(place: Place, { draft, app }: Service): void {
  const name = place.at('portName')?.read(Scalar);
  const port = containerPort(app, { name, index: 0 });
  const http = { path: place.at('path')?.read(Scalar) ?? '/', port };
  const periodSeconds = place.at('intervalSeconds')?.read(Count) ?? 30;
  const timeoutSeconds = place.at('timeoutSeconds')?.read(Count) ?? 10;
  draft.put(['health', 'ready'], { http, periodSeconds, timeoutSeconds }, place);
  place.at('name')?.settle();
  place.at('protocol')?.settle();
  place.at('httpStatusCodesForReady')?.lost('Ready is each status from 200 to 399.');
  place.at('preserveLastResponse')?.note('meaningless', 'Answers are not kept.');
}

function upgradeOf(place: Place, { draft, app }: Service): void {
  const instances = z.number().safeParse(app.at('instances')?.value).data ?? 1;
  const least = place.at('minimumHealthCapacity');
  const over = place.at('maximumOverCapacity');
  const healthy = least?.read(Count) ?? 1;
  const surge = Math.floor(instances * (over?.read(Count) ?? 1));
  draft.put(['upgrade', 'kind'], 'rolling', place);
  draft.put(['upgrade', 'maxSurge'], Math.max(1, surge), over ?? place);
  draft.put(['maxUnavailable'], Math.max(1, instances - Math.ceil(instances * healthy)), least ?? place);
  if (surge < 1)
    over?.changed(
      'New containers come first, so one beyond the replicas is needed; rebuildInPlace (onChange) needs none.',
    );
  if (healthy < 1)
    least?.changed(
      'An upgrade takes no container away before a new one is ready: this bounds other causes alone.',
    );
}

function unreachableOf(place: Place, { draft }: Service): void {
  if (!place.isMapping) {
    if (place.read(Scalar) !== 'disabled') return place.lost('Say disconnect.');
    return draft.put(['disconnect', 'replace'], false, place);
  }
  const after = place.at('inactiveAfterSeconds');
  draft.put(['disconnect', 'replace'], true, place);
  draft.put(['disconnect', 'lostAfterSeconds'], Math.max(10, after?.read(Count) ?? 300), after ?? place);
  if (Number(after?.value) < 10) after?.changed('10 seconds are the least.');
  place
    .at('expungeAfterSeconds')
    ?.changed('Containers that are back are reconciled, however late: disconnect.reconcile says which stay.');
}
