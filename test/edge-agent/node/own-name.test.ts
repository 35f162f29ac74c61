/** An agent under a name that no node has is refused at its start. */
import { afterEach, expect, test } from 'vitest';
import { KubeClient } from '../../../edge-agent/kube/client.ts';
import { requireNode } from '../../../edge-agent/node/own-name.ts';
import { type KubeAnswers, startKubeAnswers, UNAUTHORIZED } from '../../fakes/kube-answers.ts';

let server: KubeAnswers;
let client: KubeClient;
afterEach(async () => {
  client.close();
  await server.close();
});

async function asked(answer: Parameters<typeof startKubeAnswers>[0], name: string): Promise<string> {
  server = await startKubeAnswers(answer);
  client = new KubeClient({ credentials: server.credentials, wallNow: () => Date.now() });
  return requireNode(client, name).then(
    () => 'runs',
    (cause: unknown) => String(cause),
  );
}

const nodes = (...names: string[]) => ({
  status: 200,
  body: { metadata: {}, items: names.map((name) => ({ metadata: { name } })) },
});

test('the name of a node is taken', async () => {
  expect(await asked(() => nodes('n2', 'n1'), 'n1')).toBe('runs');
});

test('another name is refused, with those that there are', async () => {
  const many = Array.from({ length: 12 }, (_, index) => `n${index + 10}`);
  expect(await asked(() => nodes(...many), 'host')).toBe(
    "Error: The cluster has no node host; it has: n10, n11, n12, n13, n14, n15, n16, n17, n18, n19 and 2 more. Give this one's name by --name.",
  );
});

test('while the API server does not say which nodes there are, it runs', async () => {
  expect(await asked(() => UNAUTHORIZED, 'host')).toBe('runs');
});
