/** Refused credentials of the edge are the edge's trouble: who asks through it is not told to log in. */
import { createServer, request, type Server } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { unreachableStatement } from '../../../edge-agent/clusters/kubernetes-facts.ts';
import { KubeClient } from '../../../edge-agent/kube/client.ts';
import { agentFor, forward } from '../../../edge-agent/proxy/forward.ts';
import { forwardUpgrade } from '../../../edge-agent/proxy/upgrade.ts';
import { type KubeAnswers, startKubeAnswers, UNAUTHORIZED } from '../../fakes/kube-answers.ts';

let upstream: KubeAnswers;
let client: KubeClient;
let front: Server;
let port = 0;

beforeAll(async () => {
  upstream = await startKubeAnswers(() => UNAUTHORIZED);
  client = new KubeClient({ credentials: upstream.credentials, wallNow: () => Date.now() });
  const cluster = { client, agent: agentFor(client) };
  const requester = { subject: 'acme/ada', user: 'isthmus:acme:ada', groups: [] };
  const asked = (method = '', path = '') => ({
    ...{ method, path, query: '', headers: {}, requester, program: 'kubectl' },
  });
  front = createServer((incoming, response) => {
    void forward(asked(incoming.method, incoming.url), cluster, { incoming, response });
  });
  front.on('upgrade', (incoming, socket, head) => {
    void forwardUpgrade(asked(incoming.method, incoming.url), cluster, { incoming, socket, head });
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  const address = front.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});
afterAll(async () => {
  front.closeAllConnections();
  front.close();
  client.close();
  await upstream.close();
});

function get(path: string, headers: Record<string, string> = {}): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asking = request({ host: '127.0.0.1', port, path, headers, agent: false }, (answer) => {
      let text = '';
      answer.on('data', (chunk) => {
        text += chunk;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    asking.on('error', reject);
    asking.end();
  });
}

const UPGRADE = { connection: 'Upgrade', upgrade: 'websocket' };

test.each([
  ['a request', '/api/v1/namespaces/default/pods', {}],
  ['a session', '/api/v1/namespaces/default/pods/web-1/exec', UPGRADE],
  ['a pod that is called proxy', '/api/v1/namespaces/default/pods/proxy', {}],
])('%s is answered with what to do at the site', async (_, path, headers) => {
  const { status, text } = await get(path, headers);
  expect(status).toBe(502);
  expect(JSON.parse(text).message).toContain("The cluster refuses the edge's credentials.");
});

test.each([
  '/api/v1/namespaces/default/services/web:80/proxy/admin',
  '/api/v1/namespaces/default/pods/web-1/proxy',
  '/api/v1/nodes/n1/proxy/metrics',
])('what is behind %s says itself whom it does not know', async (path) => {
  expect(await get(path)).toMatchObject({ status: 401, text: expect.stringContaining('Unauthorized') });
});

test('the condition of the cluster says whose credentials are refused, and what to do', async () => {
  const cause = await client.text({ method: 'GET', path: '/version' }).catch((fault: unknown) => fault);
  expect(unreachableStatement(cause)).toEqual({
    type: 'Reachable',
    status: 'False',
    reason: 'CredentialsRefused',
    message: `${upstream.credentials.server} refuses our credentials (401). On the edge: edge-agent cluster add kubernetes NAME --kubeconfig FILE, with a new kubeconfig.`,
  });
});
