/** Token buckets: never more than burst plus rate times time, and never a wait that is too short. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Bucket, isFull, take } from '../../../functions/domain/rate.ts';

const limit = fc.record({
  perSecond: fc.integer({ min: 1, max: 50 }),
  burst: fc.integer({ min: 1, max: 100 }),
});
const gapsMs = fc.array(fc.integer({ min: -500, max: 3_000 }), { minLength: 1, maxLength: 200 });

test('no more pass than the burst and what came back meanwhile', () => {
  fc.assert(
    fc.property(limit, gapsMs, (limits, gaps) => {
      let bucket: Bucket | undefined;
      let [nowMs, passed, latestMs] = [0, 0, 0];
      for (const gap of gaps) {
        nowMs = Math.max(0, nowMs + gap);
        latestMs = Math.max(latestMs, nowMs);
        const taken = take(limits, bucket, nowMs);
        bucket = taken.bucket;
        if (taken.waitSeconds === 0) passed += 1;
      }
      expect(passed).toBeLessThanOrEqual(limits.burst + (latestMs / 1_000) * limits.perSecond + 1e-6);
    }),
  );
});

test('who waits as long as he was told passes', () => {
  fc.assert(
    fc.property(limit, gapsMs, (limits, gaps) => {
      let bucket: Bucket | undefined;
      let nowMs = 0;
      for (const gap of gaps) {
        nowMs += Math.max(0, gap % 50);
        const { bucket: after, waitSeconds } = take(limits, bucket, nowMs);
        bucket = after;
        if (waitSeconds > 0) expect(take(limits, after, nowMs + waitSeconds * 1_000).waitSeconds).toBe(0);
      }
    }),
  );
});

test('a bucket that is full is as good as none', () => {
  const limits = { perSecond: 2, burst: 4 };
  const { bucket } = take(limits, undefined, 0);
  expect([isFull(limits, bucket, 499), isFull(limits, bucket, 500)]).toEqual([false, true]);
  expect(take(limits, bucket, 500)).toEqual(take(limits, undefined, 500));
});
