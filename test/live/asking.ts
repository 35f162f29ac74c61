/** Asks an app by its name from inside of its tenant's network. */

import type { DockerEngine } from '../fixtures/docker/engines.ts';
import type { KubeCluster } from '../fixtures/kube/cluster.ts';

/** Values that a server of the tests says of the variable that it was asked for, one a request; whoever does not answer is left out. */
export async function askFrom(
  engine: DockerEngine,
  {
    url,
    times,
    network = 'isthmus_acme',
  }: { readonly url: string; readonly times: number; readonly network?: string },
): Promise<string[]> {
  const script = `i=0; while [ $i -lt ${times} ]; do get '${url}' || echo failed; i=$((i+1)); done`;
  const words = ['run', '--rm', '--network', network, 'local/tool:1', 'sh', '-c', script];
  const lines = (await engine.docker(...words)).split('\n').filter((line) => line !== '');
  return lines.map(variableIn);
}

/** The same from a pod of the tenant's namespace. There is no DNS in the cluster, so the Service is asked at its address. */
export async function askService(
  { kube }: Pick<KubeCluster, 'kube'>,
  { url, times }: { readonly url: string; readonly times: number },
): Promise<string[]> {
  const { hostname } = new URL(url);
  const address = (
    await kube([...IN_ACME, 'get', 'service', hostname, '-o', 'jsonpath={.spec.clusterIP}'])
  ).trim();
  const there = await kube([...IN_ACME, 'get', 'pod', 'asker', '--ignore-not-found', '-o', 'name']);
  if (there.trim() === '') {
    const image = ['--image=local/tool:1', '--image-pull-policy=Never', '--restart=Never'];
    await kube([...IN_ACME, 'run', 'asker', ...image, '--command', '--', 'sleep', '100000']);
    await kube([...IN_ACME, 'wait', '--for=condition=Ready', 'pod/asker', '--timeout=60s']);
  }
  const script = `i=0; while [ $i -lt ${times} ]; do get '${url.replace(hostname, address)}' || echo failed; i=$((i+1)); done`;
  const lines = (await kube([...IN_ACME, 'exec', 'asker', '--', 'sh', '-c', script])).split('\n');
  return lines.filter((line) => line !== '').map(variableIn);
}

const IN_ACME = ['-n', 'acme'] as const;

/** What a server of the tests says of the variable that it was asked for. */
export function variableIn(line: string): string {
  return /"variable":"([^"]*)"/.exec(line)?.[1] ?? 'failed';
}
