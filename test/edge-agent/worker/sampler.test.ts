/** The sampler: what a driver answers becomes what is told, and what it can't answer too. */
import { expect, test } from 'vitest';
import { type Driver, DriverError } from '../../../edge-agent/clusters/driver.ts';
import type { CpuReading } from '../../../edge-agent/usage/meter.ts';
import { Sampler } from '../../../edge-agent/worker/sampler.ts';
import { workloadOf } from '../clusters/driver-contract.ts';

const measured = { ...workloadOf('web', 'web:1'), sample: { cpuMillis: 100 } };
const fixed = workloadOf('db', 'db:1');

/** A driver that answers the next of these each time. */
function driverOf(answers: readonly (readonly CpuReading[] | DriverError)[]): Driver {
  const left = [...answers];
  const nothing = () => Promise.reject(new Error('not asked for'));
  return {
    apply: nothing,
    remove: nothing,
    list: nothing,
    status: nothing,
    usage: () => {
      const next = left.shift() ?? [];
      return next instanceof DriverError ? Promise.reject(next) : Promise.resolve(next);
    },
  };
}

const at = (seconds: number, usedMs: number): CpuReading[] => [
  { kind: 'counter', container: 'a', usedMs, atMs: seconds * 1_000 },
];

test('measures apps that are to be measured, and tells of them alone', async () => {
  let nowMs = 0;
  const sampler = new Sampler({ driver: driverOf([at(0, 0), at(5, 1_000)]), now: () => nowMs });
  expect(await sampler.pass([measured, fixed])).toBe(true);
  nowMs = 5_000;
  expect(await sampler.pass([measured, fixed])).toBe(true);
  expect(sampler.told).toEqual([{ app: 'web', usage: { containers: 1, cpuMillis: 200 } }]);
});

test('has nothing to tell where no app is measured, and forgets one that is gone', async () => {
  const sampler = new Sampler({ driver: driverOf([at(0, 0)]), now: () => 0 });
  await sampler.pass([fixed]);
  expect(sampler.told).toBeUndefined();
  await sampler.pass([measured]);
  await sampler.pass([]);
  expect(sampler.told).toBeUndefined();
});

test('says why nothing is known, and keeps what was told of a cluster that is silent', async () => {
  const refused = new DriverError('driver.unsupported', 'install metrics-server');
  const silent = new DriverError('driver.unreachable', 'no answer');
  const sampler = new Sampler({ driver: driverOf([refused, silent]), now: () => 0 });
  expect(await sampler.pass([measured])).toBe(true);
  expect(sampler.told?.[0]?.usage).toMatchObject({ containers: 0, unknown: 'install metrics-server' });
  expect(await sampler.pass([measured])).toBe(false);
  expect(sampler.told?.[0]?.usage.unknown).toBe('install metrics-server');
});

test('says so where the orchestrator has no way to tell', async () => {
  const { usage: _usage, ...driver } = driverOf([]);
  const sampler = new Sampler({ driver, now: () => 0 });
  await sampler.pass([measured]);
  expect(sampler.told?.[0]?.usage.unknown).toContain('does not tell how much CPU');
});
