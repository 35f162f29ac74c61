/**
 * Scenarios 16 and 27 at the control plane's own server, by raw sockets: what a browser can be led to do, and what a client can do to keep others waiting. The real API answers,
 * over a store in memory.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BODY_BYTES_MAX } from '../../functions/api/body.ts';
import { ensureCertificate, type Tls } from '../../local/certificate.ts';
import { Doorway } from '../../local/doorway.ts';
import { type Listening, listenAll } from '../../local/server.ts';
import { ADMIN, type Bench, createBench } from '../functions/api/bench.ts';

const TIMES = { headersMs: 300, requestMs: 600, lookMs: 100 };
const LATE_MS_MAX = 6_000;
const URL_OUTSIDE = 'https://control.example.net';

interface Stand {
  readonly directory: string;
  readonly tls: Tls;
  readonly bench: Bench;
  readonly listening: Listening;
  readonly port: number;
  readonly doorway: Doorway;
}
const made: { stand?: Stand } = {};
const stand = (): Stand => made.stand ?? expect.fail('nothing listens');

beforeAll(async () => {
  const directory = mkdtempSync(join(tmpdir(), 'isthmus-server-'));
  const tls = await ensureCertificate(directory, ['hub.lan', '*.wild.lan', '192.0.2.7'], Date.now());
  const bench = await createBench();
  const doorway = new Doorway(tls, URL_OUTSIDE);
  const listening = await listenAll([{ host: '127.0.0.1', port: 0 }], {
    tls,
    times: TIMES,
    fetch: (request, bindings) => doorway.refuse(request, 'r1') ?? bench.api.fetch(request, bindings),
  });
  const port = Number(new URL(listening.addresses[0] ?? '').port);
  made.stand = { directory, tls, bench, listening, port, doorway };
});
afterAll(async () => {
  await made.stand?.listening.close();
  rmSync(made.stand?.directory ?? '', { recursive: true, force: true });
});

async function open(): Promise<TLSSocket> {
  const { port, tls } = stand();
  const socket = connect({ host: '127.0.0.1', port, ca: tls.authority, servername: 'localhost' });
  await once(socket, 'secureConnect');
  socket.on('error', () => undefined);
  return socket;
}

/** All that comes back until the server ends the connection. */
async function heard(socket: TLSSocket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await Promise.race([once(socket, 'close'), pause(LATE_MS_MAX)]);
  const isOpen = !socket.destroyed;
  socket.destroy();
  const text = Buffer.concat(chunks).toString();
  return isOpen ? `${text}(still open)` : text;
}

async function say(text: string): Promise<string> {
  const socket = await open();
  socket.write(text);
  return heard(socket);
}

const statusOf = (text: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]);
const codeOf = (text: string) => /"code":"(\w+)"/.exec(text)?.[1];

/** `target`: method and path. */
function head(target: string, more: readonly string[], host = 'localhost'): string {
  return [`${target} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...more, '', ''].join('\r\n');
}

describe('a browser that is led (scenario 16)', () => {
  test.each([
    'localhost',
    'LOCALHOST:8443',
    'hub.lan:8443',
    'any.wild.lan',
    '127.0.0.1:8443',
    '10.1.2.3',
    '[::1]:8443',
    'control.example.net',
  ])('is answered for a name or address of this server: %s', async (host) => {
    expect(statusOf(await say(head('GET /openapi.json', [], host)))).toBe(200);
  });

  test.each([
    'evil.example.com',
    'localhost.evil.example.com',
    'evil.example.com:8443',
    'a.b.wild.lan',
    'hub.lan@evil.example.com',
    'hub.lan.',
    '127.0.0.1.evil.example.com',
    '2130706433',
    '[::1',
  ])('is not answered for a name that was rebound, nor for none at all: %s', async (host) => {
    const text = await say(head('GET /openapi.json', [], host));
    expect([400, 421]).toContain(statusOf(text));
    expect(text).not.toContain('openapi');
  });

  test.each<[string, string, string, boolean]>([
    ['of its own page', 'POST', 'https://localhost', true],
    ['of its page behind a proxy', 'POST', URL_OUTSIDE, true],
    ['of no page at all', 'POST', '', true],
    ['of another page', 'POST', 'https://evil.example.com', false],
    ['of a page of the same name without TLS', 'POST', 'http://localhost', false],
    ['of a page at another port', 'PUT', 'https://localhost:9', false],
    ['of a page that hides where it is', 'DELETE', 'null', false],
    ['of another page, which reads', 'GET', 'https://evil.example.com', true],
  ])('writes only from its own page: a request %s', async (_, method, origin, isPassed) => {
    const header = origin === '' ? [] : [`Origin: ${origin}`];
    const text = await say(head(`${method} /v1/tenants`, header));
    expect(codeOf(text)).toBe(isPassed ? 'unauthenticated' : 'foreign_origin');
    expect(text.toLowerCase()).not.toContain('access-control-allow-origin');
  });

  test('is judged by the certificate that is served now', async () => {
    const { directory, doorway, tls } = stand();
    const host = 'new.lan';
    expect(codeOf(await say(head('GET /v1/whoami', [], host)))).toBe('misdirected');
    doorway.renew(await ensureCertificate(join(directory), [host], Date.now()));
    expect(codeOf(await say(head('GET /v1/whoami', [], host)))).toBe('unauthenticated');
    doorway.renew(tls);
  });
});

describe('a client that takes too much (scenario 27)', () => {
  const json = ['Content-Type: application/json', `Authorization: Bearer ${ADMIN}`];
  const good = async () => (await stand().bench.call('GET', '/v1/tenants')).status;

  test('of headers is refused', async () => {
    expect(statusOf(await say(head('GET /v1/whoami', [`X-Long: ${'a'.repeat(20_000)}`])))).toBe(431);
  });

  test.each([
    ['never says all of its headers', 'GET /v1/whoami HTTP/1.1\r\nHost: localhost\r\nX-A'],
    [
      'never says all of its body',
      'POST /v1/tenants HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{',
    ],
    ['says nothing', ''],
  ])('of time is cut off: one that %s', async (_, text) => {
    const begun = performance.now();
    const answer = await say(text);
    expect(answer).not.toContain('still open');
    expect(performance.now() - begun).toBeLessThan(LATE_MS_MAX);
    expect(await good()).toBe(200);
  });

  test('of time, a byte at a time, is cut off as well', async () => {
    const socket = await open();
    const ended = heard(socket);
    const drip = setInterval(() => socket.write('X'), 50);
    socket.write('GET /v1/whoami HTTP/1.1\r\nHost: localhost\r\nX-A: ');
    expect(statusOf(await ended)).toBe(408);
    clearInterval(drip);
  });

  test.each([
    ['by its length', [`Content-Length: ${BODY_BYTES_MAX + 1}`], ''],
    [
      'in chunks that never end',
      ['Transfer-Encoding: chunked'],
      `10000\r\n${'a'.repeat(65_536)}\r\n`.repeat(20),
    ],
  ])('of a body is refused %s', async (_, headers, body) => {
    const text = await say(`${head('POST /v1/tenants', [...json, ...headers])}${body}`);
    expect([statusOf(text), codeOf(text)]).toEqual([413, 'too_large']);
    expect(await good()).toBe(200);
  });

  test.each([64, 65, 400_000])('of %i lists in one another is told what is wrong with it', async (levels) => {
    const deep = `${'['.repeat(levels)}${']'.repeat(levels)}`;
    const { json: problem } = await stand().bench.call('POST', '/v1/can-i', { body: deep });
    expect([levels, problem.code]).toEqual([levels, levels > 64 ? 'malformed' : 'invalid']);
  });
});
