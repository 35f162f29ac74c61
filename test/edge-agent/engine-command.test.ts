/** Adding a cluster of plain engines whose nodes join: a place at which nobody could is refused, and nothing is kept. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readClusterFiles } from '../../edge-agent/cluster-files.ts';
import { addEngines, type EngineLan } from '../../edge-agent/engine-command.ts';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'isthmus-engines-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const add = (door: string, lan?: EngineLan) =>
  addEngines({
    ...{ kind: 'docker', name: 'plain', engines: [], tls: {}, door, directory },
    ...{ hostname: 'edge', addresses: ['10.0.0.5'], lan },
  });

test.each([
  ['10.0.0.6', 'this host does not have that address; it has 10.0.0.5'],
  ['10.0.0.5:99999', '99999 is no port'],
  ['10.0.0.5:0', '0 is no port'],
  ['here', 'give the address of this host'],
])('nodes can not join at %s', async (door, why) => {
  await expect(add(door)).rejects.toThrow(why);
  expect(readClusterFiles(directory)).toEqual({ clusters: [], faults: [] });
});

test('a LAN without its prefix is refused', async () => {
  const lan = { parent: 'eth0', subnet: '' };
  await expect(add('10.0.0.5', lan)).rejects.toThrow('as in eth0=10.0.0.0/24');
});

test('nodes join at an address of this host', async () => {
  expect(await add('10.0.0.5')).toContain('plain: nodes join at 10.0.0.5:7864');
  expect(readClusterFiles(directory).clusters).toMatchObject([{ door: { address: '10.0.0.5', port: 7864 } }]);
});
