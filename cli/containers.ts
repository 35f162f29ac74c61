/** Which container `exec` and `logs` mean, and with which words kubectl is asked for it. Of clusters that are no Kubernetes they say what is missing. */
import type { App, ContainerStatus } from '../protocol/app.ts';
import type { Cluster } from '../protocol/cluster.ts';
import { Fault } from './fault.ts';

/** The one container of an app's pod. */
const CONTAINER = 'app';
/** Names of pods in Kubernetes. */
const POD = /^[a-z0-9][a-z0-9.-]*$/;
/** Of streams that kubectl follows at once. */
const FOLLOWED_MAX = 50;

export interface AppWanted {
  readonly app: App;
  readonly clusters: readonly Cluster[];
  /** Its tenant: the namespace, where the app names none. */
  readonly tenant: string;
  readonly cluster?: string | undefined;
  readonly container?: string | undefined;
}

export interface KubectlCall {
  readonly cluster: Cluster;
  readonly words: readonly string[];
}

export interface ExecOptions {
  readonly stdin: boolean;
  readonly tty: boolean;
  readonly command: readonly string[];
}

/** In the container that is named, or in any that is ready, or at least runs. */
export function execCall(wanted: AppWanted, { stdin, tty, command }: ExecOptions): KubectlCall {
  const there = containersOf(wanted);
  const pick = (state: ContainerStatus['state']) => there.find(({ one }) => one.state === state);
  const found = wanted.container === undefined ? (pick('ready') ?? pick('running')) : there[0];
  if (found === undefined)
    throw new Fault(
      'failed',
      `No container of ${wanted.app.metadata.name} runs: isthmus apps ${wanted.app.metadata.name} says why.`,
    );
  const flags = [...(stdin ? ['-i'] : []), ...(tty ? ['-t'] : [])];
  const pod = [found.one.name, '-c', CONTAINER];
  return {
    cluster: kubernetes(found.cluster, 'exec'),
    words: ['-n', namespaceOf(wanted), 'exec', ...pod, ...flags, '--', ...command],
  };
}

export interface LogOptions {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly tail?: string | undefined;
}

/** Of the container that is named, or of all, each line with its pod: a call a cluster. */
export function logCalls(wanted: AppWanted, { follow, previous, tail }: LogOptions): KubectlCall[] {
  const { app, tenant, container } = wanted;
  const { name } = app.metadata;
  const there = containersOf(wanted);
  if (there.length === 0)
    throw new Fault('failed', `${name} has no containers: isthmus apps ${name} says why.`);
  const which =
    container === undefined
      ? [
          '-l',
          `isthmus.dev/tenant=${tenant},isthmus.dev/app=${name}`,
          '--prefix',
          `--max-log-requests=${FOLLOWED_MAX}`,
        ]
      : [container];
  const flags = [
    ...(follow ? ['-f'] : []),
    ...(previous ? ['-p'] : []),
    ...(tail === undefined ? [] : [`--tail=${tail}`]),
  ];
  return [...new Set(there.map(({ cluster }) => cluster))].map((cluster) => ({
    cluster: kubernetes(cluster, 'logs'),
    words: ['-n', namespaceOf(wanted), 'logs', ...which, '-c', CONTAINER, ...flags],
  }));
}

function namespaceOf({ app, tenant }: AppWanted): string {
  return app.spec.namespace ?? tenant;
}

function containersOf({ app, clusters, cluster, container }: AppWanted) {
  const all = app.status.instances.flatMap((instance) =>
    instance.containers.map((one) => ({ one, in: instance.cluster })),
  );
  const meant = all.filter(
    (each) =>
      (cluster === undefined || each.in === cluster) &&
      (container === undefined || each.one.name === container),
  );
  if (meant.length === 0 && (cluster !== undefined || container !== undefined)) {
    const names = all.map((each) => `${each.one.name} in ${each.in}`).join(', ') || 'none';
    throw new Fault('missing', `${app.metadata.name} has no such container. There are ${names}.`);
  }
  return meant.flatMap((each) => {
    const found = clusters.find(({ metadata }) => metadata.name === each.in);
    // A name is told by an agent, and becomes a word of kubectl's.
    if (found?.status.kind === 'kubernetes' && !POD.test(each.one.name))
      throw new Fault('failed', `The cluster ${each.in} told of a container whose name no pod can have.`);
    return found === undefined ? [] : [{ one: each.one, cluster: found }];
  });
}

function kubernetes(cluster: Cluster, verb: 'exec' | 'logs'): Cluster {
  const { kind } = cluster.status;
  if (kind === 'kubernetes') return cluster;
  const instead = verb === 'logs' ? ' isthmus apps NAME shows the last lines of containers that failed.' : '';
  throw new Fault(
    'failed',
    `${cluster.metadata.name} is a cluster of kind ${kind}. exec and logs go by the API server of a Kubernetes cluster; hubs and edges pass no such streams of other orchestrators on yet.${instead}`,
  );
}
