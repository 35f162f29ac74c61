/** The figures of the upgrade bench: what counts as calm, and that nothing that failed is lost. */
import { expect, test } from 'vitest';
import { figuresOf, quantile, ratioOf } from '../../bench/upgrade-table.ts';

const changes = [{ what: 'image', fromMs: 1_000, toMs: 2_000 }];

test('requests in a change, and for two seconds after it, are told apart from calm ones', () => {
  const answers = [500, 999, 1_000, 4_000, 4_001].map((atMs) => ({
    atMs,
    tookMs: atMs >= 1_000 && atMs <= 4_000 ? 20 : 10,
    why: '',
  }));
  const figures = figuresOf({ answers, changes, reason: 'it ended' });
  expect(figures).toMatchObject({ requests: 5, failed: 0, seconds: [1], why: [] });
  expect(figures.p50).toEqual({ calmMs: 10, changeMs: 20 });
  expect(ratioOf(figures.p50)).toBe(2);
});

test('what failed counts, is told by kind, and is in no latency', () => {
  const failed = ['cut off', 'cut off', 'refused'].map((why) => ({ atMs: 1_500, tookMs: 3_000, why }));
  const answers = [...failed, { atMs: 1_500, tookMs: 5, why: '' }, { atMs: 0, tookMs: 5, why: '' }];
  const figures = figuresOf({ answers, changes, reason: '' });
  expect(figures).toMatchObject({
    requests: 5,
    failed: 3,
    why: ['2 times: cut off', '1 times: refused'],
    p99: { calmMs: 5, changeMs: 5 },
  });
});

test('a quantile is one of the values, and not a number of none', () => {
  expect([quantile([3, 1, 2], 0.5), quantile([3, 1, 2], 0.99), quantile([], 0.5)]).toEqual([
    2,
    3,
    Number.NaN,
  ]);
});
