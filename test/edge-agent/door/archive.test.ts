/** Archives that come into a container: plain files, whatever somebody made of the bytes. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { admit } from '../../../edge-agent/door/admission.ts';
import { archiveOf } from '../../../edge-agent/engine/archive.ts';
import { readArchive } from '../../../edge-agent/engine/unpack.ts';

const RULES = { lanParents: [], hostPrefixes: [], volumeDrivers: [] };
const TARGET = `/v1.43/containers/${'a1'.repeat(32)}/archive?path=/`;

function put(body: Buffer): string {
  const admission = admit({ method: 'PUT', target: TARGET, body }, RULES);
  return admission.kind === 'refused' ? admission.why : 'it passes';
}

describe('an archive', () => {
  const files = [{ path: '/etc/app.conf', content: 'größe = 1\n', mode: 0o600 }];
  /** A head with one field changed and its sum made right again. */
  const forged = (at: number, text: string) => {
    const bytes = Buffer.from(archiveOf(files));
    bytes.write(text, at, 'latin1');
    bytes.write(' '.repeat(8), 148);
    const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return bytes;
  };

  test('of plain files is what was packed, whatever they hold', () => {
    const file = fc.record({
      path: fc.stringMatching(/^(\/[a-z0-9._-]{1,20}){1,6}$/).filter((path) => !/\/\.{1,2}(\/|$)/.test(path)),
      content: fc.string({ unit: 'grapheme', maxLength: 2_000 }),
      mode: fc.integer({ min: 0, max: 0o777 }),
    });
    fc.assert(
      fc.property(fc.array(file, { minLength: 1, maxLength: 5 }), (packed) => {
        expect(readArchive(archiveOf(packed))).toEqual(packed);
      }),
    );
    expect(put(archiveOf(files))).toBe('it passes');
  });

  test.each([
    ['a symbolic link', forged(156, '2')],
    ['a hard link', forged(156, '1')],
    ['a device', forged(156, '3')],
    ['a directory', forged(156, '5')],
    ['a path by an extended head', forged(156, 'x')],
    ['a path that leads up', archiveOf([{ path: '/../../etc/cron.d/x', content: 'x', mode: 0o600 }])],
    ['the rights of another user', archiveOf([{ path: '/x', content: '', mode: 0o4755 }])],
    ['another owner', forged(108, '0000001')],
    ['bytes after its end', Buffer.concat([archiveOf(files), forged(156, '2')])],
    ['too little', archiveOf(files).subarray(0, 600)],
    ['nothing', Buffer.alloc(0)],
    ['noise', Buffer.from('x'.repeat(2_000))],
  ])('with %s does not pass', (_what, bytes) => {
    expect(put(bytes)).not.toBe('it passes');
  });

  test('whatever is changed in one, what passes is one of plain files', () => {
    const good = archiveOf(files);
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
        const bytes = Buffer.from(good);
        bytes[at] = byte;
        const read = readArchive(bytes);
        if (read !== undefined) expect(archiveOf(read)).toEqual(bytes);
      }),
      { numRuns: 500 },
    );
  });
});
