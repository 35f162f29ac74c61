/** What is said of a container while it is rebuilt in its place or has only just begun: our own doing is no fault of the app. */
import { describe, expect, test } from 'vitest';
import { instanceOf, PodObject } from '../../../edge-agent/clusters/kubernetes-status.ts';
import { Probe } from '../../../protocol/app.ts';
import { workloadOf } from './driver-contract.ts';

const BACK_OFF = { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s' } };
const ENDED = { terminated: { exitCode: 137 } };

function podOf(container: object): PodObject {
  return PodObject.parse({
    metadata: { name: 'web-0' },
    spec: { nodeName: 'n1', containers: [{ image: 'shop:2' }] },
    status: { phase: 'Running', containerStatuses: [container] },
  });
}

describe('a container that is rebuilt in its place', () => {
  const said = (container: object, isSettled = false) => {
    const { containers } = instanceOf({
      workload: workloadOf('web', 'shop:2', { onChange: 'rebuildInPlace' }),
      controller: undefined,
      pods: [podOf(container)],
      lastLines: new Map([['web-0', ['words of the old one']]]),
      held: new Map([['web-0', { isSettled, isAvailable: false }]]),
    });
    return containers.map(({ state, reason, lastLines }) => [state, reason, lastLines.length]);
  };

  test.each([
    ['with an image that can not be had', { waiting: { reason: 'ErrImagePull' } }],
    ['between two tries to get it', BACK_OFF],
  ])('%s lacks its image, and does not crash', (_, state) => {
    const container = { image: 'docker.io/library/shop:1', state, lastState: ENDED };
    expect(said(container)).toEqual([['waiting', 'image_pull', 0]]);
  });

  test.each([
    ['has just been ended', ENDED],
    ['waits before it starts with the same image', BACK_OFF],
  ])('and %s is on its way', (_, state) => {
    const container = { image: 'docker.io/library/shop:2', state, lastState: ENDED };
    expect(said(container)).toEqual([['starting', 'none', 0]]);
  });

  test('and whose new container ends again and again does crash, with its last lines', () => {
    const container = { image: 'shop:2', state: BACK_OFF, lastState: ENDED };
    expect(said(container, true)).toEqual([['waiting', 'crash_loop', 1]]);
  });
});

describe('a ready probe that does not pass', () => {
  const STARTED_MS = Date.parse('2026-01-31T12:00:00Z');
  const said = (afterSeconds: number) => {
    const ready = Probe.parse({ tcp: { port: 80 }, periodSeconds: 5, failures: 3, timeoutSeconds: 2 });
    const { containers } = instanceOf({
      workload: workloadOf('web', 'shop:2', { health: { ready } }),
      controller: undefined,
      pods: [podOf({ started: true, state: { running: { startedAt: '2026-01-31T12:00:00Z' } } })],
      lastLines: new Map(),
      nowMs: STARTED_MS + afterSeconds * 1_000,
    });
    return containers.map(({ state, reason }) => [state, reason]);
  };

  test('is no fault before it could have failed as often as it may', () => {
    expect([said(0), said(16), said(-3)]).toEqual(Array(3).fill([['starting', 'none']]));
  });

  test('is one from then on, also by a clock that is far off', () => {
    expect([said(17), said(-3_600)]).toEqual(Array(2).fill([['running', 'probe_failing']]));
  });
});
