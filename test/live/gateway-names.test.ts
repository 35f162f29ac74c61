/** Names of clusters at a real HAProxy: led to their edge undecrypted, changed while streams run, and no concern of HTTPS routes. */
import { mkdtemp, rm } from 'node:fs/promises';
import { connect as connectTcp, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../edge-agent/apply/command.ts';
import { Authority } from '../../edge-agent/proxy/authority.ts';
import { CLUSTER_PORT } from '../../protocol/cluster.ts';
import { pause } from './eventually.ts';
import { ask, openSite, SHOP, type Site } from './gateway-stand.ts';

const PROD = 'prod.demo.clusters.isthmus.internal';
const TEST = 'test.demo.clusters.isthmus.internal';
const [BERLIN, PARIS] = ['127.1.0.3', '127.1.0.4'];
const GREETING_MS_MAX = 5_000;

interface Edge {
  readonly authority: string;
  close(): Promise<void>;
}

let site: Site;
let directory: string;
let berlin: Edge;
let paris: Edge;
const clients: Socket[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'isthmus-names-'));
  site = await openSite();
  [berlin, paris] = await Promise.all([startEdge(BERLIN), startEdge(PARIS)]);
});

afterAll(async () => {
  for (const socket of clients) socket.destroy();
  await Promise.all([berlin?.close(), paris?.close()]);
  await site?.end();
  await rm(directory, { recursive: true, force: true });
});

/** Says its address, then what it hears. */
async function startEdge(address: string): Promise<Edge> {
  const keeper = new Authority({
    directory: join(directory, address),
    agent: address,
    run,
    wallNow: () => Date.now(),
  });
  const { certificate, key } = await keeper.serve([PROD, TEST]);
  const open = new Set<TLSSocket>();
  const server = createServer({ cert: certificate, key }, (socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.write(`${address}\n`);
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(CLUSTER_PORT, address, resolve));
  return {
    authority: await keeper.certificate(),
    close: () => {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Through the hub's port. Rejects if whoever answers is not vouched for by this authority. */
function open(servername: string, ca: string): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: '127.0.0.1',
      port: site.stand.port,
      servername,
      ca,
      checkServerIdentity: () => undefined,
    });
    clients.push(socket);
    socket.once('secureConnect', () => resolve(socket));
    socket.once('error', reject);
  });
}

async function next(socket: TLSSocket): Promise<string> {
  return new Promise((resolve) => socket.once('data', (chunk: Buffer) => resolve(chunk.toString())));
}

const kindsOf = (steps: readonly { readonly kind: string }[]) => steps.map(({ kind }) => kind);

describe('a name of a cluster', () => {
  test('leads to its edge, whose own certificate the client sees, and comes without a reload', async () => {
    const steps = await site.stand.converge(site.routes, [{ host: PROD, address: BERLIN }]);
    expect(kindsOf(steps)).toEqual(['gateway.add-cluster', 'gateway.write-clusters']);
    const socket = await open(PROD, berlin.authority);
    expect(await next(socket)).toBe(`${BERLIN}\n`);
    await expect(open(PROD, site.ca)).rejects.toThrow();
  });

  test('is one in whatever letters the client writes it', async () => {
    expect(await next(await open(PROD.toUpperCase(), berlin.authority))).toBe(`${BERLIN}\n`);
  });

  test.each([
    TEST,
    'x.prod.demo.clusters.isthmus.internal',
    'prod.demo.clusters.isthmus.internal.evil.example',
  ])('is exact: %s is the hub’s own, as before', async (name) => {
    await expect(open(name, berlin.authority)).rejects.toThrow();
    (await open(name, site.ca)).destroy();
  });

  test('that comes, moves or goes cuts no stream of any, and is new for the next', async () => {
    const [entry, other] = [
      { host: PROD, address: BERLIN },
      { host: TEST, address: PARIS },
    ];
    await site.stand.converge(site.routes, [entry]);
    const stream = await open(PROD, berlin.authority);
    expect(await next(stream)).toBe(`${BERLIN}\n`);
    const steps = [
      ...(await site.stand.converge(site.routes, [entry, other])),
      ...(await site.stand.converge(site.routes, [{ ...entry, address: PARIS }, other])),
    ];
    expect(await next(await open(PROD, paris.authority))).toBe(`${PARIS}\n`);
    expect(await next(await open(TEST, paris.authority))).toBe(`${PARIS}\n`);
    steps.push(...(await site.stand.converge(site.routes, [])));
    await expect(open(PROD, paris.authority)).rejects.toThrow();
    stream.write('still here');
    expect(await next(stream)).toBe('still here');
    expect(kindsOf(steps)).not.toContain('gateway.reload');
  });

  test('is read from a greeting that comes in pieces', async () => {
    await site.stand.converge(site.routes, [{ host: PROD, address: BERLIN }]);
    const slow = connectTcp(site.stand.port, '127.0.0.1');
    clients.push(slow);
    await new Promise((resolve) => slow.once('connect', resolve));
    slow.setNoDelay(true);
    const pieces = slow.write.bind(slow);
    slow.write = (chunk: string | Uint8Array) => {
      const bytes = Buffer.from(chunk);
      pieces(bytes.subarray(0, 60));
      setTimeout(() => pieces(bytes.subarray(60)), 200);
      return true;
    };
    const socket = connect({ socket: slow, servername: PROD, ca: berlin.authority });
    await new Promise((resolve, reject) => {
      socket.once('secureConnect', resolve);
      socket.once('error', reject);
    });
    socket.destroy();
  });
});

describe('the port that names share with routes', () => {
  test('still says to a service who calls', async () => {
    const [port, ca] = [site.stand.port, site.ca];
    const answer = await ask({ host: SHOP, port, ca, localAddress: '127.3.3.3' });
    const seen = site.red.requests.at(-1)?.headers;
    expect([answer.status, seen?.['x-forwarded-for']]).toEqual([200, '127.3.3.3']);
  });

  test('speaks HTTP/2 to who asks for it', async () => {
    const socket = connect({
      host: '127.0.0.1',
      port: site.stand.port,
      servername: SHOP,
      ca: site.ca,
      ALPNProtocols: ['h2', 'http/1.1'],
    });
    clients.push(socket);
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    expect(socket.alpnProtocol).toBe('h2');
  });

  test.each(['GET / HTTP/1.1\r\nHost: shop.example.com\r\n\r\n', ''])(
    'is closed to who sends %j instead of a greeting',
    async (text) => {
      const socket = connectTcp(site.stand.port, '127.0.0.1');
      clients.push(socket);
      const heard: Buffer[] = [];
      socket.on('data', (chunk) => void heard.push(chunk));
      socket.on('error', () => undefined);
      const closed = new Promise<string>((resolve) => socket.once('close', () => resolve('closed')));
      if (text !== '') socket.write(text);
      expect(await Promise.race([closed, pause(GREETING_MS_MAX + 1_000)])).toBe('closed');
      expect(Buffer.concat(heard).length).toBe(0);
    },
  );
});
