/** Requests a second from the counters of two moments. */
import { expect, test } from 'vitest';
import { countedPorts, ratesBetween } from '../../../edge-agent/gateway/rates.ts';
import type { RoutesLeaf } from '../../../protocol/reach-leaf.ts';

const route = (name: string, app: string, isCounted?: true) => ({
  ...{ name, host: `${name}.example.com`, path: '/', app, port: 'http' },
  ...(isCounted === undefined ? {} : { isCounted }),
});
const LEAF: RoutesLeaf = {
  kind: 'routes',
  tenant: 'acme',
  routes: [],
  apps: [route('a', 'web', true), route('b', 'web', true), route('c', 'db')],
};
const at = (atMs: number, web: number) => ({
  atMs,
  counts: new Map([
    ['app_acme_web_http', web],
    ['app_acme_db_http', 7],
  ]),
});
const rates = (before: Parameters<typeof ratesBetween>[1], now: ReturnType<typeof at>) =>
  ratesBetween([LEAF], before, now)?.map(({ app, perSecond }) => `${app} ${perSecond}`);

test('only apps that scale by their requests are counted, each port once', () => {
  expect(countedPorts([LEAF])).toEqual([{ tenant: 'acme', app: 'web', port: 'http' }]);
});

test('a rate is what came since the last moment; there is none before a second one', () => {
  expect(rates(undefined, at(0, 10))).toBeUndefined();
  expect(rates(at(0, 10), at(5_000, 110))).toEqual(['web 20']);
  expect(rates(at(0, 10), at(5_000, 10))).toEqual(['web 0']);
});

test('after a reload HAProxy counts anew', () => {
  expect(rates(at(0, 1_000), at(5_000, 50))).toEqual(['web 10']);
});
