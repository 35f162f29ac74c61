/** Pages that ask a cluster by its public name, before a made API server: which certificate they see, who may ask what, and that no rule is got around. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from './eventually.ts';
import { tokenOf } from './proxy-stand.ts';
import {
  EXEC,
  head,
  restOf,
  type StreamStand,
  startStreamStand,
  statusOf,
  WEBSOCKET,
} from './stream-stand.ts';
import { makeCertificate } from './web-certificate.ts';

const PUBLIC = 'prod.demo.clusters.example.com';
const CONSOLE = 'https://console.example.com';
const LOG = '/api/v1/namespaces/a/pods/b/log?follow=true';
const ANSWER_MS = 400;

let stand: StreamStand;
let directory: string;
let certificate: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'isthmus-browsers-'));
  stand = await startStreamStand();
  const made = await makeCertificate(directory, '*.demo.clusters.example.com');
  certificate = await readFile(made.certificate, 'utf8');
  const key = await readFile(made.key, 'utf8');
  stand.proxy.setPublicCertificate({ certificate, key });
});
afterEach(async () => {
  await stand.reset();
  stand.set({ browsers: { host: PUBLIC, origins: [CONSOLE] } });
});
afterAll(async () => {
  await stand?.close();
  await rm(directory, { recursive: true, force: true });
});

/** A browser's connection, which trusts the public authority alone. */
async function browse(servername = PUBLIC): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port: stand.proxy.port, servername, ca: certificate });
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  return socket;
}

function request(line: string, headers: Readonly<Record<string, string>>): string {
  const all = { Host: PUBLIC, ...headers };
  const lines = [`${line} HTTP/1.1`, ...Object.entries(all).map(([name, value]) => `${name}: ${value}`)];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

async function ask(line: string, headers: Readonly<Record<string, string>>): Promise<string> {
  const socket = await browse();
  const heard: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => void heard.push(chunk));
  socket.write(request(line, headers));
  await new Promise((resolve) => setTimeout(resolve, ANSWER_MS));
  socket.destroy();
  return Buffer.concat(heard).toString();
}

const bearer = () => ({ Authorization: `Bearer ${tokenOf('demo/admin/1')}` });
const offering = (token = tokenOf('demo/admin/1')) => ({
  ...WEBSOCKET,
  Origin: CONSOLE,
  'Sec-WebSocket-Protocol': `base64url.bearer.authorization.k8s.io.${Buffer.from(token).toString('base64url')}, v5.channel.k8s.io`,
});

describe('the public name', () => {
  test('is served with the certificate that browsers trust, the internal one with the own authority’s', async () => {
    stand.set({ browsers: { host: PUBLIC, origins: [CONSOLE] } });
    const socket = await browse();
    expect(socket.authorized).toBe(true);
    socket.destroy();
    await expect(browse('prod.demo.clusters.isthmus.internal')).rejects.toThrow();
    expect(statusOf(await stand.ask(head('GET /api')))).toBe(200);
  });

  test('is nobody’s without a domain of clusters', async () => {
    stand.set({ browsers: undefined });
    await expect(browse()).rejects.toThrow();
  });
});

describe('a page of the console', () => {
  test('reads logs, after it has asked whether it may', async () => {
    const first = await ask(`OPTIONS ${LOG}`, {
      Origin: CONSOLE,
      'Access-Control-Request-Method': 'GET',
      'Access-Control-Request-Headers': 'authorization',
    });
    expect([statusOf(first), /access-control-allow-origin: (.*)\r/i.exec(first)?.[1]]).toEqual([
      204,
      CONSOLE,
    ]);
    const answer = await ask(`GET ${LOG}`, { Origin: CONSOLE, ...bearer() });
    expect([statusOf(answer), /access-control-allow-origin: (.*)\r/i.exec(answer)?.[1]]).toEqual([
      200,
      CONSOLE,
    ]);
    expect(stand.upstream.seen.length).toBe(1);
  });

  test('may read why it was refused', async () => {
    const answer = await ask(`GET ${LOG}`, { Origin: CONSOLE, Authorization: 'Bearer a.b.c' });
    expect([statusOf(answer), /access-control-allow-origin: (.*)\r/i.exec(answer)?.[1]]).toEqual([
      401,
      CONSOLE,
    ]);
  });

  test('opens a session by a token as a subprotocol, of which the cluster sees nothing', async () => {
    const seen: string[] = [];
    stand.agree((socket) => socket.end('hello'));
    const { onUpgrade } = stand.upstream;
    stand.upstream.onUpgrade = (incoming, socket) => {
      seen.push(incoming.headers['sec-websocket-protocol'] ?? '', incoming.headers.origin ?? 'no origin');
      onUpgrade(incoming, socket);
    };
    const answer = await ask(`GET ${EXEC}`, offering());
    expect([statusOf(answer), answer.endsWith('hello')]).toEqual([101, true]);
    expect(seen).toEqual(['v5.channel.k8s.io', 'no origin']);
  });

  test('is recorded like everybody, and cut when its access is withdrawn', async () => {
    stand.set({ record: 'exec' });
    stand.agree(() => undefined);
    const socket = await browse();
    socket.on('error', () => undefined);
    socket.write(request(`GET ${EXEC}`, offering()));
    await eventually(async () => expect(stand.proxy.openStreams()).toBe(1), 5_000);
    const rest = restOf(socket);
    stand.set({ access: [] });
    await rest;
    await eventually(async () => {
      expect(stand.events.map(({ action }) => action).sort()).toEqual(['access.ended', 'exec.recorded']);
    }, 5_000);
  });

  test.each([
    ['a list', 'GET /api/v1/pods'],
    ['a secret', 'GET /api/v1/namespaces/a/secrets/b'],
    ['a deletion', 'DELETE /api/v1/namespaces/a/pods/b'],
    ['a session without WebSocket', `POST ${EXEC}`],
  ])('is refused %s', async (_, line) => {
    expect(statusOf(await ask(line, { Origin: CONSOLE, ...bearer() }))).toBe(403);
    expect(stand.upstream.seen.length).toBe(0);
  });
});

describe('any other page', () => {
  test('is refused with a good token, and told of no origin', async () => {
    const reading = await ask(`GET ${LOG}`, { Origin: 'https://evil.example', ...bearer() });
    const session = await ask(`GET ${EXEC}`, { ...offering(), Origin: 'https://evil.example' });
    expect([statusOf(reading), statusOf(session)]).toEqual([403, 403]);
    expect(reading + session).not.toMatch(/access-control/i);
    expect(stand.upstream.seen.length).toBe(0);
  });
});

describe('a program', () => {
  test('asks by the public name as by the other', async () => {
    expect(statusOf(await ask('GET /api/v1/pods', bearer()))).toBe(200);
  });

  test('is refused with two tokens, and with the Host of another cluster', async () => {
    expect(statusOf(await ask(`GET ${EXEC}`, { ...offering(), ...bearer() }))).toBe(400);
    expect(statusOf(await ask('GET /api', { ...bearer(), Host: 'test.demo.clusters.example.com' }))).toBe(
      421,
    );
  });
});
