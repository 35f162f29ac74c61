/** A cluster proxy between raw TLS clients and a made API server that a test can make say anything. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';
import { eventually, pause } from './eventually.ts';
import { type MadeUpstream, startMadeUpstream } from './made-upstream.ts';
import { HOST, LEAF, type ServedProxy, serveProxy, tokenOf } from './proxy-stand.ts';

/** How long `ask` listens to a connection that is not closed. */
const LISTEN_MS = 300;

export const EXEC = '/api/v1/namespaces/a/pods/b/exec?command=sh&stdin=true&stdout=true';
export const FORWARD = '/api/v1/namespaces/a/pods/b/portforward?ports=80';
export const WEBSOCKET = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Protocol': 'v5.channel.k8s.io',
};
export const SPDY = { Connection: 'Upgrade', Upgrade: 'SPDY/3.1' };
const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n';

export interface StreamStand extends ServedProxy {
  readonly upstream: MadeUpstream;
  /** Called while a request is being let in. */
  onAdmission: () => void;
  open(): Promise<TLSSocket>;
  /** Everything that is answered to this text. */
  ask(text: string): Promise<string>;
  /** A session that the API server has agreed to, behind the head of its answer. */
  session(path: string, headers?: Readonly<Record<string, string>>): Promise<TLSSocket>;
  /** The API server agrees to what is asked for, and this gets the bare socket. */
  agree(then: (socket: Duplex) => void): void;
  /** As it was at first, and nothing under way. */
  reset(): Promise<void>;
}

/** Of a request of the admin. */
export function head(line: string, headers: Readonly<Record<string, string>> = {}): string {
  const lines = [
    `${line} HTTP/1.1`,
    `Host: ${HOST}`,
    `Authorization: Bearer ${tokenOf('demo/admin/1')}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Everything up to the end that the other side sets. */
export function restOf(socket: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => void chunks.push(chunk));
  socket.resume();
  return new Promise((resolve) => {
    socket.once('end', () => resolve(Buffer.concat(chunks)));
    socket.once('close', () => resolve(Buffer.concat(chunks)));
  });
}

export function statusOf(heard: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(heard)?.[1]);
}

export async function startStreamStand(): Promise<StreamStand> {
  const directory = await mkdtemp(join(tmpdir(), 'isthmus-streams-'));
  const upstream = await startMadeUpstream(join(directory, 'upstream'));
  const hook = { onAdmission: () => {} };
  const wallNow = () => {
    hook.onAdmission();
    return Date.now();
  };
  const served = await serveProxy({ client: upstream.client, directory, wallNow });
  const clients: TLSSocket[] = [];
  const open = async () => {
    const socket = await openClient(served);
    clients.push(socket);
    return socket;
  };
  return Object.assign(hook, {
    ...served,
    upstream,
    open,
    ask: async (text: string) => askBy(await open(), text),
    session: async (path: string, headers: Readonly<Record<string, string>> = SPDY) =>
      beginSession(await open(), head(`${headers === SPDY ? 'POST' : 'GET'} ${path}`, headers)),
    agree: (then: (socket: Duplex) => void) => agreeAt(upstream, then),
    reset: async () => {
      for (const socket of clients.splice(0)) socket.destroy();
      await eventually(async () => expectNone(served.proxy.openStreams()), 8_000);
      upstream.reset();
      served.events.length = 0;
      served.set({ access: LEAF.access, record: 'none' });
    },
    close: async () => {
      await served.close();
      await upstream.close();
      await rm(directory, { recursive: true, force: true });
    },
  });
}

function expectNone(open: number): void {
  if (open > 0) throw new Error(`${open} streams are still under way`);
}

async function openClient({ proxy, authority }: ServedProxy): Promise<TLSSocket> {
  const options = {
    host: '127.0.0.1',
    port: proxy.port,
    servername: HOST,
    ca: authority,
    allowHalfOpen: true,
  };
  const socket = connect(options);
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('secureConnect', resolve));
  return socket;
}

async function askBy(socket: TLSSocket, text: string): Promise<string> {
  const heard = restOf(socket);
  socket.write(text);
  await Promise.race([heard, pause(LISTEN_MS)]);
  socket.destroy();
  return (await heard).toString('latin1');
}

async function beginSession(socket: TLSSocket, text: string): Promise<TLSSocket> {
  socket.write(text);
  let heard = Buffer.alloc(0);
  while (!heard.includes('\r\n\r\n')) {
    await new Promise((resolve) => socket.once('readable', resolve));
    heard = Buffer.concat([heard, socket.read() ?? Buffer.alloc(0)]);
  }
  const end = heard.indexOf('\r\n\r\n') + 4;
  const status = statusOf(heard.toString('latin1'));
  if (status !== 101) throw new Error(heard.toString('latin1'));
  if (heard.length > end) socket.unshift(heard.subarray(end));
  return socket;
}

function agreeAt(upstream: MadeUpstream, then: (socket: Duplex) => void): void {
  upstream.onUpgrade = (incoming, socket) => {
    const protocol = incoming.headers['sec-websocket-protocol'];
    const lines = protocol === undefined ? '' : `Sec-WebSocket-Protocol: ${protocol}\r\n`;
    socket.write(`${SWITCHED}Upgrade: ${incoming.headers.upgrade}\r\n${lines}\r\n`);
    then(socket);
  };
}
