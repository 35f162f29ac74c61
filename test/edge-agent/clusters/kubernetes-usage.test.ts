/** Quantities of CPU as Kubernetes writes them. */
import { expect, test } from 'vitest';
import { millisOf } from '../../../edge-agent/clusters/kubernetes-usage.ts';

test.each([
  ['0', 0],
  ['250m', 250],
  ['1', 1_000],
  ['1.5', 1_500],
  ['123456789n', 123.456789],
  ['400u', 0.4],
  ['many', 0],
])('%s are %d thousandths of a core', (quantity, millis) => {
  expect(millisOf(quantity)).toBeCloseTo(millis, 6);
});
