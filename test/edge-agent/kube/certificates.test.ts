/** Servers whose certificate is not taken: it is said what is wrong with it and what to give, never that nobody answers. */
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unreachableStatement } from '../../../edge-agent/clusters/kubernetes-facts.ts';
import { KubeClient } from '../../../edge-agent/kube/client.ts';
import { credentialsOf, type KubeCredentials } from '../../../edge-agent/kube/kubeconfig.ts';
import { type KubeAnswers, startKubeAnswers } from '../../fakes/kube-answers.ts';

let one: KubeAnswers;
let other: KubeAnswers;
beforeAll(async () => {
  [one, other] = await Promise.all([
    startKubeAnswers(() => ({ status: 200 })),
    startKubeAnswers(() => ({ status: 200 })),
  ]);
});
afterAll(() => Promise.all([one.close(), other.close()]));

async function statementOf(change: Partial<KubeCredentials>) {
  const credentials = { ...one.credentials, ...change };
  const client = new KubeClient({ credentials, wallNow: () => Date.now() });
  const call = { method: 'GET', path: '/version' } as const;
  const cause = await client.text(call).catch((fault: unknown) => fault);
  client.close();
  return unreachableStatement(cause);
}

describe('a server', () => {
  test.each<[string, () => Partial<KubeCredentials>, RegExp]>([
    [
      'of another authority',
      () => ({ authority: other.credentials.authority }),
      /not signed by the authority/,
    ],
    ['of no authority that the system knows', () => ({ authority: undefined }), /certificate-authority-data/],
    ['of another name', () => ({ serverName: 'else.test' }), /for other names.*tls-server-name/],
  ])('%s answers, and is not trusted', async (_, change, why) => {
    const { reason, message } = await statementOf(change());
    expect([reason, message]).toEqual(['CertificateRefused', expect.stringMatching(why)]);
    expect(message).not.toMatch(/does not answer|use-system-ca/);
  });

  test('that is not there does not answer', async () => {
    const listener = createServer();
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const address = listener.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await new Promise<void>((resolve) => listener.close(() => resolve()));
    const { reason, message } = await statementOf({ server: `https://127.0.0.1:${port}` });
    expect([reason, message]).toEqual(['NoAnswer', expect.stringContaining('does not answer')]);
  });
});

test('a kubeconfig whose authority came out empty is refused with where to find it', async () => {
  const cluster = { server: 'https://a:6443', 'certificate-authority-data': '' };
  const config = (change: object) =>
    JSON.stringify({
      clusters: [{ name: 'c', cluster: { ...cluster, ...change } }],
      contexts: [{ name: 'x', context: { cluster: 'c' } }],
      'current-context': 'x',
    });
  const read = (change: object) => credentialsOf(config(change), { directory: '/' });
  await expect(read({})).rejects.toThrow(/certificate-authority-data of the cluster c is empty/);
  const data = Buffer.from('PEM').toString('base64');
  expect((await read({ 'certificate-authority-data': data })).authority).toBe('PEM');
});
