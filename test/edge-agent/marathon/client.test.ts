/** The client against servers of this process: who asks, who leads, what a lock and a fault are, and events over a lost connection. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { MarathonClient, type MarathonClientOptions } from '../../../edge-agent/marathon/client.ts';
import { MarathonNews } from '../../../edge-agent/marathon/news.ts';
import { Info } from '../../../edge-agent/marathon/wire.ts';

const open: Server[] = [];

afterEach(async () => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  return `http://127.0.0.1:${await portOf(server)}`;
}

async function portOf(server: Server): Promise<number> {
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return address === null || typeof address === 'string' ? 0 : address.port;
}

const INFO = JSON.stringify({ version: '1.11.24' });
const info = (options: MarathonClientOptions) =>
  new MarathonClient(options).json(Info, { method: 'GET', path: '/v2/info' });

test.each([
  [{ kind: 'basic', user: 'ops', password: 'a:b' }, 'Basic b3BzOmE6Yg=='],
  [{ kind: 'token', token: 'abc' }, 'token=abc'],
  [undefined, undefined],
] as const)('asks as %o', async (credentials, header) => {
  const seen: (string | undefined)[] = [];
  const server = await serve((request, response) => {
    seen.push(request.headers.authorization);
    response.end(INFO);
  });
  await info({ server, credentials });
  expect(seen).toEqual([header]);
});

test('follows to who leads and stays there, and asks the first one again when that is gone', async () => {
  const asked: string[] = [];
  const leader = await serve((request, response) => {
    asked.push(`leader ${request.url}`);
    if (asked.length === 3) response.destroy();
    else response.end(INFO);
  });
  const server = await serve((request, response) => {
    asked.push(`other ${request.url}`);
    response.writeHead(307, { location: `${leader}${request.url}` }).end();
  });
  const client = new MarathonClient({ server });
  const ask = () => client.json(Info, { method: 'GET', path: '/v2/info' });
  await ask();
  await expect(ask()).rejects.toMatchObject({ code: 'marathon.unreachable' });
  await ask();
  expect(asked).toEqual([
    'other /v2/info',
    'leader /v2/info',
    'leader /v2/info',
    'other /v2/info',
    'leader /v2/info',
  ]);
});

test('where each sends us to the next, nobody leads', async () => {
  const server = await serve((request, response) => {
    response.writeHead(307, { location: `http://${request.headers.host}${request.url}` }).end();
  });
  await expect(info({ server })).rejects.toMatchObject({ code: 'marathon.unreachable' });
});

test.each([
  [401, { message: 'Not Authenticated.' }, 'marathon.forbidden'],
  [403, { message: 'Not Authorized' }, 'marathon.forbidden'],
  [404, {}, 'marathon.not_found'],
  [409, { message: 'App is locked', deployments: [{ id: 'd1' }] }, 'marathon.locked'],
  [409, { message: 'An app with id [/a] already exists.' }, 'marathon.conflict'],
  [422, { message: 'invalid', details: [{ path: '/mem', errors: ['too small'] }] }, 'marathon.refused'],
  [503, { message: 'no leader' }, 'marathon.unreachable'],
])('%d %j is %s', async (status, body, code) => {
  const server = await serve((_, response) => {
    response.writeHead(status).end(JSON.stringify(body));
  });
  await expect(info({ server })).rejects.toMatchObject({
    code,
    deployments: 'deployments' in body ? ['d1'] : [],
    message: expect.stringContaining('details' in body ? '/mem: too small' : `${status}`),
  });
});

test('what is no Marathon is said to be none, and who does not answer in time is silent', async () => {
  const page = await serve((_, response) => void response.end('<html>'));
  await expect(info({ server: page })).rejects.toMatchObject({ code: 'marathon.malformed' });
  const mute = await serve(() => undefined);
  await expect(info({ server: mute, timeoutMs: 50 })).rejects.toMatchObject({ code: 'marathon.unreachable' });
});

test('over TLS only who shows a certificate of the given authority is asked, and never one without TLS after', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'isthmus-mth-tls-'));
  try {
    const [key, certificate] = [join(directory, 'key'), join(directory, 'certificate')];
    const words = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=marathon';
    const names = ['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', certificate];
    execFileSync('openssl', [...words.split(' '), ...names], { stdio: 'ignore' });
    const authority = readFileSync(certificate, 'utf8');
    const plain = await serve((_, response) => void response.end(INFO));
    const listener: RequestListener = (request, response) => {
      if (request.headers.authorization === undefined) response.end(INFO);
      else response.writeHead(307, { location: `${plain}${request.url}` }).end();
    };
    const secure = createTlsServer({ key: readFileSync(key), cert: authority }, listener);
    const server = `https://127.0.0.1:${await portOf(secure)}`;
    expect((await info({ server, authority })).version).toBe('1.11.24');
    await expect(info({ server })).rejects.toMatchObject({ code: 'marathon.unreachable' });
    const credentials = { kind: 'token', token: 'secret' } as const;
    await expect(info({ server, authority, credentials })).rejects.toThrow('nothing is encrypted');
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('events are counted per version over a connection that is lost, and each is told of', async () => {
  let streams = 0;
  const failure = (version: string) =>
    `event: status_update_event\r\ndata: ${JSON.stringify({ appId: '/a/b', taskStatus: 'TASK_FAILED', version })}\r\n\r\n`;
  const server = await serve((_, response) => {
    streams += 1;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    if (streams === 1) response.end(failure('1') + failure('1'));
    else response.write(failure(streams === 2 ? '1' : '2'));
  });
  const counts: number[] = [];
  const news = new MarathonNews({
    client: new MarathonClient({ server }),
    onNews: () => counts.push(news.of('/a/b').failures),
    retryMs: 10,
  });
  news.start();
  await expect.poll(() => counts).toEqual([1, 2, 3]);
  await news.stop();
  news.heard({
    type: 'status_update_event',
    data: '{"appId":"/a/b","taskStatus":"TASK_FAILED","version":"2"}',
  });
  news.heard({
    type: 'status_update_event',
    data: '{"appId":"/a/b","taskStatus":"TASK_RUNNING","version":"2"}',
  });
  news.heard({ type: 'status_update_event', data: 'not JSON' });
  expect(news.of('/a/b')).toEqual({ version: '2', failures: 1 });
});
