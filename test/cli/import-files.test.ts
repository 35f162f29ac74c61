/** What a source names beside itself is read, and nothing that lies elsewhere; faults are told in words. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { importFiles, manifestsText, writeManifests } from '../../cli/import-files.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'isthmus-import-'));
  mkdirSync(join(directory, 'project'));
  writeFileSync(join(directory, 'secret.env'), 'PASSWORD=outside\n');
  writeFileSync(join(directory, 'project', 'own.env'), 'STAGE=inside\n');
});
afterEach(() => rmSync(directory, { recursive: true }));

function manifestWith(envFile: string): string {
  const path = join(directory, 'project', 'compose.yaml');
  writeFileSync(path, `services:\n  web:\n    image: web:1\n    env_file: ${envFile}\n`);
  return importFiles([path])
    .manifests.map(({ text }) => text)
    .join('');
}

test('a file beside the source is read', () => {
  expect(manifestWith('own.env')).toContain('STAGE: inside');
});

test.each(['../secret.env', 'link.env'])('%s, which lies elsewhere, is not', (name) => {
  symlinkSync('../secret.env', join(directory, 'project', 'link.env'));
  const made = manifestWith(name);
  expect(made).not.toContain('outside');
  expect(made).toContain('env_file');
});

test('a variable without a value is named, not dropped', () => {
  writeFileSync(join(directory, 'project', 'own.env'), 'STAGE=inside\n# note\nTOKEN\nexport KEY\n');
  const made = manifestWith('own.env');
  for (const name of ['TOKEN', 'KEY']) expect(made).toContain(`${name} in own.env comes from whoever`);
  expect(made).not.toContain('note');
});

test('where no app is made, that is a failure', () => {
  expect(() => manifestsText([])).toThrow('No app could be made');
  expect(() => writeManifests(join(directory, 'out'), [])).toThrow('No app could be made');
  expect(manifestsText([{ name: 'web', text: 'kind: app\n' }])).toBe('kind: app');
});

test('each app is written to a file of its own', () => {
  const [path = ''] = writeManifests(join(directory, 'out'), [{ name: 'web', text: 'kind: app\n' }]);
  expect(readFileSync(path, 'utf8')).toBe('kind: app\n');
});

test('what is no file, and a system that is none, are faults with words', () => {
  expect(() => importFiles([join(directory, 'none.yaml')])).toThrow('is no file');
  expect(() => importFiles([join(directory, 'secret.env')], 'nomad')).toThrow('--from is one of');
});
