/** The cluster proxy before a real API server, by raw TLS and by kubectl: what must not pass, and what is cut. */
import { setTimeout as pause } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiServer, startApiServer } from '../fixtures/kube/api-server.ts';
import { eventually } from './eventually.ts';
import { bindGroups, HOST, LEAF, type ProxyStand, startProxyStand, tokenOf } from './proxy-stand.ts';

let api: ApiServer;
let stand: ProxyStand;

beforeAll(async () => {
  api = await startApiServer();
  await bindGroups(api);
  stand = await startProxyStand(api);
});

afterAll(async () => {
  await stand?.close();
  await api?.close();
});

function open(servername = HOST): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: '127.0.0.1',
      port: stand.proxy.port,
      servername,
      ca: stand.authority,
      checkServerIdentity: () => undefined,
    });
    socket.once('secureConnect', () => resolve(socket));
    socket.once('error', reject);
  });
}

/** Everything that comes back until the connection ends, or a second passes. */
async function say(text: string, servername?: string): Promise<string> {
  const socket = await open(servername);
  let heard = '';
  socket.on('data', (chunk: Buffer) => {
    heard += chunk.toString();
  });
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => undefined);
  socket.write(text);
  await Promise.race([ended, pause(1_000)]);
  socket.destroy();
  return heard;
}

const bearer = (subject = 'demo/admin/1') => `Authorization: Bearer ${tokenOf(subject)}\r\n`;
const get = (path: string, headers = '') =>
  `GET ${path} HTTP/1.1\r\nHost: ${HOST}\r\n${bearer()}${headers}\r\n`;
const statuses = (heard: string) =>
  [...heard.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status));

describe('who asks', () => {
  test.each<[string, string, number]>([
    ['without a token', `GET /api HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`, 401],
    [
      'with a token of another cluster',
      `GET /api HTTP/1.1\r\nHost: ${HOST}\r\nAuthorization: Bearer ${tokenOf('demo/admin/1', { cluster: 'test' })}\r\n\r\n`,
      401,
    ],
    [
      'with a token that is over',
      `GET /api HTTP/1.1\r\nHost: ${HOST}\r\nAuthorization: Bearer ${tokenOf('demo/admin/1', { nowSeconds: Math.floor(Date.now() / 1_000) - 2_000 })}\r\n\r\n`,
      401,
    ],
    [
      'with a token of a subject that the document does not name',
      `GET /api HTTP/1.1\r\nHost: ${HOST}\r\n${bearer('demo/gone/1')}\r\n`,
      401,
    ],
    ['with a token that is good', get('/api'), 200],
    [
      'for another cluster in the Host header',
      get('/api').replace(`Host: ${HOST}`, 'Host: test.demo.clusters.isthmus.internal'),
      421,
    ],
    ['by another method', get('/api').replace('GET', 'TRACE'), 400],
  ])('%s gets the right answer', async (_, text, status) => {
    expect(statuses(await say(text))).toEqual([status]);
  });

  test('by another server name is told that there is no such cluster', async () => {
    expect(statuses(await say(get('/api'), 'other.demo.clusters.isthmus.internal'))).toEqual([421]);
  });
});

describe('scenario 9: nobody is somebody else by a header', () => {
  test.each([
    ['Impersonate-User: system:admin\r\n', 403],
    ['impersonate-group: system:masters\r\n', 403],
    ['X-Remote-User: admin\r\nX-Remote-Group: system:masters\r\n', 200],
    ['Connection: Impersonate-User, Impersonate-Group, Authorization\r\n', 200],
  ])('%j', async (header, status) => {
    const body = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' });
    const head = `POST /apis/authentication.k8s.io/v1/selfsubjectreviews HTTP/1.1\r\nHost: ${HOST}\r\n${bearer('demo/viewer/1')}`;
    const heard = await say(
      `${head}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n${header}\r\n${body}`,
    );
    expect(statuses(heard)).toEqual([status === 200 ? 201 : status]);
    if (status === 200)
      expect(heard).toContain(
        '"username":"isthmus:demo:viewer","groups":["isthmus:viewers","system:authenticated"]',
      );
  });
});

describe('scenario 10: what an answer asks for is not done', () => {
  test('a redirect is handed on only if it stays here, and is followed by nobody', async () => {
    const heard = await say(get('/api/v1/namespaces/default/services/https:none:443/proxy/'));
    expect([statuses(heard), heard.includes('\nLocation: http')]).toEqual([[404], false]);
  });
});

describe('scenario 11: one request has one end', () => {
  const smuggled = `GET /api/v1/secrets HTTP/1.1\r\nHost: ${HOST}\r\n${'X-Y: z\r\n'}\r\n`;
  const post = (headers: string, body: string) =>
    `POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: ${HOST}\r\n${bearer()}${headers}\r\n${body}`;

  test.each<[string, string]>([
    [
      'Content-Length and Transfer-Encoding',
      post('Content-Length: 4\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${smuggled}`),
    ],
    ['Transfer-Encoding that hides', post('Transfer-Encoding: xchunked\r\n', smuggled)],
    [
      'two Transfer-Encodings',
      post('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', `0\r\n\r\n${smuggled}`),
    ],
    ['two lengths', post('Content-Length: 0\r\nContent-Length: 9\r\n', smuggled)],
    ['a length that is no number', post('Content-Length: +4\r\n', smuggled)],
    ['a bare line feed', get('/api').replaceAll('\r\n', '\n') + smuggled],
    ['a folded header', get('/api', 'Accept: a\r\n b\r\n') + smuggled],
    ['a space before a colon', get('/api', 'Transfer-Encoding : chunked\r\n') + smuggled],
    ['a bad chunk size', post('Transfer-Encoding: chunked\r\n', `zz\r\n${smuggled}`)],
    ['no host', `GET /api HTTP/1.1\r\n${bearer()}\r\n${smuggled}`],
    ['two hosts', get('/api', 'Host: other\r\n') + smuggled],
    ['another version', get('/api').replace('HTTP/1.1', 'HTTP/9.9') + smuggled],
  ])('%s: nothing behind it is answered', async (_, text) => {
    const heard = await say(text);
    expect(heard).not.toContain('SecretList');
    expect(statuses(heard).filter((status) => status < 400).length).toBeLessThanOrEqual(1);
    expect(statuses(heard).at(-1) ?? 400).toBeGreaterThanOrEqual(400);
  });

  test.each(['GET', 'HEAD', 'DELETE', 'OPTIONS'])(
    'a chunked body of %s is no request of the edge itself, which may impersonate anybody',
    async (method) => {
      const made = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'smuggled' } });
      const hidden = `POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nImpersonate-User: eve\r\nImpersonate-Group: system:masters\r\nContent-Type: application/json\r\nContent-Length: ${made.length}\r\n\r\n${made}`;
      const head = `${method} /api/v1/namespaces/none HTTP/1.1\r\nHost: ${HOST}\r\n${bearer('demo/viewer/1')}`;
      await say(
        `${head}Transfer-Encoding: chunked\r\n\r\n${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`,
      );
      const found = await api.kubectl(['get', 'namespace', 'smuggled', '--ignore-not-found', '-o', 'name']);
      expect([found.code, found.stdout]).toEqual([0, '']);
    },
  );

  test('two requests on one connection are two answers: the proof above could fail', async () => {
    expect(statuses(await say(get('/api') + get('/apis')))).toEqual([200, 200]);
  });
});

describe('scenario 12: one path has one reading', () => {
  test.each([
    '/api/v1/../../version',
    '/api/v1/%2e%2e/version',
    '/api//v1/pods',
    '/api/v1/pods;x',
    '/api/v1/pods%2f..',
    '/api/v1\\pods',
  ])('%s is refused', async (path) => {
    expect(statuses(await say(get(path)))).toEqual([400]);
  });
});

describe('scenario 27: limits', () => {
  test('a body that is too large is refused by what it says and by what it is', async () => {
    const head = `POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: ${HOST}\r\n${bearer()}Content-Type: application/json\r\n`;
    expect(statuses(await say(`${head}Content-Length: 99999999\r\n\r\n`))).toEqual([413]);
    const piece = `100000\r\n${'a'.repeat(0x100000)}\r\n`;
    expect(
      statuses(await say(`${head}Transfer-Encoding: chunked\r\n\r\n${piece.repeat(4)}0\r\n\r\n`)),
    ).toEqual([413]);
  });

  test('headers that are too large are refused', async () => {
    expect(
      statuses(await say(get('/api', `X-Long: ${'a'.repeat(40_000)}\r\n`))).every((status) => status >= 400),
    ).toBe(true);
  });

  test('somebody who says nothing after the greeting holds no place for long, and others are served', async () => {
    const silent = await Promise.all(Array.from({ length: 50 }, () => open()));
    expect(statuses(await say(get('/readyz')))).toEqual([200]);
    for (const socket of silent) socket.destroy();
  });
});

describe('a watch', () => {
  test('is cut at once when its access is withdrawn, and the audit log is told (scenario 8)', async () => {
    const socket = await open();
    socket.on('error', () => undefined);
    socket.write(get('/api/v1/configmaps?watch=true&resourceVersion=0'));
    await new Promise((resolve) => socket.once('data', resolve));
    await eventually(async () => expect(stand.proxy.openStreams(HOST)).toBe(1), 5_000);
    const closed = new Promise<number>((resolve) => socket.once('close', () => resolve(performance.now())));
    const begunMs = performance.now();
    stand.set({ access: LEAF.access.filter(({ subject }) => subject !== 'demo/admin/1') });
    expect((await closed) - begunMs).toBeLessThan(1_000);
    expect(statuses(await say(get('/api')))).toEqual([401]);
    expect(stand.events.map(({ action, actor }) => [action, actor])).toEqual([
      ['access.ended', 'isthmus:demo:admin'],
    ]);
    stand.set({ access: LEAF.access });
    expect(statuses(await say(get('/api')))).toEqual([200]);
  });

  test('of a client that does not read does not grow in memory', async () => {
    const fat = JSON.stringify({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'fat' },
      data: { a: 'x'.repeat(900_000) },
    });
    await api.kubectl(['create', '-f', '-'], { input: fat });
    const readers = await Promise.all(Array.from({ length: 20 }, () => open()));
    for (const socket of readers) {
      socket.pause();
      socket.on('error', () => undefined);
      socket.write(get('/api/v1/namespaces/default/configmaps?watch=true'));
    }
    await pause(500);
    const before = process.memoryUsage.rss();
    for (let change = 0; change < 10; change += 1)
      await api.kubectl([
        'patch',
        'configmap',
        'fat',
        '--type=merge',
        '-p',
        JSON.stringify({ data: { b: String(change) } }),
      ]);
    const grownMb = (process.memoryUsage.rss() - before) / 1e6;
    for (const socket of readers) socket.destroy();
    // 20 readers of 10 changes of 0.9 MB are 180 MB that somebody would have to keep.
    expect(grownMb).toBeLessThan(90);
  });

  test('ends with the API server, and begins again with it', async () => {
    await api.stopApiServer();
    expect(statuses(await say(get('/api')))).toEqual([502]);
    await api.startApiServer();
    expect(statuses(await say(get('/api')))).toEqual([200]);
  });
});
