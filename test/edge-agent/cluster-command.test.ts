/** Adding a cluster: what is kept of it, what is said, and what is refused. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addKubernetes } from '../../edge-agent/cluster-command.ts';
import { type KubernetesFile, readClusterFiles, writeClusterFile } from '../../edge-agent/cluster-files.ts';
import { type KubeAnswers, startKubeAnswers, UNAUTHORIZED } from '../fakes/kube-answers.ts';

const ETCD = {
  endpoints: ['https://10.0.0.11:2379'],
  authority: 'a',
  certificate: 'c',
  key: 'k',
  programs: '',
};

let directory: string;
let server: KubeAnswers;
let isRefused = false;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'isthmus-add-'));
  server = await startKubeAnswers(({ path }) => {
    if (isRefused) return UNAUTHORIZED;
    if (path === '/version') return { status: 200, body: { gitVersion: 'v1.34.0' } };
    if (path.includes('selfsubject')) return { status: 201, body: { status: { allowed: true } } };
    return { status: 200, body: { metadata: {}, items: [] } };
  });
});
afterAll(async () => {
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

const kubeconfig = () => join(directory, 'config');
const clusters = () => join(directory, 'clusters');

async function add(more: Partial<Parameters<typeof addKubernetes>[0]> = {}): Promise<readonly string[]> {
  const { server: address, authority = '', serverName } = server.credentials;
  const data = Buffer.from(authority).toString('base64');
  const cluster = { server: address, 'certificate-authority-data': data, 'tls-server-name': serverName };
  const config = {
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user: { token: 't' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  await writeFile(kubeconfig(), JSON.stringify(config));
  return addKubernetes({
    ...{ name: 'prod', kubeconfig: kubeconfig(), context: undefined, directory: clusters() },
    ...{ environment: {}, wallNow: () => Date.now(), ...more },
  });
}

const known = (): KubernetesFile | undefined => {
  const [file] = readClusterFiles(clusters()).clusters;
  return file?.kind === 'kubernetes' ? file : undefined;
};

test('added again for a new token, a cluster keeps the access to its etcd, until that is to be dropped', async () => {
  await add();
  const first = known();
  if (first === undefined) throw new Error('nothing was added');
  expect(first.etcd).toBeUndefined();
  writeClusterFile(clusters(), { ...first, etcd: ETCD });
  expect(await add()).toContain('etcd: https://10.0.0.11:2379, as before; --no-etcd drops it');
  expect(known()?.etcd).toEqual(ETCD);
  expect(await add({ etcd: 'none' })).toContain('etcd: its credentials are dropped');
  expect(known()?.etcd).toBeUndefined();
});

test('credentials that are refused are said to be so, and nothing is kept', async () => {
  isRefused = true;
  const adding = add({ name: 'other' }).finally(() => {
    isRefused = false;
  });
  await expect(adding).rejects.toThrow(
    /refuses our credentials \(401\)\. The token or certificate in the kubeconfig has ended/,
  );
  expect(readClusterFiles(clusters()).clusters.map(({ name }) => name)).toEqual(['prod']);
});

test.each([
  [
    'an endpoint without a scheme',
    { endpoints: ['10.0.0.11:2379'] },
    /--etcd-endpoint 10\.0\.0\.11:2379: give https/,
  ],
  ['programs that are not there', { programs: '/nowhere' }, /--programs \/nowhere: there is no etcd in it/],
])('etcd with %s is refused in words', async (_, more, words) => {
  const etcd = { ...ETCD, ...more };
  await expect(add({ name: 'odd', etcd })).rejects.toThrow(words);
  expect(readClusterFiles(clusters()).clusters.map(({ name }) => name)).not.toContain('odd');
});
