/** What Mesos is asked to run for a workload, and what it is not asked. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { DriverError } from '../../../edge-agent/clusters/driver.ts';
import { mesosAppOf } from '../../../edge-agent/clusters/mesos-objects.ts';
import type { AppTemplate } from '../../../protocol/app.ts';
import { workloadOf } from './driver-contract.ts';

const hash = (text: string) => createHash('sha256').update(text).digest('hex');
const made = (change: Partial<AppTemplate> = {}) =>
  mesosAppOf(workloadOf('web', 'local/tool:1', change), hash);

const fault = (change: Partial<AppTemplate>) => {
  try {
    return made(change).app;
  } catch (cause) {
    return cause instanceof DriverError ? cause.code : cause;
  }
};

test('a ready probe is asked and never ends a task; a live probe ends it', () => {
  const http = { path: '/', port: 8080 };
  const probe = { http, periodSeconds: 1, timeoutSeconds: 2, failures: 4 };
  expect(made({ health: { ready: probe } }).task['health_check']).toMatchObject({
    consecutive_failures: 1_000_000_000,
  });
  expect(made({ health: { live: probe } }).task['health_check']).toMatchObject({ consecutive_failures: 4 });
  expect(fault({ health: { live: probe, ready: { ...probe, http: { path: '/ready', port: 8080 } } } })).toBe(
    'driver.unsupported',
  );
});

test('a number of replicas makes no other task, and a file does', () => {
  const { content } = made();
  expect(made({ replicas: 5 }).content).toBe(content);
  expect(made({ files: [{ path: '/etc/a', content: 'a', mode: 0o644 }] }).content).not.toBe(content);
});

test('what Mesos does not have is refused with its reason', () => {
  expect(fault({ pool: 'web' })).toBe('driver.unsupported');
  expect(fault({ volumes: [{ name: 'data', path: '/data', sizeMib: 1 }] })).toBe('driver.unsupported');
  expect(fault({ onChange: 'rebuildInPlace' })).toBe('driver.unsupported');
  expect(fault({ replicas: { min: 1, max: 2, cpuPercent: 70 } })).toBe('driver.unsupported');
  expect(fault({ resources: { cpuMillis: 500, cpuMillisMax: 100 } })).toBe('driver.refused');
});
