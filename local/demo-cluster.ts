/**
 * The demo's Kubernetes, if it is asked for: a cluster of one node on hosts of a data center, attached by the edge, and a kubeconfig that leads to it
 * through hub and tunnel. It is the cluster that the tests run; nothing of it is started before it is asked for.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { Cluster } from '../protocol/cluster.ts';
import { KeyCreated } from '../protocol/key.ts';
import { type KubeCluster, raiseCluster } from '../test/fixtures/kube/cluster.ts';
import { check } from './command.ts';
import type { Client } from './demo-client.ts';
import { TENANT } from './demo-estate.ts';
import type { RaisedSite } from './lab-topology.ts';

const ROOT = new URL('..', import.meta.url).pathname;
const RIGHTS = join(ROOT, 'infra/kubernetes/isthmus.yaml');
const CLI = join(ROOT, 'cli/main.ts');
const NAME = 'prod';
const SETUP_MS_MAX = 45 * 60_000;
const ATTACH_MS_MAX = 60_000;
const POLL_MS = 200;
/** The first has the site's service; then come the control plane and the node. */
export const CLUSTER_HOSTS = 3;

export interface DemoCluster {
  raise(site: RaisedSite): Promise<KubeCluster>;
  /** Ends it at any moment, also half raised. */
  destroy(): Promise<void>;
}

/** Packages and programs that the demo alone does without. */
export async function provideKubernetes(): Promise<void> {
  await check(['sh', join(ROOT, 'local/setup.sh'), 'kubernetes'], { timeoutMs: SETUP_MS_MAX });
}

export function createCluster(): DemoCluster {
  const state: { site?: RaisedSite; raising?: Promise<KubeCluster> } = {};
  return {
    raise: (site) => {
      state.site = site;
      state.raising = raiseAt(site);
      return state.raising;
    },
    destroy: async () => {
      // What is being raised fails when its programs go, and clears up after itself.
      const [, ...hosts] = state.site?.lanHosts ?? [];
      await Promise.all(hosts.map(({ host }) => host.killAll()));
      await (await state.raising?.catch(() => undefined))?.close();
    },
  };
}

async function raiseAt({ lanHosts, name }: RaisedSite): Promise<KubeCluster> {
  const [, controlPlane, ...nodes] = lanHosts;
  if (controlPlane === undefined) throw new Error(`${name} has no hosts for a cluster`);
  const cluster = await raiseCluster({ name: 'demo', controlPlane, nodes });
  await cluster.kube(['apply', '-f', RIGHTS]);
  return cluster;
}

/** By the edge's own command, with the credentials of the cluster's admin. */
export async function attach(client: Client, { edge }: RaisedSite, cluster: KubeCluster): Promise<Cluster> {
  const { kubeconfig } = cluster;
  await edge.check([
    '/usr/local/bin/edge-agent',
    'cluster',
    'add',
    'kubernetes',
    NAME,
    '--kubeconfig',
    kubeconfig,
  ]);
  const untilMs = performance.now() + ATTACH_MS_MAX;
  let said = 'it has not told yet';
  while (performance.now() < untilMs) {
    const found = await client.get(`${TENANT}/clusters/${NAME}`, Cluster).catch(() => undefined);
    const wrong = found?.status.conditions.find(({ status }) => status !== 'True');
    if (found?.status.facts !== undefined && wrong === undefined) return found;
    said = wrong?.message ?? said;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`The cluster is not attached: ${said}`);
}

interface Access {
  readonly state: string;
  readonly controlPlaneUrl: string;
  readonly cluster: KubeCluster;
}

/** Logs in as an admin of the tenant, and shows the nodes by kubectl through the gateway. The answer: how to do that by hand. */
export async function useIt(client: Client, { state, controlPlaneUrl, cluster }: Access): Promise<string[]> {
  const key = await client.post(
    `${TENANT}/keys`,
    { metadata: { name: 'ada' }, spec: { role: 'admin' } },
    KeyCreated,
  );
  const keyFile = join(state, 'ada.key');
  const kubeconfig = join(state, 'kubeconfig');
  const env = { XDG_CONFIG_HOME: state, KUBECONFIG: kubeconfig };
  await check(['sh', '-c', 'umask 077 && cat > "$1"', 'sh', keyFile], { input: key.secret });
  const isthmus = (...words: readonly string[]) => check([process.execPath, CLI, ...words], { env });
  const ca = join(state, 'ca.pem');
  await isthmus('--tenant', 'demo', 'login', '--url', controlPlaneUrl, '--key-file', keyFile, '--ca', ca);
  await isthmus('kubeconfig', NAME, '--merge');
  z.string()
    .regex(/^node\//)
    .parse(await check([join(cluster.programs, 'kubectl'), 'get', 'nodes', '-o', 'name'], { env }));
  return [
    'The cluster, through hub and tunnel, in another terminal:',
    `  export XDG_CONFIG_HOME=${state} KUBECONFIG=${kubeconfig} PATH=${cluster.programs}:$PATH`,
    '  kubectl get nodes',
    `  ${process.execPath} ${CLI} clusters ${NAME}      # what \`isthmus\` is once it is installed`,
    "The image that its node has: local/tool:1 (pullPolicy: never; command: [serve, ':8080'])",
  ];
}
