/** Frames of `v5.channel.k8s.io`, as Kubernetes writes and reads them. */
import { expect, test } from 'vitest';
import { inputMessage, readMessage, resizeMessage } from '../../console/channel.ts';

const framed = (channel: number, text: string) =>
  new Uint8Array(Buffer.concat([Buffer.from([channel]), Buffer.from(text)]));
const failure = (causes: object[]) =>
  JSON.stringify({ status: 'Failure', message: 'why', reason: 'NonZeroExitCode', details: { causes } });

test('what is typed goes on channel 0, the size of the window on channel 4', () => {
  expect(inputMessage('é\r')).toEqual(framed(0, 'é\r'));
  expect(resizeMessage({ cols: 80, rows: 24 })).toEqual(framed(4, '{"Width":80,"Height":24}'));
});

test.each([
  ['output', 1, 'hello', { kind: 'output', bytes: new Uint8Array(Buffer.from('hello')) }],
  ['errors', 2, 'oops', { kind: 'output', bytes: new Uint8Array(Buffer.from('oops')) }],
  ['a good end', 3, '{"status":"Success"}', { kind: 'ended', code: 0, detail: '' }],
  [
    'an exit code',
    3,
    failure([{ reason: 'ExitCode', message: '137' }]),
    { kind: 'ended', code: 137, detail: 'why' },
  ],
  ['what was never begun', 3, failure([]), { kind: 'ended', detail: 'why' }],
  ['an end without sense', 3, 'no JSON', { kind: 'ended', detail: 'no JSON' }],
  ['a channel that is closed', 255, '\u0001', { kind: 'other' }],
])('%s is read', (_, channel, text, message) => {
  expect(readMessage(framed(channel, text))).toEqual(message);
});

test('a message of nothing is nothing', () => {
  expect(readMessage(new Uint8Array())).toEqual({ kind: 'other' });
});
