/** Rate limits through the API: each caller has his own, agents are a class apart, and wrong credentials cost an address its tries. */
import { beforeEach, describe, expect, test } from 'vitest';
import { createRates } from '../../../functions/api/rates.ts';
import { ADMIN, type Bench, callAs, createBench, putKey, readReply } from './bench.ts';
import { withHub } from './estates.ts';

const LIMITS = {
  user: { perSecond: 1, burst: 20 },
  agent: { perSecond: 1, burst: 3 },
  stranger: { perSecond: 1, burst: 2 },
};

let bench: Bench;
const whoami = (key: string) => bench.call('GET', '/v1/whoami', { key });
const from = async (source: string, key: string) => {
  const init = { headers: { authorization: `Bearer ${key}` } };
  return readReply(await bench.api.request('/v1/whoami', init, { source }));
};

beforeEach(async () => {
  bench = await createBench({ rates: createRates(LIMITS) });
});

test('a caller who asks too often is told when to come back, and others are not', async () => {
  for (let asked = 0; asked < 20; asked += 1) expect((await whoami(ADMIN)).status).toBe(200);
  const refused = await whoami(ADMIN);
  expect(refused.json.code).toBe('rate_limited');
  expect(refused.headers.get('retry-after')).toBe('1');
  expect((await whoami(await putKey(bench.store, '*', 'viewer'))).status).toBe(200);
  bench.clock.pass(1);
  expect((await whoami(ADMIN)).status).toBe(200);
});

test('agents are heard whatever users do, and are limited by themselves', async () => {
  const hub = await withHub(bench);
  for (let asked = 0; asked < 30; asked += 1) await whoami(ADMIN);
  const ask = () => callAs(bench, hub, { method: 'GET', path: '/v1/agent/messages' });
  expect([(await ask()).status, (await ask()).status, (await ask()).status]).toEqual([200, 200, 200]);
  expect((await ask()).json.code).toBe('rate_limited');
});

describe('wrong credentials', () => {
  test('cost an address its tries, and nobody with good ones anything', async () => {
    expect((await from('198.51.100.1', 'isk_wrong')).status).toBe(401);
    expect((await from('198.51.100.1', 'isk_wrong')).status).toBe(401);
    expect((await from('198.51.100.1', 'isk_wrong')).json.code).toBe('rate_limited');
    expect((await from('198.51.100.2', 'isk_wrong')).status).toBe(401);
    // Others stand behind the same address.
    expect((await from('198.51.100.1', ADMIN)).status).toBe(200);
    bench.clock.pass(1);
    expect((await from('198.51.100.1', 'isk_wrong')).status).toBe(401);
  });
});
