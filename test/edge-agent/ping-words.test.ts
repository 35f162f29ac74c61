/** What a person reads of a measurement: the way, the times, the size, and what to do about it. */
import { expect, test } from 'vitest';
import { isFine, type Measured, pingText, roundTripsOf } from '../../edge-agent/ping-words.ts';

const HUB: Measured = {
  ...{ target: 'hub1', address: '100.64.0.1', by: 'probe', device: 'ist1', source: '100.64.0.9' },
  ...{ hub: 'hub1', way: 'tunnel', activeHub: 'hub1', sent: 5, answered: 5 },
  rttMs: { min: 0.5, avg: 0.75, max: 1.25 },
};
const SITE: Measured = { ...HUB, target: '10.1.0.10', address: '10.1.0.10', by: 'icmp', source: '10.0.0.2' };
const silent = { answered: 0, rttMs: undefined };

test('a hub that answers, with a size that passes', () => {
  const measured = {
    ...HUB,
    size: { askedBytes: 1_400, largestBytes: 1_400, deviceBytes: 1_420, clampedBytes: 1_420 },
  };
  expect(isFine(measured)).toBe(true);
  expect(pingText(measured)).toBe(`hub1: 100.64.0.1, by the tunnel to hub1 (ist1), from 100.64.0.9
  RTT   5 of 5 answered, 0% lost; min/avg/max 0.50/0.75/1.25 ms
  size  packets of 1400 bytes pass whole`);
});

test('a black hole that the agent has not found yet', () => {
  const size = { askedBytes: 1_400, largestBytes: 1_320, deviceBytes: 1_420, clampedBytes: 1_420 };
  expect(isFine({ ...SITE, size })).toBe(false);
  expect(
    pingText({ ...SITE, activeHub: 'hub2', size }),
  ).toBe(`10.1.0.10: by the tunnel to hub1 (ist1), from 10.0.0.2; traffic to other sites goes by hub2
  RTT   5 of 5 answered, 0% lost; min/avg/max 0.50/0.75/1.25 ms
  size  packets of 1400 bytes do not pass whole; the largest that do have 1320
  -> Have what sends without TCP make packets of 1320 bytes at most, or raise the MTU of the link below the tunnel, or let ICMP "fragmentation needed" pass there.
  -> The agent lets TCP fill 1420 bytes as yet. While traffic flows it finds less by itself within seconds: see edge-agent status.`);
});

test('a size that the tunnel itself does not take', () => {
  const size = { askedBytes: 1_500, largestBytes: 1_420, deviceBytes: 1_420, clampedBytes: 1_420 };
  expect(pingText({ ...HUB, size })).toContain(
    '-> Have what sends without TCP make packets of 1420 bytes at most: the device that they leave by takes no more.',
  );
});

test('loss and silence say what to do next, each by what was asked', () => {
  expect(pingText({ ...HUB, answered: 4 })).toContain('4 of 5 answered, 20% lost');
  expect(pingText({ ...HUB, answered: 4 })).toContain('--count 100');
  expect(pingText({ ...HUB, ...silent })).toContain('-> See edge-agent doctor');
  expect(pingText({ ...SITE, ...silent })).toContain('isthmus policy explain');
  expect(pingText({ ...SITE, ...silent, hub: undefined, way: 'outside', device: 'eth0' })).toContain(
    '10.1.0.10: by eth0, from 10.0.0.2: through no tunnel',
  );
  expect(isFine({ ...HUB, answered: 4 })).toBe(false);
});

test('times of no packet are none', () => {
  expect(roundTripsOf([])).toBeUndefined();
  expect(roundTripsOf([1, 2, 6])).toEqual({ min: 1, avg: 3, max: 6 });
});
