/** Routes to apps with a real HAProxy: containers come, go, hang and die under load, and no request fails. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { parseGroupCounts } from '../../edge-agent/plan/gateway-runtime.ts';
import { startLoad } from './gateway-load.ts';
import { openSite, type Site, startUpstream, to, type Upstream } from './gateway-stand.ts';

const HOST = 'app.example.com';
const RATE_PER_SECOND = 100;

let site: Site;
const started: Upstream[] = [];

beforeAll(async () => {
  site = await openSite();
});

afterEach(async () => {
  await Promise.all(started.splice(0).map((upstream) => upstream.stop()));
});

afterAll(async () => {
  await site?.end();
});

async function container(last: number, delayMs = 0): Promise<Upstream> {
  const upstream = await startUpstream(`127.4.0.${last}`, delayMs);
  started.push(upstream);
  return upstream;
}

async function serve(...containers: readonly Upstream[]): Promise<string[]> {
  const app = { host: HOST, app: 'web', containers: containers.map(to) };
  const steps = await site.stand.converge(site.routes, [], [app]);
  return steps.map(({ kind }) => kind.replace('gateway.', ''));
}

const load = () => startLoad([HOST], RATE_PER_SECOND, { port: site.stand.port, ca: site.ca });

test('an app without a ready container answers 503; its first one is there without a reload', async () => {
  expect(await serve()).toContain('reload');
  expect((await site.get(HOST)).status).toBe(503);
  const one = await container(1);
  expect(await serve(one)).toEqual(['open-server', 'write-slots']);
  expect(await site.get(HOST)).toMatchObject({ status: 200, body: '127.4.0.1' });
});

test('requests go to all containers and are counted, and a converged gateway has nothing to do', async () => {
  const all = await Promise.all([1, 2, 3].map((last) => container(last)));
  await serve(...all);
  const counted = async () =>
    parseGroupCounts(await site.stand.hands.talk('show stat -1 2 -1')).get('app_acme_web_http') ?? 0;
  const before = await counted();
  const bodies = new Set<string>();
  for (let count = 0; count < 12; count += 1) bodies.add((await site.get(HOST)).body);
  expect((await counted()) - before).toBe(12);
  expect([...bodies].sort()).toEqual(['127.4.0.1', '127.4.0.2', '127.4.0.3']);
  expect(await serve(...all)).toEqual([]);
});

test('one that dies without anybody saying so costs no request', async () => {
  const [first, second] = [await container(1), await container(2)];
  await serve(first, second);
  const running = load();
  await pause(500);
  await second.stop();
  await pause(1_500);
  const { requests, failures } = await running.stop();
  expect(failures).toEqual([]);
  expect(requests).toBeGreaterThan(100);
  expect(new Set([(await site.get(HOST)).body, (await site.get(HOST)).body])).toEqual(new Set(['127.4.0.1']));
});

test('containers are replaced one by one under load: a new one first, then an old one ends what it has', async () => {
  let serving = [await container(1, 50), await container(2, 50)];
  await serve(...serving);
  const running = load();
  const kinds = new Set<string>();
  for (let last = 10; last < 16; last += 1) {
    const fresh = await container(last, 50);
    for (const kind of await serve(...serving, fresh)) kinds.add(kind);
    const [old, ...rest] = serving;
    serving = [...rest, fresh];
    for (const kind of await serve(...serving)) kinds.add(kind);
    // As a container does that is told to stop: what it has begun it finishes.
    await pause(200);
    await old?.stop();
  }
  const { requests, failures } = await running.stop();
  expect(failures).toEqual([]);
  expect(requests).toBeGreaterThan(100);
  expect([...kinds].sort()).toEqual(['close-server', 'open-server', 'write-slots']);
});

test('more containers than the group has servers need one reload, and lose nothing', async () => {
  const all = await Promise.all(Array.from({ length: 12 }, (_, index) => container(index + 1)));
  await serve(...all.slice(0, 2));
  const running = load();
  expect(await serve(...all)).toContain('reload');
  await pause(300);
  expect((await running.stop()).failures).toEqual([]);
  const { files, running: now } = await site.stand.observe();
  expect(now?.groups[0]?.servers.filter(({ state }) => state === 'ready')).toHaveLength(12);
  expect(files.slots.groups[0]?.used).toHaveLength(12);
});
