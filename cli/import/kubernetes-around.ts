/** What stands around a Kubernetes workload and becomes a part of its app: Service, HorizontalPodAutoscaler, PodDisruptionBudget, ConfigMap, Secret, NetworkPolicy. Values in, values out. */
import { z } from 'zod';
import type { Draft } from './draft.ts';
import { type Estate, type Found, selected, type Thing } from './kubernetes-estate.ts';
import { Scalar } from './quantities.ts';
import { each, follow, lost, meaningless, type Place, type Rules } from './source.ts';

type Handle = (thing: Thing, estate: Estate) => void;

export const AROUND: Readonly<Record<string, Handle>> = {
  Service: serviceOf,
  HorizontalPodAutoscaler: autoscalerOf,
  PodDisruptionBudget: budgetOf,
  NetworkPolicy: policyOf,
  ConfigMap: ({ place }) => {
    // A key that an app took is settled by it; any other is reported.
    place.at('data')?.entries();
    place.at('immutable')?.note('meaningless', 'A change makes a new version of the files.');
    place.at('binaryData')?.lost('Files are texts: put it into the image.');
  },
  Secret: ({ name, place }) => {
    for (const key of ['data', 'stringData', 'type', 'immutable']) place.at(key)?.settle();
    place.lost(`Isthmus never sees values: keep the secret ${name} in each cluster.`);
  },
  PersistentVolumeClaim: ({ place }) => {
    for (const mode of place.at('spec', 'accessModes')?.items() ?? []) mode.settle();
    place.at('spec', 'volumeMode')?.settle();
    place.at('spec', 'volumeName')?.lost('A volume is new: copy the data.');
  },
  Namespace: ({ place }) => place.note('meaningless', 'Isthmus makes the namespaces of its apps.'),
};

function claim(found: readonly Found[], place: Place): Found | undefined {
  const [one] = found;
  if (one === undefined)
    place.lost('It means no app among the imported: import it together with its Deployment or StatefulSet.');
  else place.belongsTo(one.draft.name);
  return one;
}

function serviceOf({ name, namespace, place }: Thing, estate: Estate): void {
  const found = claim(selected(estate, place.at('spec', 'selector'), namespace), place);
  if (found === undefined) return;
  if (name !== found.draft.name)
    place.changed(`The app is called by its own name, ${found.draft.name}, and no longer as ${name}.`);
  const spec = place.at('spec');
  if (spec !== undefined) follow(spec, SERVICE, found.draft);
}

const SERVICE: Rules<Draft> = {
  selector: (place) => place.settle(),
  type: (place) => {
    const type = place.read(Scalar);
    if (type !== 'ClusterIP')
      place.lost(`${type}: make a service of the site, which is reached from outside of the cluster.`);
  },
  ports: (place, draft) => {
    for (const one of place.items()) servicePort(one, draft);
  },
  clusterIP: (place) => {
    if (place.read(Scalar) !== 'None') place.lost('The cluster gives addresses.');
  },
  sessionAffinity: (place) => {
    if (place.read(Scalar) !== 'None') place.lost('Callers are not kept to one replica.');
  },
  ...each(['clusterIPs', 'ipFamilies', 'ipFamilyPolicy'], meaningless('The cluster gives addresses.')),
  ...each(
    [
      'externalTrafficPolicy',
      'internalTrafficPolicy',
      'loadBalancerIP',
      'loadBalancerClass',
      'loadBalancerSourceRanges',
      'externalIPs',
      'healthCheckNodePort',
      'allocateLoadBalancerNodePorts',
      'sessionAffinityConfig',
      'trafficDistribution',
    ],
    lost('Make a service of the site, which is reached from outside of the cluster.'),
  ),
  publishNotReadyAddresses: lost('Only replicas that are ready are called.'),
};

function servicePort(place: Place, draft: Draft): void {
  const port = place.at('port')?.read(z.number()) ?? 0;
  const target = place.at('targetPort')?.read(Scalar) ?? String(port);
  const name = place.at('name')?.read(Scalar) ?? `port-${target}`;
  const protocol = (place.at('protocol')?.read(Scalar) ?? 'TCP').toLowerCase();
  place.at('appProtocol')?.note('meaningless', 'Isthmus carries bytes, whatever they mean.');
  place.at('nodePort')?.lost('Say ports[].hostPort, or make a service of the site.');
  const known = draft
    .elements('ports')
    .find((one) => one['name'] === target || String(one['port']) === target);
  const listens = Number(known?.['port'] ?? target);
  if (known === undefined)
    draft.add(['ports'], { name, port: listens, ...(protocol === 'tcp' ? {} : { protocol }) }, place);
  if (listens !== port)
    place.changed(`The app is called on the port that it listens on, ${listens}, and no longer on ${port}.`);
}

function autoscalerOf({ namespace, place }: Thing, estate: Estate): void {
  const reference = place.at('spec', 'scaleTargetRef');
  const name = reference?.at('name')?.read(Scalar);
  const kind = reference?.at('kind')?.read(Scalar);
  reference?.at('apiVersion')?.settle();
  const meant = estate.found.filter(
    ({ thing }) => thing.name === name && thing.kind === kind && thing.namespace === namespace,
  );
  const found = claim(meant, place);
  if (found === undefined) return;
  const old = place.at('spec', 'targetCPUUtilizationPercentage')?.read(z.number());
  const metrics = place.at('spec', 'metrics')?.items() ?? [];
  const percent = metrics.map(cpuOf).find((one) => one !== undefined) ?? old;
  const min = place.at('spec', 'minReplicas')?.read(z.number()) ?? 1;
  const max = place.at('spec', 'maxReplicas')?.read(z.number()) ?? min;
  place.at('spec', 'behavior')?.lost("How fast it scales is the cluster's own choice.");
  found.thing.place.at('spec', 'replicas')?.settle();
  found.draft.put(
    ['replicas'],
    { min, max, ...(percent === undefined ? {} : { cpuPercent: percent }) },
    place,
  );
  if (percent === undefined) place.changed('It scales by CPU, at 70 percent of what is asked for.');
}

/** Of a metric that is the use of CPU; any other is reported. */
function cpuOf(metric: Place): number | undefined {
  const isCpu = metric.at('resource', 'name')?.value === 'cpu';
  const target = metric.at('resource', 'target', 'averageUtilization');
  if (!isCpu || target === undefined) {
    metric.lost('Replicas scale by the use of CPU alone, in percent.');
    return undefined;
  }
  metric.at('type')?.settle();
  metric.at('resource', 'name')?.settle();
  metric.at('resource', 'target', 'type')?.settle();
  return target.read(z.number());
}

function budgetOf({ namespace, place }: Thing, estate: Estate): void {
  const found = claim(selected(estate, place.at('spec', 'selector', 'matchLabels'), namespace), place);
  if (found === undefined) return;
  const least = place.at('spec', 'minAvailable');
  const most = place.at('spec', 'maxUnavailable');
  place.at('spec', 'unhealthyPodEvictionPolicy')?.lost('A container that is not ready may always be moved.');
  const replicas = z.number().safeParse(found.thing.place.at('spec', 'replicas')?.value).data ?? 1;
  const limit = least ?? most;
  if (limit === undefined) return;
  const text = limit.read(Scalar) ?? '1';
  const count = text.endsWith('%') ? Math.ceil((replicas * Number(text.slice(0, -1))) / 100) : Number(text);
  const unavailable = least === undefined ? count : replicas - count;
  found.draft.put(['maxUnavailable'], Math.max(1, unavailable), limit);
  if (unavailable < 1) limit.changed('At least one may be away, else no node could ever be emptied.');
  if (least !== undefined || text.endsWith('%'))
    limit.changed(`It is a number here, of ${replicas} replicas: ${Math.max(1, unavailable)}.`);
}

function policyOf({ namespace, place }: Thing, estate: Estate): void {
  const found = claim(selected(estate, place.at('spec', 'podSelector', 'matchLabels'), namespace), place);
  if (found === undefined) return;
  place.at('spec', 'egress')?.lost('What an app calls is decided where it is called: say access there.');
  for (const type of place.at('spec', 'policyTypes')?.items() ?? []) type.settle();
  found.draft.put(['access', 'kind'], 'listed', place);
  for (const rule of place.at('spec', 'ingress')?.items() ?? []) {
    rule.at('ports')?.lost('A caller may call all ports of the app.');
    if (rule.at('from') === undefined)
      rule.lost('Everybody: say access.callers, such as {kind: prefix, prefix: 0.0.0.0/0}.');
    for (const peer of rule.at('from')?.items() ?? [])
      peerOf(peer, { draft: found.draft, estate, namespace });
  }
}

function peerOf(
  peer: Place,
  { draft, estate, namespace }: { draft: Draft; estate: Estate; namespace: string | undefined },
): void {
  const block = peer.at('ipBlock');
  const cidr = block?.at('cidr')?.read(z.string());
  block?.at('except')?.lost('A prefix has no holes: list the prefixes that are left.');
  if (cidr !== undefined) return draft.add(['access', 'callers'], { kind: 'prefix', prefix: cidr }, peer);
  if (peer.at('namespaceSelector') !== undefined || peer.at('podSelector', 'matchLabels') === undefined)
    return peer.lost('A caller is an app of the tenant or a prefix: name them in access.callers.');
  const apps = selected(estate, peer.at('podSelector', 'matchLabels'), namespace);
  if (apps.length === 0) peer.lost('These pods are no app among the imported: name it in access.callers.');
  for (const app of apps) draft.add(['access', 'callers'], { kind: 'app', app: app.draft.name }, peer);
}
