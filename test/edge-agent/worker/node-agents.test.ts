/** Agents on nodes: their sign is written again and again, and the edge says whose it misses. */

import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { KubeClient } from '../../../edge-agent/kube/client.ts';
import { serveCni } from '../../../edge-agent/node/server.ts';
import { SIGN_LABEL, signOf, writeSign } from '../../../edge-agent/node/sign.ts';
import { wishOf } from '../../../edge-agent/node/wish.ts';
import { NodeAgents, SILENT_MS } from '../../../edge-agent/worker/node-agents.ts';
import type { ClusterNode } from '../../../protocol/cluster.ts';
import { type KubeAnswers, startKubeAnswers, UNAUTHORIZED } from '../../fakes/kube-answers.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function open(answer: Parameters<typeof startKubeAnswers>[0]): Promise<[KubeClient, KubeAnswers]> {
  const server = await startKubeAnswers(answer);
  const client = new KubeClient({ credentials: server.credentials, wallNow: () => Date.now() });
  closing.push(() => server.close());
  closing.push(() => client.close());
  return [client, server];
}

function node(name: string, ready: ClusterNode['ready'] = 'True'): ClusterNode {
  const capacity = { cpuMillis: 0, memoryMib: 0, pods: 0 };
  const seen = { verdict: 'alive', evidence: '' } as const;
  return { name, addresses: [], ready, ...seen, schedulable: true, version: '', capacity, labels: {} };
}

const signs = (renewed: Readonly<Record<string, number>>) => ({
  status: 200,
  body: {
    metadata: { resourceVersion: '1' },
    items: Object.entries(renewed).map(([name, ms]) => signOf(name, '1', ms)),
  },
});

test('who is not heard for long is named, as long as its node is up; a wrong clock of a node does not matter', async () => {
  let renewed: Record<string, number> = { n1: 0, n2: 0, n3: 0 };
  let nowMs = 1_000;
  const [client] = await open(() => signs(renewed));
  const agents = new NodeAgents(client, () => nowMs);
  const nodes = [node('n1'), node('n2'), node('n3', 'Unknown'), node('n4')];
  expect([agents.present(), agents.statements(nodes)]).toEqual([undefined, []]);
  await agents.pass();
  expect(agents.statements(nodes)).toMatchObject([{ type: 'NodeAgents', status: 'True', reason: 'Heard' }]);
  nowMs += SILENT_MS;
  renewed = { ...renewed, n1: 5 };
  await agents.pass();
  expect(agents.present()).toEqual(new Set(['n1']));
  const [said] = agents.statements(nodes);
  expect(said).toMatchObject({ type: 'NodeAgents', status: 'False', reason: 'Silent' });
  expect(said?.message).toContain('the agents of n2. They do not run, or the API server refuses');
  expect(agents.statements([node('n4')])).toEqual([]);
});

test('without the right to read them, nothing is said', async () => {
  const [client] = await open(() => ({ status: 403 }));
  const agents = new NodeAgents(client, () => 0);
  await agents.pass();
  expect([agents.present(), agents.statements([node('n1')])]).toEqual([undefined, []]);
});

test('a sign is made where there is none, and renewed in the version that stands there', async () => {
  let there: object | undefined;
  const [client, server] = await open(({ method, body }) => {
    if (method !== 'GET')
      there = { ...JSON.parse(body), metadata: { name: 'agent-n1', resourceVersion: '7' } };
    return there === undefined ? { status: 404 } : { status: 200, body: there };
  });
  await writeSign(client, 'n1', 0);
  await writeSign(client, 'n1', 60_000);
  expect(server.asked.map(({ method }) => method)).toEqual(['GET', 'POST', 'GET', 'PUT']);
  expect(JSON.parse(server.asked[1]?.body ?? '').metadata.labels).toEqual({ [SIGN_LABEL]: 'node' });
  const { metadata, spec } = JSON.parse(server.asked[3]?.body ?? '');
  expect([metadata.resourceVersion, spec.renewTime]).toEqual(['7', '1970-01-01T00:01:00.000000Z']);
});

test('an agent whose credentials are refused says so to the runtime, and what to do', async () => {
  const [client] = await open(() => UNAUTHORIZED);
  const directory = await mkdtemp(join(tmpdir(), 'isthmus-node-'));
  closing.push(() => rm(directory, { recursive: true, force: true }));
  const socketPath = join(directory, 's');
  const server = await serveCni(socketPath, async () => {
    await wishOf(client, { namespace: 'acme', name: 'web-1', uid: '' });
    return undefined;
  });
  closing.push(() => server.close());
  const headers = { host: 'isthmus-node' };
  const said = await new Promise<string>((resolve, reject) => {
    const asking = request(
      { socketPath, method: 'POST', path: '/cni/ADD', headers, agent: false },
      (answer) => {
        let text = '';
        answer.on('data', (chunk) => {
          text += chunk;
        });
        answer.on('end', () => resolve(text));
      },
    );
    asking.on('error', reject);
    asking.end('{}');
  });
  expect(JSON.parse(said).msg).toMatch(
    /^isthmus-ipam: the API server refuses this node's credentials \(.*make a new kubeconfig/,
  );
});
