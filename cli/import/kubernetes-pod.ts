/** The pod of a Kubernetes workload: its one container, probes, variables. Values in, values out. */
import { z } from 'zod';
import { dataOf, thingOf, type Workload } from './kubernetes-estate.ts';
import { mountOf } from './kubernetes-mounts.ts';
import { affinityOf, nodeSelectorOf, spreadOf } from './kubernetes-nodes.ts';
import { CpuMillis, QuantityMib, Scalar } from './quantities.ts';
import { each, follow, lost, meaningless, type Place, type Rule, type Rules, within } from './source.ts';

const IN_IMAGE = lost('Isthmus leaves this to the image: set it there.');
const CLUSTER = lost("It is the cluster's own affair: set it for the app's namespace.");

const CONTAINER: Rules<Workload> = {
  name: (place) => place.settle(),
  image: (place, { draft }) => draft.put(['image'], place.read(Scalar), place),
  imagePullPolicy: (place, { draft }) => {
    const policies: Readonly<Record<string, string>> = {
      Always: 'always',
      IfNotPresent: 'if_absent',
      Never: 'never',
    };
    draft.put(['pullPolicy'], policies[place.read(Scalar) ?? ''], place);
  },
  command: (place, { draft }) => draft.put(['command'], words(place), place),
  args: (place, { draft }) => draft.put(['arguments'], words(place), place),
  env: (place, workload) => {
    for (const one of place.items()) variableOf(one, workload);
  },
  envFrom: (place, workload) => {
    for (const one of place.items()) variablesFrom(one, workload);
  },
  ports: (place, { draft }) => {
    for (const one of place.items()) {
      const port = one.at('containerPort')?.read(z.number());
      const protocol = (one.at('protocol')?.read(Scalar) ?? 'TCP').toLowerCase();
      const hostPort = one.at('hostPort')?.read(z.number());
      one.at('hostIP')?.lost('A port of a host is open on all of its addresses.');
      const name = one.at('name')?.read(Scalar) ?? `port-${port}`;
      const rest = {
        ...(protocol === 'tcp' ? {} : { protocol }),
        ...(hostPort === undefined ? {} : { hostPort }),
      };
      draft.add(['ports'], { name, port, ...rest }, one);
    }
  },
  resources: within({
    requests: within(resource('cpuMillis', 'memoryMib')),
    limits: within(resource('cpuMillisMax', 'memoryMibMax')),
    claims: lost('Devices are not counted: say a constraint on labels of nodes.'),
  }),
  livenessProbe: probe('live'),
  readinessProbe: probe('ready'),
  startupProbe: probe('start'),
  volumeMounts: (place, workload) => {
    for (const one of place.items()) mountOf(one, workload);
  },
  ...each(
    ['securityContext', 'workingDir', 'lifecycle', 'volumeDevices', 'restartPolicy', 'resizePolicy'],
    IN_IMAGE,
  ),
  ...each(
    ['stdin', 'stdinOnce', 'tty', 'terminationMessagePath', 'terminationMessagePolicy'],
    meaningless('Isthmus reads the last lines of the log itself.'),
  ),
};

export const POD: Rules<Workload> = {
  containers: (place, workload) => {
    for (const [index, one] of place.items().entries())
      if (index === 0) follow(one, CONTAINER, workload);
      else one.lost('An app has one container: make an app of this one, or put both into one image.');
  },
  initContainers: lost('An app has one container: do in its command what must come first.'),
  ephemeralContainers: meaningless('They are for looking into a pod that runs.'),
  volumes: () => undefined,
  nodeSelector: nodeSelectorOf,
  affinity: affinityOf,
  topologySpreadConstraints: (place, { draft }) => {
    for (const one of place.items()) spreadOf(one, draft);
  },
  terminationGracePeriodSeconds: (place, { draft }) =>
    draft.put(['stopSeconds'], place.read(z.number()), place),
  restartPolicy: (place) => {
    if (place.read(Scalar) !== 'Always') place.lost('What ends is brought up again.');
  },
  nodeName: lost('Say it as a constraint: node.name == NAME.'),
  tolerations: lost('Isthmus does not go by taints: say constraints on labels of nodes.'),
  priorityClassName: lost('Say placement.priority, from 0 to 100.'),
  ...each(
    [
      'serviceAccountName',
      'serviceAccount',
      'automountServiceAccountToken',
      'imagePullSecrets',
      'runtimeClassName',
      'schedulerName',
    ],
    CLUSTER,
  ),
  ...each(
    [
      'securityContext',
      'hostname',
      'subdomain',
      'hostAliases',
      'dnsConfig',
      'shareProcessNamespace',
      'setHostnameAsFQDN',
    ],
    IN_IMAGE,
  ),
  ...each(
    ['hostNetwork', 'hostPID', 'hostIPC', 'hostUsers'],
    lost('Apps have nothing of the host; for its ports say ports[].hostPort.'),
  ),
  dnsPolicy: (place) => {
    if (place.read(Scalar) !== 'ClusterFirst') place.lost('Names are those of the cluster and of Isthmus.');
  },
  enableServiceLinks: meaningless('Names take the place of these variables.'),
};

function words(place: Place): string[] {
  return place.items().flatMap((word) => word.read(Scalar) ?? []);
}

function resource(cpu: string, memory: string): Rules<Workload> {
  return {
    cpu: (place, { draft }) => draft.put(['resources', cpu], place.read(CpuMillis), place),
    memory: (place, { draft }) => draft.put(['resources', memory], place.read(QuantityMib), place),
    'ephemeral-storage': lost('What lies in a container is not measured: use a volume with a size.'),
  };
}

function variableOf(place: Place, { draft, estate, thing }: Workload): void {
  const name = place.at('name')?.read(Scalar) ?? '';
  const value = place.at('value');
  const from = place.at('valueFrom');
  if (value !== undefined) draft.put(['environment', name], value.read(Scalar), value);
  if (value === undefined && from === undefined) draft.put(['environment', name], '', place);
  const secret = from?.at('secretKeyRef');
  const config = from?.at('configMapKeyRef');
  const reference = { name: (secret ?? config)?.at('name')?.read(Scalar) ?? '', namespace: thing.namespace };
  const key = (secret ?? config)?.at('key')?.read(Scalar) ?? '';
  (secret ?? config)?.at('optional')?.lost('What an app needs is there, or it does not start.');
  if (secret !== undefined) {
    draft.add(['secrets'], { secret: reference.name, key, as: { kind: 'variable', name } }, secret);
    secret.changed(`The secret ${reference.name} must be in each cluster: Isthmus never sees values.`);
  }
  if (config !== undefined) {
    const found = dataOf(thingOf(estate, 'ConfigMap', reference))?.find(([one]) => one === key);
    if (found === undefined)
      config.lost(`${reference.name} is not among the imported: write the value into environment.`);
    else draft.put(['environment', name], found[1], config);
  }
  for (const one of ['fieldRef', 'resourceFieldRef', 'fileKeyRef'])
    from?.at(one)?.lost('A container is not told of itself by variables.');
}

function variablesFrom(place: Place, { draft, estate, thing }: Workload): void {
  const prefix = place.at('prefix')?.read(Scalar) ?? '';
  place.at('secretRef')?.lost('Name each of its keys in secrets, as a variable.');
  const config = place.at('configMapRef');
  if (config === undefined) return;
  const name = config.at('name')?.read(Scalar) ?? '';
  const data = dataOf(thingOf(estate, 'ConfigMap', { name, namespace: thing.namespace }));
  if (data === undefined)
    return config.lost(`${name} is not among the imported: write its values into environment.`);
  config.at('optional')?.settle();
  for (const [key, value] of data)
    if (!draft.has('environment', `${prefix}${key}`))
      draft.put(['environment', `${prefix}${key}`], value, config);
}

function probe(kind: 'start' | 'live' | 'ready'): Rule<Workload> {
  return (place, { draft, thing }) => {
    const http = place.at('httpGet');
    const tcp = place.at('tcpSocket');
    const exec = place.at('exec', 'command');
    const numbers = {
      periodSeconds: 'periodSeconds',
      timeoutSeconds: 'timeoutSeconds',
      failureThreshold: 'failures',
    };
    const rest = Object.entries(numbers).flatMap(([theirs, ours]) => {
      const found = place.at(theirs)?.read(z.number());
      return found === undefined ? [] : [[ours, found] as const];
    });
    if (place.at('initialDelaySeconds')?.read(z.number()) !== 0)
      place
        .at('initialDelaySeconds')
        ?.lost('Say health.start: it bears failures until the app answers once.');
    if (place.at('successThreshold')?.read(z.number()) !== 1)
      place.at('successThreshold')?.lost('One success is enough.');
    place.at('grpc')?.lost('Check by tcp, or by a command.');
    place.at('terminationGracePeriodSeconds')?.lost('Say stopSeconds, for every cause.');
    http?.at('httpHeaders')?.lost('A probe sends no headers of its own.');
    http?.at('host')?.lost('A probe goes to the container.');
    if (http?.at('scheme')?.read(Scalar) === 'HTTPS')
      return http.lost('A probe speaks plain HTTP: give the app such a path, or check by tcp.');
    const port = portOf((http ?? tcp)?.at('port'), thing.place);
    tcp?.at('host')?.lost('A probe goes to the container.');
    const way =
      http !== undefined
        ? { http: { path: http.at('path')?.read(Scalar) ?? '/', port } }
        : tcp !== undefined
          ? { tcp: { port } }
          : exec !== undefined
            ? { command: words(exec) }
            : undefined;
    if (way !== undefined) draft.put(['health', kind], { ...way, ...Object.fromEntries(rest) }, place);
  };
}

/** A number, or the name of a port of the container. */
function portOf(place: Place | undefined, workload: Place): number {
  const text = place?.read(Scalar) ?? '';
  if (/^[0-9]+$/.test(text)) return Number(text);
  const containers = workload.at('spec', 'template', 'spec', 'containers')?.items() ?? [];
  const named = containers
    .flatMap((one) => one.at('ports')?.items() ?? [])
    .find((one) => one.at('name')?.value === text);
  return z.number().safeParse(named?.at('containerPort')?.value).data ?? 0;
}
