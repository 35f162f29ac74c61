/** A cluster that writes other images than it is asked for, as where a mirror of registries is forced: an app that is rebuilt in place must come to rest there. */
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { createKubernetesDriver } from '../../edge-agent/clusters/kubernetes.ts';
import { KubeClient } from '../../edge-agent/kube/client.ts';
import { readKubeconfig } from '../../edge-agent/kube/kubeconfig.ts';
import { workloadOf } from '../edge-agent/clusters/driver-contract.ts';
import { type ApiServer, startApiServer } from '../fixtures/kube/api-server.ts';
import { eventually } from './eventually.ts';

const Review = z.looseObject({
  request: z.looseObject({
    uid: z.string(),
    object: z.looseObject({
      spec: z.looseObject({ containers: z.array(z.looseObject({ image: z.string() })) }),
    }),
  }),
});

let api: ApiServer;
let mirror: Server;
let client: KubeClient;

beforeAll(async () => {
  api = await startApiServer({ controllers: true });
  await api.pki.server('mirror', ['IP:127.0.0.1']);
  const [cert, key, authority] = await Promise.all(
    ['mirror.crt', 'mirror.key', 'ca.crt'].map((name) => readFile(api.pki.path(name))),
  );
  mirror = createServer({ cert, key }, (request, answer) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => {
      body += part;
    });
    request.on('end', () => answer.end(JSON.stringify(rewritten(body))));
  });
  await new Promise<void>((resolve) => mirror.listen(0, '127.0.0.1', resolve));
  const address = mirror.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const made = await api.kubectl(['apply', '-f', '-'], {
    input: JSON.stringify(hook(port, authority?.toString('base64') ?? '')),
  });
  if (made.code !== 0) throw new Error(made.stderr);
  client = new KubeClient({ credentials: await readKubeconfig(api.kubeconfig), wallNow: Date.now });
});

afterAll(async () => {
  client?.close();
  mirror?.close();
  await api?.close();
});

function rewritten(text: string): object {
  const { uid, object } = Review.parse(JSON.parse(text)).request;
  const image = object.spec.containers[0]?.image ?? '';
  const value = image.startsWith('mirror/') ? image : `mirror/${image}`;
  const patch = JSON.stringify([{ op: 'replace', path: '/spec/containers/0/image', value }]);
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid, allowed: true, patchType: 'JSONPatch', patch: Buffer.from(patch).toString('base64') },
  };
}

function hook(port: number, caBundle: string): object {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'mirror' },
    webhooks: [
      {
        name: 'mirror.example.net',
        clientConfig: { url: `https://127.0.0.1:${port}/`, caBundle },
        rules: [
          { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['pods'] },
        ],
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
      },
    ],
  };
}

test('an app is changed once, and then left alone, where the cluster writes other images than it is asked for', async () => {
  const driver = createKubernetesDriver(client, Date.now);
  const at = (image: string) => workloadOf('mirrored', image, { onChange: 'rebuildInPlace', replicas: 1 });
  const pod = async () => {
    const words = ['-n', 'acme', 'get', 'pod', 'mirrored-0', '-o', 'jsonpath={.spec.containers[0].image}'];
    return (await api.kubectl(words)).stdout;
  };
  await driver.apply(at('x:1'));
  await eventually(async () => expect(await pod()).toBe('mirror/x:1'));
  await eventually(async () => expect(await driver.apply(at('x:1'))).toEqual([]));
  expect((await driver.apply(at('x:2'))).join()).toContain('with x:2');
  expect([await pod(), await driver.apply(at('x:2'))]).toEqual(['mirror/x:2', []]);
});
