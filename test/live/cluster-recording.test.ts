/** Sessions that are recorded, before a made API server: what is kept of them, and that there is no way around. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from './eventually.ts';
import { readRecording } from './proxy-stand.ts';
import {
  EXEC,
  head,
  restOf,
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

describe('a session that is recorded', () => {
  const frame = (channel: number, text: string | Buffer) => {
    const payload = Buffer.concat([Buffer.from([channel]), Buffer.from(text)]);
    return Buffer.concat([Buffer.from([0x82, payload.length]), payload]);
  };

  test('is kept as people saw it, characters that were split between messages too', async () => {
    stand.set({ record: 'exec' });
    const euro = Buffer.from('€');
    stand.agree((socket) => {
      socket.write(frame(1, euro.subarray(0, 1)));
      socket.end(Buffer.concat([frame(1, euro.subarray(1)), frame(2, 'oops')]));
    });
    await restOf(await stand.session(EXEC, WEBSOCKET));
    await eventually(async () => expect(stand.events.length).toBe(1), 5_000);
    const [event] = stand.events;
    const [, file = ''] = / in ([^ ]+\.cast)/.exec(event?.detail ?? '') ?? [];
    const [, ...lines] = await readRecording(file);
    const seen = lines.map((line) => (Array.isArray(line) ? line.slice(1) : line));
    expect([event?.action, seen]).toEqual([
      'exec.recorded',
      [
        ['o', '€'],
        ['o', 'oops'],
      ],
    ]);
  });

  test.each([
    ['a spelling of its own', '/api/v1/namespaces/a/pods/b/%65xec?command=sh', 400],
    ['a spelling of pods', '/api/v1/namespaces/a/p%6fds/b/exec?command=sh', 400],
    ['the node', '/api/v1/nodes/n/proxy/exec/a/b/c?command=sh', 403],
    ['the node, by its port', '/api/v1/nodes/https:n:10250/proxy/run/a/b/c?cmd=sh', 403],
    ['the node, without a session', '/api/v1/nodes/n/proxy/run/a/b/c?cmd=sh', 403],
  ])('can not be had unseen by %s', async (_, path, status) => {
    stand.set({ record: 'exec' });
    const reached = { isReached: false };
    stand.agree((socket) => {
      reached.isReached = true;
      socket.destroy();
    });
    expect(statusOf(await stand.ask(head(`GET ${path}`, WEBSOCKET)))).toBe(status);
    expect([reached.isReached, stand.upstream.seen.length]).toEqual([false, 0]);
    expect(statusOf(await stand.ask(head(`POST ${path}`)))).toBe(status);
    expect(stand.upstream.seen.length).toBe(0);
  });

  test('leaves what nodes tell of themselves', async () => {
    stand.set({ record: 'exec' });
    expect(statusOf(await stand.ask(head('GET /api/v1/nodes/n/proxy/stats/summary')))).toBe(200);
  });
});
