/** `edge-agent cluster add|list|remove`: what a person does about the clusters of this host. The running agent takes a change up within seconds. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Name } from '../protocol/metadata.ts';
import {
  type ClusterFile,
  type KubernetesFile,
  readClusterFiles,
  removeClusterFile,
  writeClusterFile,
} from './cluster-files.ts';
import { missingRights } from './cluster-rights.ts';
import { inspectKubernetes } from './clusters/kubernetes-facts.ts';
import { placesOf } from './engine-command.ts';
import { EtcdClient } from './etcd/client.ts';
import { KubeClient } from './kube/client.ts';
import { KubeError } from './kube/errors.ts';
import { inClusterCredentials, readKubeconfig } from './kube/kubeconfig.ts';

export interface AddOptions {
  readonly name: string;
  /** File, or undefined for the service account of the pod that we run in. */
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  /** Its etcd, with files of PEM, if this host is to look after it; as it is known already if absent. */
  readonly etcd?: EtcdFiles | 'none' | undefined;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly wallNow: () => number;
}

export interface EtcdFiles {
  readonly endpoints: readonly string[];
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
  readonly programs: string;
}

/** Lines for the terminal. Throws a sentence if the cluster can't be used; nothing is kept then. */
export async function addKubernetes(options: AddOptions): Promise<readonly string[]> {
  const { name, kubeconfig, context, directory, environment, wallNow } = options;
  const named = Name.safeParse(name);
  if (!named.success)
    throw new Error(`${name} can't be the name of a cluster: ${named.error.issues[0]?.message}`);
  const credentials = await (kubeconfig === undefined
    ? inClusterCredentials(environment)
    : readKubeconfig(kubeconfig, context));
  const client = new KubeClient({ credentials, wallNow, environment });
  try {
    const facts = await inspectKubernetes(client).catch((cause: unknown) => {
      throw withAdvice(cause);
    });
    const missing = await missingRights(client);
    const { etcd, said } = await etcdOf(options, named.data);
    writeClusterFile(directory, {
      ...fileOf(named.data, credentials),
      ...(etcd === undefined ? {} : { etcd }),
    });
    const { capacity, network } = facts;
    return [
      `${name}: Kubernetes ${facts.version} at ${credentials.server}`,
      `${facts.nodes.length} nodes, ${capacity.cpuMillis / 1_000} CPUs, ${Math.round(capacity.memoryMib / 1_024)} GiB, ${capacity.pods} pods`,
      ...(network === undefined ? [] : [`network: ${network.plugin}. ${network.detail}`]),
      ...said,
      ...missing.map(
        (right) =>
          `missing right: ${right.verb} ${right.resource}${right.group === '' ? '' : `.${right.group}`}, to ${right.purpose}`,
      ),
      ...(missing.length === 0
        ? []
        : [
            'Give the identity the rights of infra/kubernetes/isthmus.yaml; until then those parts do not work.',
          ]),
      'added; the agent attaches it within seconds. Whether the control plane takes it under this name: edge-agent status',
    ];
  } finally {
    client.close();
  }
}

/** What a drill starts. */
const DRILL_PROGRAMS = ['etcd', 'etcdutl', 'kube-apiserver'];

interface EtcdChoice {
  readonly etcd: KubernetesFile['etcd'];
  readonly said: readonly string[];
}

/** A cluster is added again for a new token; that must not end the care for its etcd unseen. */
async function etcdOf({ etcd: wanted, directory }: AddOptions, name: string): Promise<EtcdChoice> {
  const file = readClusterFiles(directory).clusters.find((one) => one.name === name);
  const known = file?.kind === 'kubernetes' ? file.etcd : undefined;
  if (wanted === 'none')
    return { etcd: undefined, said: known === undefined ? [] : ['etcd: its credentials are dropped'] };
  if (wanted === undefined)
    return {
      etcd: known,
      said: known === undefined ? [] : [`etcd: ${known.endpoints.join(', ')}, as before; --no-etcd drops it`],
    };
  const etcd = await readEtcd(wanted);
  return { etcd, said: [`etcd: ${etcd.endpoints.join(', ')}`] };
}

function withAdvice(cause: unknown): unknown {
  if (!(cause instanceof KubeError && cause.code === 'kube.unauthenticated')) return cause;
  const advice =
    'The token or certificate in the kubeconfig has ended, or is of another cluster: make it anew.';
  return new Error(`${cause.message}. ${advice}`, { cause });
}

async function readEtcd({
  endpoints,
  programs,
  ...files
}: EtcdFiles): Promise<NonNullable<KubernetesFile['etcd']>> {
  const odd = endpoints.find((text) => !URL.canParse(text) || new URL(text).protocol !== 'https:');
  if (odd !== undefined) throw new Error(`--etcd-endpoint ${odd}: give https://HOST:2379.`);
  const missing =
    programs === '' ? undefined : DRILL_PROGRAMS.find((name) => !existsSync(join(programs, name)));
  if (missing !== undefined)
    throw new Error(
      `--programs ${programs}: there is no ${missing} in it, which drills of the recovery need.`,
    );
  const [authority = '', certificate = '', key = ''] = await Promise.all(
    [files.authority, files.certificate, files.key].map((path) => readFile(path, 'utf8')),
  );
  const [first = ''] = endpoints;
  const { version } = await new EtcdClient({ endpoint: first, authority, certificate, key }).status();
  if (version === '') throw new Error(`${first} answers, and is no etcd.`);
  return { endpoints: [...endpoints], authority, certificate, key, programs };
}

function fileOf(name: string, credentials: KubeClient['credentials']): KubernetesFile {
  const { server, authority, serverName, identity } = credentials;
  return {
    name,
    kind: 'kubernetes',
    credentials: {
      server,
      ...(authority === undefined ? {} : { authority }),
      ...(serverName === undefined ? {} : { serverName }),
      identity:
        identity.kind === 'exec'
          ? { ...identity, arguments: [...identity.arguments], environment: { ...identity.environment } }
          : identity,
    },
  };
}

export function listClusters(directory: string): readonly string[] {
  const { clusters, faults } = readClusterFiles(directory);
  if (clusters.length + faults.length === 0)
    return ['This host has no clusters. Add one: edge-agent cluster add kubernetes NAME --kubeconfig FILE'];
  return [...clusters.map((file) => `${file.name}  ${file.kind}  ${placeOf(file)}`), ...faults];
}

function placeOf(file: ClusterFile): string {
  if (file.kind === 'kubernetes') return file.credentials.server;
  return file.kind === 'mesos' || file.kind === 'marathon' ? file.server : placesOf(file);
}

/** Throws a sentence if there is none. */
export function removeCluster(directory: string, name: string): readonly string[] {
  if (!removeClusterFile(directory, name))
    throw new Error(`This host has no cluster ${name}. See: edge-agent cluster list`);
  return [
    `removed ${name} and its credentials from this host; delete it at the control plane too if it is gone for good`,
  ];
}
