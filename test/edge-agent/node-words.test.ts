/** The command line of the agent on a node: one word for one thing in all of its commands. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const MAIN = new URL('../../edge-agent/main.ts', import.meta.url).pathname;
const directory = mkdtempSync(join(tmpdir(), 'isthmus-words-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test('the directories are called alike by run, install-cni and uninstall-cni', () => {
  const words = ['--cni-bin-dir', directory, '--cni-conf-dir', directory];
  const file = join(directory, '10-net.conflist');
  const ipam = { type: 'host-local', subnet: '10.244.1.0/24' };
  const text = JSON.stringify({ cniVersion: '1.0.0', plugins: [{ type: 'bridge', isGateway: true, ipam }] });
  writeFileSync(file, text);
  const call = (...more: string[]) =>
    execFileSync(process.execPath, [MAIN, '--root', directory, 'node', ...more], { encoding: 'utf8' });
  expect(call('run', '--help')).toMatch(/--cni-bin-dir <dir>[^]*--cni-conf-dir <dir>/);
  expect(call('install-cni', ...words)).toContain(`changed ${file}\n`);
  expect(call('uninstall-cni', ...words)).toBe(`changed ${file} back\n`);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(text));
});
