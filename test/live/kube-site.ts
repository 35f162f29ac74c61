/**
 * Real clusters in the sites of an estate, attached by the agent's own command, and a client on the internet that has `isthmus` and kubectl. The
 * first LAN host of a site is the cluster's control plane, the others are its nodes.
 */
import { join } from 'node:path';
import type { CommandResult } from '../../local/command.ts';
import { check } from '../../local/command.ts';
import type { Host } from '../../local/lab-host.ts';
import { Cluster } from '../../protocol/cluster.ts';
import { KeyCreated } from '../../protocol/key.ts';
import { type KubeCluster, raiseCluster } from '../fixtures/kube/cluster.ts';
import type { NodeNetwork } from '../fixtures/kube/node-network.ts';
import { agentCommand } from './agent-command.ts';
import type { Estate } from './estate.ts';
import { eventually } from './eventually.ts';

const ROOT = new URL('../..', import.meta.url).pathname;
const ATTACH_MS_MAX = 40_000;
const CLIENT_ADDRESS = 50;

export interface Attaching {
  readonly site: string;
  readonly name: string;
  /** `bridge` unless given. */
  readonly network?: NodeNetwork;
}

/** Makes a cluster of the site's LAN hosts and attaches it under this name. */
export async function attachCluster(
  estate: Estate,
  { site, name, network = 'bridge' }: Attaching,
): Promise<KubeCluster> {
  const { lanHosts, edge } = estate.site(site);
  const [controlPlane, ...nodes] = lanHosts;
  if (controlPlane === undefined) throw new Error(`${site} has no LAN hosts`);
  const cluster = await raiseCluster({ name: site, controlPlane, nodes, network });
  for (const [binding, role, group] of [
    ['isthmus-admins', 'cluster-admin', 'isthmus:admins'],
    ['isthmus-viewers', 'view', 'isthmus:viewers'],
  ] as const)
    await cluster.kube([
      'create',
      'clusterrolebinding',
      binding,
      `--clusterrole=${role}`,
      `--group=${group}`,
    ]);
  await edge.check(agentCommand('cluster', 'add', 'kubernetes', name, '--kubeconfig', cluster.kubeconfig));
  await eventually(async () => {
    const { status } = await estate.api.get(`/v1/tenants/demo/clusters/${name}`, Cluster);
    if (status.facts === undefined || status.conditions.some((one) => one.status !== 'True'))
      throw new Error(`${name} is not attached: ${JSON.stringify(status)}`);
  }, ATTACH_MS_MAX);
  return cluster;
}

/** The spec of an app that serves at 8080, out of an image that every node of a test has. */
export function servingApp(clusters: readonly string[], more: object = {}) {
  return {
    image: 'local/tool:1',
    pullPolicy: 'never',
    command: ['serve', ':8080'],
    ports: [{ name: 'http', port: 8080 }],
    health: { ready: { http: { path: '/', port: 8080 }, periodSeconds: 1 } },
    stopSeconds: 1,
    placement: { clusters, division: { kind: 'each' } },
    ...more,
  };
}

/** Somebody on the internet with a key of the tenant. */
export interface Person {
  readonly host: Host;
  readonly home: string;
  isthmus(words: readonly string[]): Promise<string>;
  /** kubectl by the gateway, into this cluster. */
  kubectl(
    cluster: string,
    words: readonly string[],
    options?: { readonly input?: string; readonly timeoutMs?: number },
  ): Promise<CommandResult>;
  kubeconfig(cluster: string): string;
}

/** Makes the key, logs in with it and fetches a kubeconfig for each cluster. */
export async function raisePerson(
  estate: Estate,
  {
    name,
    role,
    clusters,
    programs,
  }: {
    readonly name: string;
    readonly role: string;
    readonly clusters: readonly string[];
    readonly programs: string;
  },
): Promise<Person> {
  await check([process.execPath, join(ROOT, 'cli/bundle.ts')], { cwd: ROOT });
  const host = estate.lab.hosts.get('client') ?? (await raiseClient(estate));
  const home = `/run/home-${name}`;
  const key = await estate.api.create(
    '/v1/tenants/demo/keys',
    { metadata: { name }, spec: { role } },
    KeyCreated,
  );
  const isthmus = (words: readonly string[]) =>
    host.check([process.execPath, join(ROOT, 'dist/isthmus.mjs'), ...words], {
      env: { HOME: home, PATH: `${programs}:${process.env['PATH'] ?? ''}` },
    });
  await host.write(`${home}/key`, key.secret);
  await host.write(`${home}/ca.pem`, estate.ca);
  await isthmus([
    '--tenant',
    'demo',
    'login',
    '--url',
    estate.url,
    '--key-file',
    `${home}/key`,
    '--ca',
    `${home}/ca.pem`,
  ]);
  const kubeconfig = (cluster: string) => `${home}/${cluster}.kubeconfig`;
  for (const cluster of clusters) await isthmus(['kubeconfig', cluster, '--output', kubeconfig(cluster)]);
  return {
    host,
    home,
    isthmus,
    kubeconfig,
    kubectl: (cluster, words, options = {}) =>
      host.run([`${programs}/kubectl`, '--kubeconfig', kubeconfig(cluster), ...words], {
        env: { HOME: home },
        ...options,
      }),
  };
}

async function raiseClient(estate: Estate): Promise<Host> {
  const host = await estate.lab.host('client');
  await estate.lab.publish(host, 'eth0', `${estate.lab.subnet}.${CLIENT_ADDRESS}`);
  return host;
}
