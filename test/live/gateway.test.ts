/** The gateway with a real HAProxy: what clients see, and that no change drops a request. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import { connect as connectH2 } from 'node:http2';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ask,
  freePort,
  type Route,
  Stand,
  startLoad,
  startUpstream,
  type Upstream,
} from './gateway-stand.ts';

let stand: Stand;
let red: Upstream;
let blue: Upstream;
let ca: string;
let redirectPort: number;

const to = ({ address, port }: Upstream) => ({ address, port });
const SHOP = 'shop.example.com';

function baseRoutes(): Route[] {
  return [
    { host: SHOP, to: to(red) },
    { host: SHOP, path: '/cart', to: to(blue) },
    { host: 'away.example.com', to: { address: '127.9.9.9', port: 9 } },
  ];
}

const get = (host: string, path = '/', headers: Record<string, string> = {}) =>
  ask({ host, path, headers, port: stand.port, ca });

beforeAll(async () => {
  red = await startUpstream('127.1.0.1');
  blue = await startUpstream('127.1.0.2');
  redirectPort = await freePort();
  stand = new Stand(await freePort(), redirectPort);
  await stand.converge(baseRoutes());
  ca = (await stand.observe()).authority ?? '';
});

afterAll(async () => {
  await stand?.end();
  await Promise.all([red?.stop(), blue?.stop()]);
});

/** Raw bytes over TLS; the first line of each response that came. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: stand.port, ca, servername: SHOP }, () =>
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

describe('what clients see', () => {
  test('the longest path wins, by whole segments', async () => {
    const bodies = await Promise.all(
      ['/', '/cart', '/cart/', '/cart/1?x=/', '/cartoon', '/other'].map((path) => get(SHOP, path)),
    );
    expect(bodies.map(({ body }) => (body === blue.address ? 'blue' : 'red'))).toEqual([
      'red',
      'blue',
      'blue',
      'blue',
      'red',
      'red',
    ]);
  });

  test('an unknown host and an unknown path are 404 with a sentence', async () => {
    await stand.converge([...baseRoutes(), { host: 'only.example.com', path: '/api', to: to(red) }]);
    const [path, host] = await Promise.all([
      get('only.example.com', '/'),
      ask({ host: SHOP, headers: { host: 'nobody.example.com' }, port: stand.port, ca }),
    ]);
    expect([path.status, host.status]).toEqual([404, 404]);
    expect(path.body).toBe('No route of this gateway leads there.\n');
    await stand.converge(baseRoutes());
  });

  test('a service that does not answer is 503 with a sentence', async () => {
    const answer = await get('away.example.com');
    expect([answer.status, answer.body]).toEqual([503, 'The service behind this route does not answer.\n']);
  });

  test('what a client claims about itself is replaced', async () => {
    red.requests.length = 0;
    await get(SHOP, '/who', {
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
    const { host, connection, ...headers } = red.requests[0]?.headers ?? {};
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
    red.requests.length = 0;
    const answer = await raw(`POST /smuggled HTTP/1.1\r\nHost: ${SHOP}\r\n${rest}`);
    expect(answer.slice(0, 12)).toMatch(/^(HTTP\/1\.1 (400|501))?$/);
    expect(red.requests).toEqual([]);
  });

  test('11: length and chunks together carry no second request to the service', async () => {
    red.requests.length = 0;
    await raw(
      `POST /first HTTP/1.1\r\nHost: ${SHOP}\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n` +
        `0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: ${SHOP}\r\n\r\n`,
    );
    expect(red.requests.filter(({ url }) => url === '/smuggled')).toEqual([]);
    expect(red.requests.every(({ headers }) => headers['content-length'] === undefined)).toBe(true);
  });

  test('an upgrade to a WebSocket carries bytes both ways', async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: stand.port, ca, servername: SHOP }, () =>
        socket.write(
          `GET /ws HTTP/1.1\r\nHost: ${SHOP}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
        ),
      );
      let text = '';
      let sent = false;
      socket.setTimeout(3_000, () => socket.destroy(new Error(`no echo after ${text}`)));
      socket.on('data', (chunk) => {
        text += String(chunk);
        if (!sent && text.includes('\r\n\r\n')) sent = socket.write('echo me') || true;
        if (text.endsWith('echo me')) {
          socket.destroy();
          resolve(text);
        }
      });
      socket.on('error', reject);
    });
    expect(answer.slice(0, 12)).toBe('HTTP/1.1 101');
  });

  test('HTTP/2 is spoken', async () => {
    const session = connectH2(`https://${SHOP}:${stand.port}`, {
      ca,
      createConnection: () =>
        connect({ host: '127.0.0.1', port: stand.port, ca, servername: SHOP, ALPNProtocols: ['h2'] }),
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
          port: stand.port,
          ca,
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
            plainRequest({ host: '127.0.0.1', port: redirectPort, path: '/cart?a=1', headers: { host } })
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

describe('what lies on the host', () => {
  test('keys, files and the admin socket are for root alone', () => {
    const { paths } = stand.hands;
    const files = [paths.own, paths.authorityKey, paths.base, paths.runtimeSocket];
    expect(files.map((file) => (statSync(file).mode & 0o777).toString(8))).toEqual(files.map(() => '600'));
  });

  test('a converged gateway has no steps, and its files say what runs', async () => {
    expect(await stand.round(baseRoutes())).toEqual([]);
    const { files, running } = await stand.observe();
    expect([...files.routes].sort(byKey)).toEqual([...(running?.routes ?? [])].sort(byKey));
  });

  test('after a crash it comes up with the same routes', async () => {
    const before = await stand.observe();
    const master = Number(readFileSync(stand.hands.paths.pid, 'utf8'));
    process.kill(master, 'SIGKILL');
    await pause(300);
    const steps = await stand.converge(baseRoutes());
    expect(steps.map(({ kind }) => kind)).toEqual(['gateway.start']);
    expect((await stand.observe()).running?.routes.length).toBe(before.running?.routes.length);
    expect((await get(SHOP, '/cart')).body).toBe(blue.address);
  });

  test('a supplied certificate wins for its host at once, and goes at once', async () => {
    mkdirSync(stand.supplied, { recursive: true });
    const file = join(stand.supplied, 'shop.pem');
    supply(file, SHOP);
    expect(await servedBy(SHOP)).toContain('CN=Isthmus gateway');
    const added = await stand.converge(baseRoutes());
    expect(await servedBy(SHOP)).toContain('CN=Supplied');
    expect(await servedBy('away.example.com')).toContain('CN=Isthmus gateway');
    supply(file, SHOP, 'Second');
    await stand.converge(baseRoutes());
    expect(await servedBy(SHOP)).toContain('CN=Second');
    rmSync(file);
    await stand.converge(baseRoutes());
    expect(await servedBy(SHOP)).toContain('CN=Isthmus gateway');
    expect((await get(SHOP)).status).toBe(200);
    expect(added.some(({ kind }) => kind === 'gateway.reload')).toBe(false);
  });
});

const byKey = (a: { key: string }, b: { key: string }) => (a.key < b.key ? -1 : 1);

function supply(file: string, host: string, name = 'Supplied'): void {
  const args = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-noenc',
    '-days',
    '90',
  ];
  execFileSync(
    'openssl',
    [
      ...args,
      '-subj',
      `/CN=${name}`,
      '-addext',
      `subjectAltName=DNS:${host}`,
      '-keyout',
      file,
      '-out',
      `${file}.crt`,
    ],
    { stdio: 'ignore' },
  );
  execFileSync('sh', ['-c', `cat "$0.crt" >> "$0" && rm "$0.crt"`, file]);
}

/** Subject of the certificate that a host is served with. */
function servedBy(host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      { host: '127.0.0.1', port: stand.port, servername: host, rejectUnauthorized: false },
      () => {
        const subject = socket.getPeerX509Certificate()?.subject ?? '';
        socket.destroy();
        resolve(subject);
      },
    );
    socket.on('error', reject);
  });
}

const RATE_PER_SECOND = 200;
const LOAD_MS = 7_000;
const HOSTS = ['still.example.com', 'moving.example.com', SHOP];

/** Changes something every 150 ms while a load runs; `extra` says what else is served in a round. */
async function changeUnderLoad(forMs: number, extra: (round: number) => Route[]) {
  const still: Route[] = [...baseRoutes(), { host: 'still.example.com', to: to(blue) }];
  const moving = (round: number): Route => ({
    host: 'moving.example.com',
    to: to(round % 2 === 0 ? red : blue),
  });
  await stand.converge([...still, moving(0)]);
  const load = startLoad(HOSTS, RATE_PER_SECOND, { port: stand.port, ca });
  const kinds = new Set<string>();
  let round = 0;
  for (const end = performance.now() + forMs; performance.now() < end; await pause(150)) {
    round += 1;
    const steps = await stand.round([...still, moving(round), ...extra(round)]);
    for (const { kind } of steps) kinds.add(kind.replace('gateway.', ''));
    expect((await get('moving.example.com')).body).toBe(moving(round).to.address);
  }
  const { requests, failures } = await load.stop();
  console.log(`gateway: ${requests} requests, ${failures.length} failures, ${round} rounds of change`);
  return { requests, failures, kinds: [...kinds].sort() };
}

describe('change under load', () => {
  test('no request fails while routes come, move and go, certificates are renewed and the agent restarts', async () => {
    const passing = { host: 'passing.example.com', to: { address: '127.2.1.1', port: 9 } };
    const { requests, failures, kinds } = await changeUnderLoad(LOAD_MS, (round) => [
      ...Array.from({ length: round % 12 }, (_, index) => ({
        host: `extra${index}.example.com`,
        to: { address: `127.2.0.${((round + index) % 20) + 1}`, port: red.port },
      })),
      ...(round === 1 ? [passing] : []),
    ]);
    expect(failures).toEqual([]);
    expect(requests).toBeGreaterThan(1_000);
    expect(kinds).toEqual([
      'add-route',
      'drain-slot',
      'load-certificate',
      'make-certificate',
      'move-route',
      'release-slot',
      'remove-route',
      'set-slot',
      'write-routes',
      'write-slots',
    ]);
  });

  test('no request fails when the slots run out and HAProxy is reloaded', async () => {
    const { failures, kinds } = await changeUnderLoad(3_000, (round) =>
      Array.from({ length: round * 10 }, (_, index) => ({
        host: 'many.example.com',
        path: `/${index}`,
        to: { address: `127.3.0.${index + 1}`, port: 9 },
      })),
    );
    expect(failures).toEqual([]);
    expect(kinds).toContain('reload');
    expect((await stand.observe()).running?.slots.length).toBeGreaterThan(64);
  });
});
