/** The cluster proxy before a made API server: framing of what goes upstream, answers that nobody reads, and sessions to their last byte. */
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventually, pause } from './eventually.ts';
import {
  EXEC,
  FORWARD,
  head,
  restOf,
  SPDY,
  type StreamStand,
  startStreamStand,
  statusOf,
  WEBSOCKET,
} from './stream-stand.ts';

let stand: StreamStand;

beforeAll(async () => {
  stand = await startStreamStand();
});
afterEach(() => stand.reset());
afterAll(() => stand?.close());

describe('scenario 11: what goes upstream has one end, whatever the client said', () => {
  const hidden = 'GET /api/v1/secrets HTTP/1.1\r\nHost: h\r\nImpersonate-Group: system:masters\r\n\r\n';
  const chunked = `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`;

  test.each(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'POST', 'PUT', 'PATCH'])(
    'a chunked body of %s is the body of one request',
    async (method) => {
      const line = `${method} /api/v1/namespaces/a/configmaps/b`;
      expect(statusOf(await stand.ask(head(line, { 'Transfer-Encoding': 'chunked' }) + chunked))).toBe(200);
      expect(stand.upstream.seen.map((request) => [request.line, request.body])).toEqual([[line, hidden]]);
    },
  );

  test.each(['GET', 'DELETE', 'POST'])('a body of %s with a length is as long', async (method) => {
    const line = `${method} /api/v1/namespaces/a/configmaps/b`;
    await stand.ask(head(line, { 'Content-Length': `${hidden.length}` }) + hidden);
    expect(stand.upstream.seen.map((request) => [request.line, request.body])).toEqual([[line, hidden]]);
  });

  test.each(['GET', 'DELETE', 'POST'])('%s without a body has none', async (method) => {
    const line = `${method} /api/v1/namespaces/a/configmaps/b`;
    await stand.ask(head(line));
    expect(stand.upstream.seen.map((request) => [request.line, request.body])).toEqual([[line, '']]);
    expect(stand.upstream.seen[0]?.headers['transfer-encoding']).toBe(undefined);
  });

  test('a connection upstream that broke in an answer serves nobody else', async () => {
    stand.upstream.onRequest = (_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half');
      setTimeout(() => response.destroy(), 50);
    };
    expect(statusOf(await stand.ask(head('GET /api')))).toBe(200);
    stand.upstream.onRequest = (_, response) => void response.end('whole');
    expect(await stand.ask(head('GET /api'))).toContain('whole');
  });
});

describe('an answer', () => {
  test('that leads elsewhere leads nowhere: nobody here follows it, and the client is not told where to (scenario 10)', async () => {
    const places = ['http://169.254.169.254/latest/meta-data/', '//169.254.169.254/', '/\\169.254.169.254/'];
    for (const place of places) {
      stand.upstream.onRequest = (_, response) => void response.writeHead(302, { location: place }).end();
      const heard = await stand.ask(head('GET /api/v1/namespaces/a/services/b/proxy/'));
      expect([statusOf(heard), heard.toLowerCase().includes('location')]).toEqual([302, false]);
    }
    expect(stand.upstream.seen.length).toBe(places.length);
  });

  test('that nobody reads is not taken from the API server', async () => {
    const taken = { bytes: 0, isOver: false };
    const chunk = Buffer.alloc(64 * 1024);
    stand.upstream.onRequest = (_, response) => {
      response.once('close', () => {
        taken.isOver = true;
      });
      const more = () => {
        while (!taken.isOver) {
          taken.bytes += chunk.length;
          if (!response.write(chunk)) return void response.once('drain', more);
        }
      };
      more();
    };
    const socket = await stand.open();
    socket.pause();
    socket.write(head('GET /api/v1/pods?watch=true'));
    await pause(1_500);
    const early = taken.bytes;
    await pause(500);
    expect([taken.bytes - early, early < 32 * 1024 * 1024]).toEqual([0, true]);
    socket.destroy();
    await eventually(async () => expect(taken.isOver).toBe(true), 2_000);
  });
});

describe('an answer of ours', () => {
  test('leaves nobody a connection to sit on: not who asked for another protocol without a token either', async () => {
    const socket = await stand.open();
    const heard = restOf(socket);
    socket.write(head(`GET ${EXEC}`, WEBSOCKET).replace(/Authorization.*\r\n/, ''));
    expect(statusOf((await heard).toString('latin1'))).toBe(401);
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    const talking = setInterval(() => socket.write('more'), 100);
    expect(await Promise.race([closed, pause(4_000).then(() => 'still open')])).toBe(undefined);
    clearInterval(talking);
  });
});

describe('a session', () => {
  test.each([
    ['WebSocket', WEBSOCKET, EXEC],
    ['SPDY', SPDY, FORWARD],
  ])('by %s carries bytes both ways, unchanged', async (_, headers, path) => {
    stand.agree((socket) => socket.pipe(socket));
    const sent = randomBytes(4_000_000);
    const socket = await stand.session(path, headers);
    const heard = restOf(socket);
    socket.end(sent);
    expect(
      createHash('sha256')
        .update(await heard)
        .digest('hex'),
    ).toBe(createHash('sha256').update(sent).digest('hex'));
  });

  test('whose client has said all still hears the answer', async () => {
    stand.agree((socket) => {
      void restOf(socket).then((asked) => socket.end(`heard ${asked.length}`));
    });
    const socket = await stand.session(FORWARD);
    const heard = restOf(socket);
    socket.end('question');
    expect((await heard).toString()).toBe('heard 8');
  });

  test('that the cluster has ended is heard to its last byte, however slowly', async () => {
    const last = randomBytes(3_000_000);
    stand.agree((socket) => socket.end(last));
    const socket = await stand.session(EXEC, WEBSOCKET);
    socket.pause();
    await pause(500);
    expect((await restOf(socket)).length).toBe(last.length);
  });

  test('ends soon after its client went, though the cluster would go on', async () => {
    stand.agree((socket) => socket.resume());
    const socket = await stand.session(FORWARD);
    socket.destroy();
    await eventually(async () => expect(stand.proxy.openStreams()).toBe(0), 8_000);
  });

  test('is cut on both sides when its access is withdrawn, and the audit log is told (scenario 8)', async () => {
    const ended = new Promise<void>((resolve) =>
      stand.agree((socket) => {
        socket.resume();
        socket.once('end', () => {
          socket.destroy();
          resolve();
        });
      }),
    );
    const socket = await stand.session(EXEC, WEBSOCKET);
    const closed = restOf(socket);
    stand.set({ access: [] });
    await Promise.all([ended, closed]);
    expect(stand.events.map(({ action, detail }) => [action, detail])).toEqual([
      ['access.ended', 'A running session was cut, because the access it was begun with is withdrawn.'],
    ]);
  });

  test('is one of 64 at most of a subject, and health is asked beside them (scenario 27)', async () => {
    stand.agree((socket) => socket.pipe(socket));
    const sessions = await Promise.all(Array.from({ length: 64 }, () => stand.session(EXEC, WEBSOCKET)));
    expect(statusOf(await stand.ask(head(`GET ${EXEC}`, WEBSOCKET)))).toBe(429);
    expect(statusOf(await stand.ask(head('GET /readyz')))).toBe(200);
    const answers = await Promise.all(
      sessions.map(async (socket, index) => {
        const heard = restOf(socket);
        socket.end(`session ${index}`);
        return (await heard).toString();
      }),
    );
    expect(answers).toEqual(sessions.map((_, index) => `session ${index}`));
  });

  test('is nothing else than WebSocket or SPDY', async () => {
    expect(statusOf(await stand.ask(head(`GET ${EXEC}`, { ...SPDY, Upgrade: 'h2c' })))).toBe(400);
  });
});

describe('access', () => {
  test('that is withdrawn while a token is verified lets nobody in', async () => {
    stand.onAdmission = () => stand.set({ access: [] });
    const heard = await stand.ask(head('GET /api'));
    stand.onAdmission = () => {};
    expect([statusOf(heard), stand.upstream.seen.length]).toEqual([401, 0]);
  });
});
