/** A cluster proxy in front of an API server, a real one or a made one, with tokens as the control plane gives them out. No tunnel, no hub: those have tests of their own. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../edge-agent/apply/command.ts';
import { KubeClient } from '../../edge-agent/kube/client.ts';
import { readKubeconfig } from '../../edge-agent/kube/kubeconfig.ts';
import { Authority } from '../../edge-agent/proxy/authority.ts';
import { ClusterProxy } from '../../edge-agent/proxy/proxy.ts';
import type { ProxyCluster } from '../../edge-agent/proxy/served.ts';
import { openIssuer } from '../../functions/api/cluster-issuer.ts';
import { tokenClaims, tokenTexts } from '../../functions/domain/cluster-token.ts';
import type { CommandResult } from '../../local/command.ts';
import type { ClusterLeaf } from '../../protocol/cluster-leaf.ts';
import type { SiteEvent } from '../../protocol/cluster-report.ts';
import type { ApiServer } from '../fixtures/kube/api-server.ts';

export const HOST = 'prod.demo.clusters.isthmus.internal';
const ISSUER = openIssuer('a server secret of many characters');

/** The proxy alone, before whatever its client leads to. */
export interface ServedProxy {
  readonly proxy: ClusterProxy;
  readonly authority: string;
  readonly events: SiteEvent[];
  readonly recordings: string;
  /** Changes what the document says. */
  set(change: Partial<ClusterLeaf>, more?: Partial<ProxyCluster>): void;
  close(): Promise<void>;
}

export interface ProxyStand extends ServedProxy {
  readonly client: KubeClient;
  /** A token of this subject, as new as can be. */
  token(subject?: string): string;
  /** Path of a kubeconfig that goes by the proxy. */
  kubeconfig(subject?: string): Promise<string>;
  /** Runs kubectl by the proxy. */
  kubectl(words: readonly string[], options?: { readonly input?: string }): Promise<CommandResult>;
}

export const LEAF: ClusterLeaf = {
  kind: 'cluster',
  tenant: 'demo',
  cluster: 'prod',
  type: 'kubernetes',
  host: HOST,
  access: [
    { subject: 'demo/admin/1', user: 'isthmus:demo:admin', groups: ['isthmus:admins'] },
    { subject: 'demo/viewer/1', user: 'isthmus:demo:viewer', groups: ['isthmus:viewers'] },
  ],
  issuers: [ISSUER.root],
  record: 'none',
};

export function tokenOf(
  subject: string,
  over: { readonly cluster?: string; readonly nowSeconds?: number } = {},
): string {
  const nowSeconds = over.nowSeconds ?? Math.floor(Date.now() / 1_000);
  const claims = tokenClaims({
    tenant: 'demo',
    cluster: over.cluster ?? 'prod',
    subject,
    nowSeconds,
    id: '0123456789abcdef',
  });
  const signed = tokenTexts(claims, ISSUER.root.id)
    .map((text) => Buffer.from(text).toString('base64url'))
    .join('.');
  return `${signed}.${ISSUER.sign(signed)}`;
}

/** Groups of Isthmus mean something in the cluster only once its owner binds them. */
export async function bindGroups(api: ApiServer): Promise<void> {
  for (const [name, role, group] of [
    ['isthmus-admins', 'cluster-admin', 'isthmus:admins'],
    ['isthmus-viewers', 'view', 'isthmus:viewers'],
  ]) {
    const made = await api.kubectl([
      'create',
      'clusterrolebinding',
      `${name}`,
      `--clusterrole=${role}`,
      `--group=${group}`,
    ]);
    if (made.code !== 0) throw new Error(made.stderr);
  }
}

export interface ServedProxyOptions {
  readonly client: KubeClient;
  /** For keys and recordings. */
  readonly directory: string;
  readonly more?: Partial<ProxyCluster>;
  readonly wallNow?: () => number;
}

export async function serveProxy(options: ServedProxyOptions): Promise<ServedProxy> {
  const { client, directory, more = {}, wallNow = () => Date.now() } = options;
  const keeper = new Authority({
    directory: join(directory, 'proxy'),
    agent: 'edge.demo.berlin',
    run,
    wallNow: () => Date.now(),
  });
  const recordings = join(directory, 'recordings');
  const events: SiteEvent[] = [];
  const authority = await keeper.certificate();
  const proxy = new ClusterProxy({
    certificate: await keeper.serve([HOST]),
    recordings,
    now: () => performance.now(),
    wallNow,
    onEvent: (_, event) => void events.push(event),
    log: (line) => console.error(line),
  });
  await proxy.listen('127.0.0.1', 0);
  const state = { leaf: LEAF, more };
  const set: ServedProxy['set'] = (change, other = {}) => {
    state.leaf = { ...state.leaf, ...change };
    state.more = { ...state.more, ...other };
    proxy.setClusters(new Map([[HOST, { leaf: state.leaf, client, ...state.more }]]));
  };
  set({});
  const close = async () => {
    await proxy.close();
    client.close();
  };
  return { proxy, authority, events, recordings, set, close };
}

export async function startProxyStand(api: ApiServer, more: Partial<ProxyCluster> = {}): Promise<ProxyStand> {
  const client = new KubeClient({
    credentials: await readKubeconfig(api.kubeconfig),
    wallNow: () => Date.now(),
  });
  const served = await serveProxy({ client, directory: api.directory, more });
  const { proxy, authority } = served;
  const kubeconfig = async (subject = 'demo/admin/1') => {
    const path = join(api.directory, `${subject.replaceAll('/', '-')}.by-proxy.kubeconfig`);
    await writeFile(
      path,
      JSON.stringify(kubeconfigOf({ port: proxy.port, authority, token: tokenOf(subject) })),
    );
    return path;
  };
  return {
    ...served,
    client,
    token: (subject = 'demo/admin/1') => tokenOf(subject),
    kubeconfig,
    kubectl: async (words, options = {}) =>
      api.kubectl(words, { ...options, kubeconfig: await kubeconfig() }),
  };
}

function kubeconfigOf({
  port,
  authority,
  token,
}: {
  port: number;
  authority: string;
  token: string;
}): object {
  const cluster = {
    server: `https://127.0.0.1:${port}`,
    'tls-server-name': HOST,
    'certificate-authority-data': Buffer.from(authority).toString('base64'),
  };
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user: { token } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
}

/** A file of a recording, line by line. */
export async function readRecording(path: string): Promise<unknown[]> {
  const lines = (await readFile(path, 'utf8')).trim().split('\n');
  return lines.map((line): unknown => JSON.parse(line));
}
