/** Directories that are made anew while others read them. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { replaceDirectory } from '../../build/directory.ts';

const scratch = mkdtempSync(join(tmpdir(), 'isthmus-directory-'));
afterAll(() => rmSync(scratch, { recursive: true }));

/** Two files that say the same, with a wait between them. */
const filledWith = (text: string) => async (made: string) => {
  await writeFile(join(made, 'first'), text);
  await new Promise((resolve) => setTimeout(resolve, 1));
  await writeFile(join(made, 'second'), text);
};
const read = (directory: string) =>
  ['first', 'second'].map((name) => readFileSync(join(directory, name), 'utf8'));

test('a reader finds a whole one, the old or a new one, while several are made', async () => {
  const directory = join(scratch, 'deep/down/whole');
  await replaceDirectory(directory, filledWith('0'));
  const seen = new Set<string>();
  const reader = setInterval(() => {
    const [first, second] = read(directory);
    seen.add(`${first} ${second}`);
  }, 0);
  const texts = Array.from({ length: 20 }, (_, index) => String(index));
  await Promise.all(texts.map((text) => replaceDirectory(directory, filledWith(text))));
  clearInterval(reader);
  expect([...seen].filter((pair) => pair.split(' ')[0] !== pair.split(' ')[1])).toEqual([]);
  expect(readdirSync(join(scratch, 'deep/down'))).toEqual(['whole']);
});

test('what was there and is not made again is gone', async () => {
  const directory = join(scratch, 'anew');
  mkdirSync(directory);
  writeFileSync(join(directory, 'stale'), '');
  await replaceDirectory(directory, filledWith('new'));
  expect(readdirSync(directory).sort()).toEqual(['first', 'second']);
});

test('what was there stays when the new one fails', async () => {
  const directory = join(scratch, 'kept');
  await replaceDirectory(directory, filledWith('old'));
  const failing = replaceDirectory(directory, async (made) => {
    await writeFile(join(made, 'first'), 'half');
    throw new Error('no room');
  });
  await expect(failing).rejects.toThrow('no room');
  expect(read(directory)).toEqual(['old', 'old']);
  expect(readdirSync(scratch).filter((name) => name.startsWith('kept'))).toEqual(['kept']);
});
