/** What the driver asks of Marathon where the double of the live tests has nothing to answer: volumes, secrets, deployments that somebody cancelled. A server of this process stands in. */
import { createServer, type Server } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { createMarathonDriver } from '../../../edge-agent/clusters/marathon.ts';
import { MarathonClient } from '../../../edge-agent/marathon/client.ts';
import { MarathonNews } from '../../../edge-agent/marathon/news.ts';
import { parseJson } from '../../../protocol/json.ts';
import { workloadOf } from './driver-contract.ts';

const open: Server[] = [];

afterEach(async () => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

interface Held {
  app?: Record<string, unknown>;
  readonly features?: readonly string[];
  readonly asked: { readonly what: string; readonly body: unknown }[];
}

/** Keeps one app as it is told, and nothing else. */
async function driverOver(held: Held) {
  const server = createServer((request, response) => {
    void (async () => {
      let text = '';
      for await (const piece of request) text += String(piece);
      const body = parseJson(text);
      const [path = ''] = (request.url ?? '').split('?');
      if (request.method !== 'GET') held.asked.push({ what: `${request.method} ${path}`, body });
      const isBody = typeof body === 'object' && body !== null;
      if (isBody && !path.endsWith('/restart')) held.app = { ...held.app, ...body };
      const answer =
        path === '/v2/info'
          ? { version: '1.11.24', marathon_config: { features: held.features ?? [] } }
          : path === '/v2/apps' && request.method === 'GET'
            ? { apps: held.app === undefined ? [] : [held.app] }
            : { app: held.app };
      const isMissing =
        path.startsWith('/v2/groups') || (path.startsWith('/v2/apps/') && held.app === undefined);
      response.writeHead(isMissing ? 404 : 200).end(JSON.stringify(answer));
    })();
  });
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = address === null || typeof address === 'string' ? 0 : address.port;
  const client = new MarathonClient({ server: `http://127.0.0.1:${port}` });
  return createMarathonDriver({ client, mesos: undefined, news: new MarathonNews({ client }) });
}

test('an app with volumes leaves them when it goes, is listed no more, and finds them when it comes again', async () => {
  const held: Held = { asked: [] };
  const driver = await driverOver(held);
  const workload = workloadOf('data', 'local/tool:1', {
    volumes: [{ name: 'data', path: '/var/data', sizeMib: 64 }],
  });
  await driver.apply(workload);
  expect(await driver.list()).toEqual([{ app: 'data', namespace: 'acme' }]);
  expect(await driver.remove(workload)).toEqual([
    'ended the tasks of /acme/data; it stays, without any, for its volumes',
  ]);
  expect(await driver.remove(workload)).toEqual([]);
  expect(await driver.list()).toEqual([]);
  expect(await driver.apply(workload)).toEqual(['changed /acme/data: labels, instances']);
  expect(await driver.list()).toEqual([{ app: 'data', namespace: 'acme' }]);
  expect(held.asked.map(({ what }) => what)).toEqual([
    'POST /v2/apps',
    'PUT /v2/apps/acme/data',
    'PUT /v2/apps/acme/data',
  ]);
});

test('secrets are asked for only of a Marathon that was started with them', async () => {
  const secrets = [{ secret: 'db', key: 'password', as: { kind: 'variable' as const, name: 'PASSWORD' } }];
  const workload = workloadOf('web', 'local/tool:1', { secrets });
  const without: Held = { asked: [] };
  await expect((await driverOver(without)).apply(workload)).rejects.toMatchObject({
    code: 'driver.unsupported',
  });
  expect(without.asked).toEqual([]);
  const held: Held = { asked: [], features: ['secrets'] };
  const driver = await driverOver(held);
  await driver.apply(workload);
  expect(held.asked[0]?.body).toMatchObject({ secrets: { secret0: { source: 'db/password' } } });
  expect(await driver.apply(workload)).toEqual([]);
});

test('a change whose deployment somebody ended is taken up again, once', async () => {
  const held: Held = { asked: [] };
  const driver = await driverOver(held);
  const workload = workloadOf('web', 'local/tool:1');
  await driver.apply(workload);
  const versionInfo = { lastConfigChangeAt: '2026-01-02T00:00:00.000Z' };
  const tasks = [{ id: 't', state: 'TASK_RUNNING', version: '2026-01-01T00:00:00.000Z' }];
  held.app = { ...held.app, versionInfo, tasks };
  expect((await driver.apply(workload)).join()).toContain('took the change of /acme/web up again');
  held.app = { ...held.app, deployments: [{ id: 'd' }] };
  expect(await driver.apply(workload)).toEqual([]);
  expect(held.asked.map(({ what }) => what)).toEqual(['POST /v2/apps', 'POST /v2/apps/acme/web/restart']);
});
