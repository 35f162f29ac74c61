/** The one spawn: every outcome is a value. */
import { expect, test } from 'vitest';
import { run } from '../../../edge-agent/apply/command.ts';

test('what a program says and its exit code come back', async () => {
  const result = await run('sh', ['-c', 'cat; echo no >&2; exit 3'], { stdin: 'yes' });
  expect(result).toEqual({ kind: 'exited', code: 3, stdout: 'yes', stderr: 'no\n' });
});

test('arguments are never read by a shell', async () => {
  const result = await run('echo', ['$HOME; `id`']);
  expect(result).toEqual({ kind: 'exited', code: 0, stdout: '$HOME; `id`\n', stderr: '' });
});

test('a program that is not there, or too slow, is a value too', async () => {
  expect(await run('no-such-program', [])).toMatchObject({ kind: 'not_run', reason: 'missing' });
  expect(await run('sleep', ['5'], { timeoutMs: 50 })).toMatchObject({ kind: 'not_run', reason: 'timeout' });
});

test('a program that says too much is ended', async () => {
  expect(await run('yes', [])).toMatchObject({ kind: 'not_run', reason: 'output' });
});

test('a program that does not read its input harms nobody', async () => {
  expect(await run('true', [], { stdin: 'x'.repeat(1_000_000) })).toMatchObject({ kind: 'exited', code: 0 });
});
