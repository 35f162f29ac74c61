/** Two containers that do nothing but count: what they have used of CPU is told, and rises. */
import { expect } from 'vitest';
import type { Driver } from '../../edge-agent/clusters/driver.ts';
import { untilReady, workloadOf } from '../edge-agent/clusters/driver-contract.ts';
import { eventually } from './eventually.ts';

export async function expectCpuTold(driver: Driver): Promise<void> {
  const command = ['sh', '-c', 'while :; do :; done & exec serve :8080'];
  const workload = workloadOf('busy', 'local/tool:1', { command });
  await driver.apply(workload);
  await untilReady(driver, workload);
  const used = async () => {
    const readings = (await driver.usage?.(workload)) ?? [];
    expect(readings).toHaveLength(2);
    return readings.reduce((sum, one) => sum + (one.kind === 'counter' ? one.usedMs : 0), 0);
  };
  const before = await used();
  await eventually(async () => expect((await used()) - before).toBeGreaterThan(200), 30_000);
  await driver.remove(workload);
}
