/** `edge-agent node run|install-cni|uninstall-cni`: the agent on a node of a Kubernetes cluster. It needs no enrolment: its cluster is all that it speaks to. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { run } from './apply/command.ts';
import { KubeClient } from './kube/client.ts';
import { inClusterCredentials, readKubeconfig } from './kube/kubeconfig.ts';
import { type CniPlaces, installCni, uninstallCni } from './node/install.ts';
import { NodeAgent } from './node/node.ts';
import { requireNode } from './node/own-name.ts';
import type { ShimPaths } from './node/shim.ts';
import type { Environment, Paths } from './settings.ts';

const TITLE = 'isthmus-node';
/** Two of them are watches. */
const CONNECTIONS_MAX = 18;

export interface NodeOptions {
  /** Credentials; the service account of the pod that we run in if absent. */
  readonly kubeconfig?: string;
  /** As the cluster calls this node; NODE_NAME or the host's name if absent. */
  readonly name?: string;
  readonly cniBinDir?: string;
  readonly cniConfDir?: string;
}

interface Place {
  readonly paths: Paths;
  readonly environment: Environment;
}

/** Resolves when it has been told to end. */
export async function runNode(options: NodeOptions, { paths, environment }: Place): Promise<void> {
  process.title = TITLE;
  const { kubeconfig, cniBinDir, cniConfDir } = options;
  const credentials = await (kubeconfig === undefined
    ? inClusterCredentials(environment.all)
    : readKubeconfig(kubeconfig));
  const wallNow = () => Date.now();
  const client = new KubeClient({
    credentials,
    wallNow,
    environment: environment.all,
    userAgent: 'isthmus-node-agent',
    connectionsMax: CONNECTIONS_MAX,
  });
  const node = options.name ?? environment.all['NODE_NAME'] ?? hostname();
  await requireNode(client, node);
  const places = { programs: cniBinDir ?? '', configurations: cniConfDir ?? '' };
  const isOurs = cniBinDir !== undefined && cniConfDir !== undefined;
  const agent = new NodeAgent({
    client,
    node,
    socket: nodePaths(paths).socket,
    state: join(paths.state, 'node'),
    fallback: nodePaths(paths).api,
    run,
    wallNow,
    log: (line) => console.log(line),
    ...(isOurs ? { maintain: () => installCni(places, nodePaths(paths)) } : {}),
  });
  const ended = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  await agent.start();
  console.log('the agent of this node runs');
  await ended;
  await agent.stop();
  client.close();
}

export function installNode(places: CniPlaces, paths: Paths): readonly string[] {
  return installCni(places, nodePaths(paths));
}

export function uninstallNode(places: CniPlaces): readonly string[] {
  return uninstallCni(places);
}

function nodePaths({ state, run: inMemory }: Paths): ShimPaths {
  return {
    socket: join(inMemory, 'node.sock'),
    held: join(state, 'node/held'),
    gone: join(state, 'node/gone'),
    api: join(inMemory, 'node'),
  };
}
