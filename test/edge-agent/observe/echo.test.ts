/** What `ping` of iputils printed through a router with a smaller MTU behind it, and which way `ip` said that packets take. */
import { expect, test } from 'vitest';
import type { Run } from '../../../edge-agent/apply/command.ts';
import { askEchoes, parseEchoes, readEchoes } from '../../../edge-agent/observe/echo.ts';
import { observeWay, parseWay } from '../../../edge-agent/observe/way.ts';
import { recorded } from './recorded.ts';

test.each([
  ['answered', { sent: 5, answered: 5, rttMs: { min: 0.097, avg: 0.117, max: 0.15 } }],
  ['fragmentation-needed', { sent: 3, answered: 0, mtuBytes: 1_380 }],
  ['local-error', { sent: 3, answered: 0, mtuBytes: 1_380 }],
  ['unanswered', { sent: 3, answered: 0 }],
])('packets that are %s', (name, echoes) => {
  expect(parseEchoes(recorded(`ping-${name}.txt`))).toEqual(echoes);
});

test('a host without ping, one that can not send, and a ping that hangs are told apart', () => {
  const exited = { kind: 'exited', stdout: '' } as const;
  expect(readEchoes({ ...exited, code: 127, stderr: 'env: ping: No such file' })).toContain('iputils-ping');
  const unreachable = 'ping: connect: Network is unreachable';
  expect(readEchoes({ ...exited, code: 2, stderr: unreachable })).toBe(`ping failed: ${unreachable}`);
  expect(readEchoes({ kind: 'not_run', reason: 'timeout', message: 'env ended by SIGTERM' })).toBe(
    'ping could not be run: env ended by SIGTERM',
  );
});

test('asks for the size of the IP packet, whole, from the given address, by the routes', async () => {
  const asked: string[][] = [];
  const run: Run = async (program, args) => {
    asked.push([program, ...args]);
    return { kind: 'exited', code: 0, stdout: recorded('ping-answered.txt'), stderr: '' };
  };
  await askEchoes(run, { to: '198.51.100.1', from: '192.0.2.1', count: 5, sizeBytes: 1_400 });
  expect(asked.map((words) => words.join(' '))).toEqual([
    'env LC_ALL=C ping -n -M do -c 5 -i 0.2 -W 1 -s 1372 -I 192.0.2.1 198.51.100.1',
  ]);
});

test('a way is a device, a source and, if the route has one, an MTU', async () => {
  const plain =
    '[{"dst":"198.51.100.1","gateway":"192.0.2.2","dev":"lan0","prefsrc":"192.0.2.1","flags":[],"uid":0,"cache":[]}]';
  expect(parseWay(plain)).toEqual({ device: 'lan0', source: '192.0.2.1' });
  const narrow =
    '[{"dst":"198.51.100.7","from":"192.0.2.1","gateway":"192.0.2.2","dev":"lan0","flags":[],"uid":0,"cache":[],"metrics":[{"mtu":1300}]}]';
  expect(parseWay(narrow)).toEqual({ device: 'lan0', source: '192.0.2.1', mtuBytes: 1_300 });
  const none: Run = async () => ({
    kind: 'exited',
    code: 2,
    stdout: '',
    stderr: 'RTNETLINK answers: No route to host',
  });
  expect(await observeWay(none, '203.0.113.1')).toBeUndefined();
});
