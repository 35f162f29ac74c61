/** The client's pure parts: which version is spoken, what an answer means, how logs are read and files packed. */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { archiveOf } from '../../../edge-agent/engine/archive.ts';
import { agreeVersion, EngineClient } from '../../../edge-agent/engine/client.ts';
import { EngineError, faultOf } from '../../../edge-agent/engine/errors.ts';
import { logLines } from '../../../edge-agent/engine/log-lines.ts';

describe('an engine', () => {
  test.each([
    ['1.40', '1.40'],
    ['1.41', '1.41'],
    ['1.43', '1.43'],
    ['1.52', '1.43'],
    ['2.0', '1.43'],
  ])('that speaks up to %s is spoken to in %s', (theirs, agreed) => {
    expect(agreeVersion(theirs)).toBe(agreed);
  });

  test.each(['1.39', '0.9', '', 'new'])('that speaks up to "%s" is too old', (theirs) => {
    expect(() => agreeVersion(theirs)).toThrow(EngineError);
  });

  test.each([
    [500, 'rpc error: code = Unknown desc = update out of sequence', 'engine.stale'],
    [500, 'The swarm does not have a leader.', 'engine.unavailable'],
    [503, 'This node is not a swarm manager.', 'engine.unavailable'],
    [500, 'something else', 'engine.failed'],
    [403, 'Address already in use', 'engine.forbidden'],
    [409, 'Conflict. The container name "/x" is already in use', 'engine.conflict'],
    [404, 'No such container', 'engine.not_found'],
    [400, 'bad parameter', 'engine.invalid'],
    [302, 'elsewhere', 'engine.malformed'],
  ] as const)('that answers %i "%s" means %s', (status, message, fault) => {
    expect(faultOf(status, message)).toBe(fault);
  });

  test('that is not there is unreachable, whatever is asked', async () => {
    const client = new EngineClient({ kind: 'socket', path: '/nonexistent/docker.sock' });
    await expect(client.ask({ method: 'GET', path: '/info' })).rejects.toMatchObject({
      code: 'engine.unreachable',
    });
    client.close();
  });
});

describe('logs', () => {
  const frame = (stream: number, text: string) => {
    const body = Buffer.from(text);
    const head = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
    head.writeUInt32BE(body.length, 4);
    return Buffer.concat([head, body]);
  };

  test('are the lines of both outputs, however they are cut into frames', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(1, 2), fc.stringMatching(/^[a-zäß ]{1,20}$/))),
        (lines) => {
          const bytes = Buffer.concat(lines.map(([stream, line]) => frame(stream, `${line}\n`)));
          expect(logLines(bytes)).toEqual(lines.map(([, line]) => line));
        },
      ),
    );
    expect(logLines(Buffer.concat([frame(1, 'one '), frame(1, 'line\ntwo\n')]))).toEqual(['one line', 'two']);
  });

  test('of a terminal are plain text', () => {
    expect(logLines(Buffer.from('first line\r\nsecond line\r\n'))).toEqual(['first line', 'second line']);
  });
});

describe('an archive', () => {
  test('is one that tar reads', () => {
    const files = [
      { path: '/etc/app/app.conf', content: 'größe = 1\n', mode: 0o600 },
      { path: `/${'directory/'.repeat(14)}file`, content: 'x'.repeat(512), mode: 0o644 },
      { path: '/empty', content: '', mode: 0o755 },
    ];
    const listed = execFileSync('tar', ['-tvf', '-'], { input: archiveOf(files), encoding: 'utf8' });
    expect(
      listed
        .trim()
        .split('\n')
        .map((line) => [line.slice(0, 10), line.split(/\s+/).at(-1)]),
    ).toEqual([
      ['-rw-------', 'etc/app/app.conf'],
      ['-rw-r--r--', `${'directory/'.repeat(14)}file`],
      ['-rwxr-xr-x', 'empty'],
    ]);
    const read = execFileSync('tar', ['-xOf', '-', 'etc/app/app.conf'], {
      input: archiveOf(files),
      encoding: 'utf8',
    });
    expect(read).toBe('größe = 1\n');
  });

  test('refuses a path that has no place in it', () => {
    expect(() => archiveOf([{ path: `/${'x'.repeat(101)}`, content: '', mode: 0o644 }])).toThrow(RangeError);
  });
});
