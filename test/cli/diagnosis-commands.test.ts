/** `doctor`, `netcheck`, `ping`, `routes explain` and `bugreport` over the API in the same process, with edges that tell. */
import { beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Bench, callAs, createBench, createHost, putKey } from '../functions/api/bench.ts';
import { type Enrolled, enrol, make, report, tokenFor, withHub, withSite } from '../functions/api/estates.ts';
import { type Ran, run, type Stage } from './world.ts';

const seen = { up: true, handshakeAgeSeconds: 3, receivedBytes: 1, sentBytes: 2, spoofedPackets: 0 };
const MTU = {
  ...{ code: 'mtu.one', level: 'warning', message: 'Packets of more than 1280 bytes vanish.' },
  fix: 'Nothing need be done.',
};

let bench: Bench;
let edges: Enrolled[];
let hubs: Enrolled[];

beforeEach(async () => {
  bench = await createBench();
  await withSite(bench);
  await make(bench, ['/v1/tenants/acme/sites', 'paris'], {
    allotment: ['10.1.0.0/16'],
    prefixes: ['10.1.0.0/24'],
  });
  hubs = [await withHub(bench, 'one'), await withHub(bench, 'two')];
  edges = [];
  for (const site of ['berlin', 'paris'])
    edges.push(await enrol(bench, await tokenFor(bench, { site }), { host: createHost() }));
});

/** The last edge is heard by the first hub alone. */
async function tell(): Promise<void> {
  for (const [index, hub] of hubs.entries()) {
    const peers = edges.map(({ id }, at) => ({ agent: id, ...seen, up: index === 0 || at === 0 }));
    await callAs(bench, hub, { method: 'POST', path: '/v1/agent/liveness', body: { peers } });
  }
  for (const [at, edge] of edges.entries())
    await report(bench, edge, { activeHub: 'one', findings: at === 0 ? [] : [MTU] });
  bench.clock.pass(5);
}

const isthmus = (words: readonly string[], over: Partial<Stage> = {}): Promise<Ran> =>
  run({ bench, files: {}, ...over }, words);

describe('golden outputs', () => {
  test.each([
    ['doctor', 0, ['doctor']],
    ['netcheck', 0, ['netcheck']],
    ['ping', 0, ['ping', 'berlin', 'paris']],
    ['ping-size', 0, ['ping', 'berlin', 'paris', '--size', '1280']],
    ['ping-size-large', 1, ['ping', 'berlin', 'paris', '--size', '1400']],
    ['ping-json', 0, ['ping', 'paris', 'berlin', '-o', 'json']],
    ['routes-explain', 0, ['routes', 'explain', '10.1.0.7']],
    ['routes-explain-json', 0, ['routes', 'explain', '100.68.0.7', '-o', 'json']],
  ])('%s', async (name, code, words) => {
    await tell();
    const ran = await isthmus(words);
    expect(ran.code).toBe(code);
    await expect(`${ran.out}\n`).toMatchFileSnapshot(`golden/${name}.txt`);
  });
});

test('doctor looks no farther than what it can see, and ends as scripts are promised', async () => {
  const silent = await isthmus(['doctor'], {
    reach: { fault: 'https://bench does not answer: ECONNREFUSED' },
  });
  expect(silent).toMatchObject({ code: 6, out: expect.stringContaining('ECONNREFUSED') });
  expect(silent.out).not.toContain('edge');
  expect((await isthmus(['doctor'], { reach: { nameFault: 'ENOTFOUND', addresses: [] } })).code).toBe(6);
  const stranger = await isthmus(['doctor'], { key: 'isk_x' });
  expect(stranger).toMatchObject({ code: 1, out: expect.stringContaining('isthmus login') });
  const late = { clockOffsetSeconds: -95, certificateSeconds: 86_400 };
  const warned = (await isthmus(['doctor'], { reach: late })).out;
  expect(warned).toContain('ahead by 95 s');
  expect(warned).toContain('ends in 24 h');
  expect((await isthmus(['netcheck'], { reach: { fault: 'x' } })).code).toBe(6);
});

test('doctor tells who may read little what it did not see', async () => {
  await tell();
  const key = await putKey(bench.store, 'acme', 'viewer');
  expect((await isthmus(['doctor'], { key })).out).toContain('Your role does not read hubs');
});

test('sites that are not joined have no way, and names that are none are told', async () => {
  expect(await isthmus(['ping', 'berlin', 'paris'])).toMatchObject({
    code: 1,
    out: expect.stringContaining('no way'),
  });
  expect(await isthmus(['ping', 'berlin', 'rome'])).toMatchObject({
    code: 3,
    said: 'There is no site rome. There are berlin, paris.',
  });
  expect((await isthmus(['ping', 'berlin', 'berlin'])).code).toBe(2);
  for (const size of ['0', '63', '65536', '1e3', 'x'])
    expect((await isthmus(['ping', 'berlin', 'paris', '--size', size])).code).toBe(2);
  expect((await isthmus(['routes', 'explain', '10.1.0'])).code).toBe(2);
  expect(await isthmus(['routes', 'explain', '192.0.2.1'])).toMatchObject({ code: 3, out: '' });
});

describe('a bug report', () => {
  const SECRETS = ['s3cr3t-of-the-database', 'Zu5-in-a-file', '--key=Zu5-arg', 'Zu5-described', 'Zu5-before'];
  const app = {
    image: 'registry.example.com/shop:1',
    environment: { DB: SECRETS[0], LEVEL: 'berlin' },
    files: [{ path: '/etc/shop.conf', content: `a=1\n${SECRETS[1]}\n` }],
    arguments: [SECRETS[2]],
  };
  const Report = z.looseObject({
    kinds: z.array(
      z.looseObject({
        kind: z.string(),
        items: z.array(z.unknown()).optional(),
        fault: z.string().optional(),
      }),
    ),
    findings: z.array(z.unknown()),
    events: z.looseObject({ value: z.array(z.unknown()) }),
  });

  beforeEach(async () => {
    await tell();
    await make(bench, ['/v1/tenants/acme/apps', 'shop'], app);
    const key = { metadata: { name: 'robot' }, spec: { role: 'viewer', description: SECRETS[3] } };
    const made = await bench.call('POST', '/v1/tenants/acme/keys', { body: key });
    SECRETS.push(made.json.secret, await tokenFor(bench, { site: 'berlin' }));
    for (const edge of edges)
      await report(bench, edge, {
        findings: [{ ...MTU, message: `can't log in with ${SECRETS[0]} at https://ada:Zu5-url@db/` }],
      });
  });

  test('has every kind, the findings and the events, and none of the secrets of the estate', async () => {
    const written = new Map<string, string>();
    const ran = await isthmus(['bugreport'], { written });
    expect(ran).toMatchObject({ code: 0, out: 'isthmus-bugreport-2026-01-31T120005.json' });
    const text = written.get(ran.out) ?? '';
    for (const secret of [...SECRETS, 'Zu5', '0123456789abcdef0123456789abcdef'])
      expect(text).not.toContain(secret);
    const told = Report.parse(JSON.parse(text));
    expect(told.kinds.map(({ kind, items }) => `${kind} ${items?.length}`)).toEqual([
      ...['tenant 1', 'site 2', 'hub 2', 'edge 2', 'cluster 0', 'pool 0', 'service 0', 'app 1', 'route 0'],
      ...['policy 0', 'token 3', 'role 0', 'binding 0', 'key 1'],
    ]);
    expect(told.findings.length).toBeGreaterThan(5);
    expect(text).toContain('registry.example.com/shop:1');
    expect(text).toContain('"name": "berlin"');
  });

  test('has the values if it is asked for them, and says so', async () => {
    const ran = await isthmus(['bugreport', '--with-values', '--output', '-']);
    expect(ran.out).toContain(SECRETS[0]);
    const file = await isthmus(['bugreport', '--with-values'], { written: new Map() });
    expect(file.said).toContain('hand it to nobody');
  });

  test('names what the caller may not read, and has the rest', async () => {
    const key = await putKey(bench.store, 'acme', 'viewer');
    const { out } = await isthmus(['bugreport', '--output', '-'], { key });
    const faults = Report.parse(JSON.parse(out)).kinds.filter(({ fault }) => fault !== undefined);
    expect(faults.map(({ kind }) => kind)).toEqual(['tenant', 'hub']);
  });
});
