/** What clients of the gateway see, with a real HAProxy: routing, headers, refusals, upgrades. */
import { request as plainRequest } from 'node:http';
import { connect as connectH2 } from 'node:http2';
import { setTimeout as pause } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { applyGatewaySteps } from '../../edge-agent/apply/gateway.ts';
import { ask, openSite, SHOP, type Site, to } from './gateway-stand.ts';

let site: Site;

beforeAll(async () => {
  site = await openSite();
});

afterAll(async () => {
  await site?.end();
});

/** Raw bytes over TLS; the first line of each response that came. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: site.stand.port, ca: site.ca, servername: SHOP }, () =>
      socket.write(text),
    );
    let answer = '';
    socket.setTimeout(1_500, () => socket.destroy());
    socket.on('data', (chunk) => {
      answer += String(chunk);
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}

/** A client's socket after the upgrade. */
function openWebSocket(): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: site.stand.port, ca: site.ca, servername: SHOP }, () =>
      socket.write(
        `GET /ws HTTP/1.1\r\nHost: ${SHOP}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
          'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
      ),
    );
    socket.on('error', reject);
    socket.once('data', (answer) =>
      String(answer).startsWith('HTTP/1.1 101') ? resolve(socket) : reject(new Error(String(answer))),
    );
  });
}

function echo(socket: TLSSocket, text: string): Promise<string> {
  return new Promise((resolve) => {
    socket.once('data', (answer) => resolve(String(answer)));
    socket.write(text);
  });
}

describe('what clients see', () => {
  test('the longest path wins, by whole segments', async () => {
    const bodies = await Promise.all(
      ['/', '/cart', '/cart/', '/cart/1?x=/', '/cartoon', '/other'].map((path) => site.get(SHOP, path)),
    );
    expect(bodies.map(({ body }) => (body === site.blue.address ? 'blue' : 'red'))).toEqual([
      'red',
      'blue',
      'blue',
      'blue',
      'red',
      'red',
    ]);
  });

  test('an unknown host and an unknown path are 404 with a sentence', async () => {
    await site.stand.converge([...site.routes, { host: 'only.example.com', path: '/api', to: to(site.red) }]);
    const [path, host] = await Promise.all([
      site.get('only.example.com', '/'),
      ask({ host: SHOP, headers: { host: 'nobody.example.com' }, port: site.stand.port, ca: site.ca }),
    ]);
    expect([path.status, host.status]).toEqual([404, 404]);
    expect(path.body).toBe('No route of this gateway leads there.\n');
    await site.stand.converge(site.routes);
  });

  test('a service that does not answer is 503 with a sentence', async () => {
    const answer = await site.get('away.example.com');
    expect([answer.status, answer.body]).toEqual([503, 'The service behind this route does not answer.\n']);
  });

  test('what a client claims about itself is replaced', async () => {
    site.red.requests.length = 0;
    await site.get(SHOP, '/who', {
      'X-Forwarded-For': '10.6.6.6',
      'x-forwarded-proto': 'http',
      X_Forwarded_For: '10.6.6.6',
      'X-Forwarded-User': 'root',
      'X-Real-IP': '10.6.6.6',
      Forwarded: 'for=10.6.6.6',
      Proxy: 'http://10.6.6.6/',
      Upgrade: 'h2c',
      'HTTP2-Settings': 'AAMAAABkAARAAAAAAAIAAAAA',
      Connection: 'Upgrade, HTTP2-Settings',
    });
    const { host, connection, ...headers } = site.red.requests[0]?.headers ?? {};
    expect(host).toBe(SHOP);
    expect(connection ?? 'close').toBe('close');
    expect(headers).toEqual({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': SHOP,
    });
  });

  test('a path with dot segments is refused, however it is written', async () => {
    const paths = [
      '/cart/../x',
      '/cart/%2e%2e/x',
      '/cart/..',
      '/./x',
      '/cart/..;a=1/x',
      '/cart%2f..%2fx',
      '/cart/..\\x',
    ];
    const answers = await Promise.all(
      paths.map((path) => raw(`GET ${path} HTTP/1.1\r\nHost: ${SHOP}\r\nConnection: close\r\n\r\n`)),
    );
    expect(answers.map((answer) => answer.slice(0, 12))).toEqual(paths.map(() => 'HTTP/1.1 400'));
  });

  test.each([
    ['two lengths', 'Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello'],
    ['a bad length', 'Content-Length: +5\r\n\r\nhello'],
    ['an unknown coding', 'Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n'],
    ['a folded header', 'X-A: b\r\n c\r\nTransfer-Encoding:\r\n xchunked\r\n\r\n'],
    ['a space before the colon', 'Content-Length : 5\r\n\r\nhello'],
    ['two hosts', 'Host: other.example.com\r\n\r\n'],
    ['a control character', 'X-A: a\0b\r\n\r\n'],
  ])('11: a request with %s does not reach the service', async (_, rest) => {
    site.red.requests.length = 0;
    const answer = await raw(`POST /smuggled HTTP/1.1\r\nHost: ${SHOP}\r\n${rest}`);
    expect(answer.slice(0, 12)).toMatch(/^(HTTP\/1\.1 (400|501))?$/);
    expect(site.red.requests).toEqual([]);
  });

  test('11: length and chunks together carry no second request to the service', async () => {
    site.red.requests.length = 0;
    await raw(
      `POST /first HTTP/1.1\r\nHost: ${SHOP}\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n` +
        `0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: ${SHOP}\r\n\r\n`,
    );
    expect(site.red.requests.filter(({ url }) => url === '/smuggled')).toEqual([]);
    expect(site.red.requests.every(({ headers }) => headers['content-length'] === undefined)).toBe(true);
  });

  test('an upgrade to a WebSocket carries bytes both ways, until its slot is released', async () => {
    const socket = await openWebSocket();
    expect(await echo(socket, 'one')).toBe('one');
    const closed = new Promise<boolean>((resolve) => socket.once('close', () => resolve(true)));
    const slot = (await site.stand.observe()).running?.slots.find(({ sessions }) => sessions > 0)?.slot ?? 0;
    await applyGatewaySteps([{ kind: 'gateway.release-slot', slot }], site.stand.hands);
    expect(await Promise.race([closed, pause(3_000, false)])).toBe(true);
    expect((await site.stand.converge(site.routes)).map(({ kind }) => kind)).toContain('gateway.set-slot');
    expect((await site.get(SHOP)).status).toBe(200);
  });

  test('HTTP/2 is spoken', async () => {
    const session = connectH2(`https://${SHOP}:${site.stand.port}`, {
      ca: site.ca,
      createConnection: () =>
        connect({
          host: '127.0.0.1',
          port: site.stand.port,
          ca: site.ca,
          servername: SHOP,
          ALPNProtocols: ['h2'],
        }),
    });
    const status = await new Promise((resolve, reject) => {
      session.on('error', reject);
      session
        .request({ ':path': '/cart', ':authority': SHOP })
        .on('response', (head) => resolve(head[':status']));
    }).finally(() => session.destroy());
    expect(status).toBe(200);
  });

  test('TLS 1.1 is refused', async () => {
    const failed = await new Promise<boolean>((resolve) => {
      const socket = connect(
        {
          host: '127.0.0.1',
          port: site.stand.port,
          ca: site.ca,
          servername: SHOP,
          minVersion: 'TLSv1',
          maxVersion: 'TLSv1.1',
          ciphers: 'ALL:@SECLEVEL=0',
        },
        () => {
          socket.destroy();
          resolve(false);
        },
      );
      socket.on('error', () => resolve(true));
    });
    expect(failed).toBe(true);
  });

  test('plain HTTP leads to HTTPS by a redirect, and nowhere else', async () => {
    const answers = await Promise.all(
      [SHOP, 'nobody.example.com'].map(
        (host) =>
          new Promise<[number | undefined, string | undefined]>((resolve, reject) => {
            plainRequest({ host: '127.0.0.1', port: site.redirectPort, path: '/cart?a=1', headers: { host } })
              .on('response', (answer) => {
                answer.resume();
                resolve([answer.statusCode, answer.headers.location]);
              })
              .on('error', reject)
              .end();
          }),
      ),
    );
    expect(answers).toEqual([
      [308, `https://${SHOP}/cart?a=1`],
      [404, undefined],
    ]);
  });
});
