/** The cluster of `relief.ts`: pods as large as real ones, which nobody runs; who may read them; and somebody who changes them. */
import { setTimeout as pause } from 'node:timers/promises';
import { KubeClient } from '../edge-agent/kube/client.ts';
import { readKubeconfig } from '../edge-agent/kube/kubeconfig.ts';
import type { ApiServer } from '../test/fixtures/kube/api-server.ts';

export const PODS_PATH = '/api/v1/pods';
const NAMESPACES = 10;
const AT_ONCE = 20;
const CHANGE_MS = 100;

export function userOf(index: number): string {
  return `reader-${index}`;
}

export async function bindReaders(api: ApiServer, identities: number): Promise<void> {
  const users = Array.from({ length: identities }, (_, index) => `--user=${userOf(index)}`);
  await must(api, ['create', 'clusterrole', 'reader', '--verb=get,list,watch', '--resource=pods']);
  await must(api, ['create', 'clusterrolebinding', 'readers', '--clusterrole=reader', ...users]);
}

export async function makePods(client: KubeClient, count: number): Promise<void> {
  for (let index = 0; index < NAMESPACES; index++) {
    const namespace = `n${index}`;
    await post(client, '/api/v1/namespaces', { metadata: { name: namespace } });
    await post(client, `/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name: 'default' } });
  }
  const queue = Array.from({ length: count }, (_, index) => index);
  const make = async () => {
    for (let index = queue.pop(); index !== undefined; index = queue.pop()) await makePod(client, index);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, make));
}

/** Ten times a second a pod is changed, and now and then one goes or comes. */
export function churn(api: ApiServer): { stop(): Promise<void> } {
  const state = { isOver: false };
  const run = async () => {
    const client = new KubeClient({
      credentials: await readKubeconfig(api.kubeconfig),
      wallNow: () => Date.now(),
    });
    for (let round = 0; !state.isOver; round++) {
      const name = 500 + (round % 500);
      if (round % 10 === 9) await changeCount(client, round);
      else
        await client.text({
          method: 'PATCH',
          path: podPath(name),
          headers: { 'content-type': 'application/merge-patch+json' },
          body: JSON.stringify({ metadata: { annotations: { round: `${round}-${performance.now()}` } } }),
        });
      await pause(CHANGE_MS);
    }
    client.close();
  };
  const running = run();
  return {
    stop: () => {
      state.isOver = true;
      return running;
    },
  };
}

async function changeCount(client: KubeClient, round: number): Promise<void> {
  const index = 1_000_000 + (round % 7);
  const options = {
    method: 'DELETE' as const,
    path: podPath(index),
    body: JSON.stringify({ gracePeriodSeconds: 0 }),
  };
  const gone = await client.text(options).catch(() => undefined);
  if (gone === undefined) await makePod(client, index);
}

function podPath(index: number): string {
  return `/api/v1/namespaces/n${index % NAMESPACES}/pods/web-${index}`;
}

async function makePod(client: KubeClient, index: number): Promise<void> {
  const variables = Array.from({ length: 12 }, (_, number) => ({
    name: `VARIABLE_${number}`,
    value: `value-${number}-of-${index}`,
  }));
  await post(client, `/api/v1/namespaces/n${index % NAMESPACES}/pods`, {
    metadata: {
      name: `web-${index}`,
      labels: { app: `web-${index % 40}`, tier: 'web', 'pod-template-hash': `${(index * 7919) % 99991}` },
      annotations: { 'example.isthmus.dev/checksum': 'a'.repeat(64) },
    },
    spec: {
      containers: [
        {
          name: 'web',
          image: `registry.example.isthmus.dev/web:${index % 5}`,
          env: variables,
          ports: [{ containerPort: 8080 }],
          resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '128Mi' } },
          readinessProbe: { httpGet: { path: '/ready', port: 8080 }, periodSeconds: 5 },
          volumeMounts: [{ name: 'config', mountPath: '/etc/web' }],
        },
      ],
      volumes: [{ name: 'config', configMap: { name: `web-${index % 40}` } }],
    },
  });
}

async function post(client: KubeClient, path: string, object: object): Promise<void> {
  await client.text({ method: 'POST', path, body: JSON.stringify(object) });
}

async function must(api: ApiServer, words: readonly string[]): Promise<void> {
  const made = await api.kubectl(words);
  if (made.code !== 0) throw new Error(made.stderr);
}
