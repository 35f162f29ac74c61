/** Counters of a device, from files such as the kernel shows. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readPackets } from '../../../edge-agent/observe/traffic.ts';

const directory = mkdtempSync(join(tmpdir(), 'isthmus-traffic-'));

afterAll(() => rmSync(directory, { recursive: true }));

test('packets of both directions are added, and a device that is not there has none to tell', () => {
  const statistics = join(directory, 'isth0', 'statistics');
  mkdirSync(statistics, { recursive: true });
  writeFileSync(join(statistics, 'rx_packets'), '120\n');
  writeFileSync(join(statistics, 'tx_packets'), '7\n');
  expect(readPackets('isth0', directory)).toBe(127);
  expect(readPackets('isth1', directory)).toBeUndefined();
});
