/** Policies between apps: from what a cluster tells of containers to the documents of edges at other sites, and to what people are told. */
import { beforeEach, describe, expect, test } from 'vitest';
import { policyLeaf } from '../../../functions/domain/policy-lock.ts';
import { readEstate } from '../../../functions/reconcile/estate.ts';
import { type Bench, callAs, createBench } from './bench.ts';
import { type Enrolled, edit, enrol, make, ROOMY, tokenFor, withSite } from './estates.ts';

const APPS = '/v1/tenants/acme/apps';
const POLICIES = '/v1/tenants/acme/policies';
const TOKYO = { allotment: ['10.0.0.0/8'], prefixes: ['10.2.0.0/24'] };
const WEB = { image: 'web:1', replicas: 2, placement: { clusters: ['prod'] } };
const TO_DB = { from: { app: 'web' }, to: { site: 'tokyo', service: 'db' }, ports: [] };

let bench: Bench;
let edge: Enrolled;

beforeEach(async () => {
  bench = await createBench();
  await withSite(bench);
  await make(bench, ['/v1/tenants/acme/sites', 'tokyo'], TOKYO);
  await make(bench, ['/v1/tenants/acme/sites/tokyo/services', 'db'], { address: '10.2.0.9', port: 5432 });
  edge = await enrol(bench, await tokenFor(bench));
  const body = { kind: 'docker', authority: '' };
  await callAs(bench, edge, { method: 'POST', path: '/v1/agent/clusters/prod', body });
  await make(bench, [APPS, 'web'], WEB);
});

/** The cluster tells of containers of web at these addresses. */
async function tell(...containers: readonly { readonly address: string; readonly state?: string }[]) {
  const instance = {
    ...{ cluster: 'prod', release: 1, wanted: 2, ready: 0, updated: 0, statements: [] },
    containers: containers.map(({ address, state = 'ready' }, index) => ({
      ...{ name: `web-${index}`, node: 'node-1', address, state, reason: 'none' },
      ...{ message: '', lastLines: [], restarts: 0, release: 1 },
    })),
  };
  const body = { facts: ROOMY, apps: [{ app: 'web', instance }] };
  const reply = await callAs(bench, edge, { method: 'POST', path: '/v1/agent/clusters/prod/report', body });
  expect(reply.status).toBe(204);
}

async function explained(query: string) {
  return bench.call('GET', `/v1/tenants/acme/explanation?${query}`);
}

const isolate = () => edit(bench, '/v1/tenants/acme', { isolation: 'isolated' });

/** Who may come into Tokyo, by its edges' leaf: first addresses of sources. */
async function intoTokyo(): Promise<unknown> {
  const { tenants } = await readEstate(bench.store, { pools: [], domain: '', roots: [], pollSeconds: 60 });
  const [tenant] = tenants;
  if (tenant === undefined) throw new Error('there is no tenant');
  const { flows } = policyLeaf({ tenant, site: 'tokyo', hubs: [], pairs: [] });
  return flows.map(({ from, ports }) => [
    from.map((each) => each.replace(/^100\.\d+\.\d+/, 'v')),
    ports.map(({ port }) => port),
  ]);
}

test('an app speaks from the addresses of its containers that the site exposes, whatever their state', async () => {
  await make(bench, [POLICIES, 'web-db'], TO_DB);
  await isolate();
  expect(await intoTokyo()).toEqual([]);
  await tell({ address: '10.1.0.7', state: 'starting' }, { address: '172.17.0.2' });
  expect(await intoTokyo()).toEqual([[['v.7/32'], [5432]]]);
  await tell({ address: '10.1.0.7', state: 'exited' }, { address: '10.1.0.8' });
  expect(await intoTokyo()).toEqual([[['v.8/32'], [5432]]]);
});

test('a policy says what it waits for, and is in force once the app has an address', async () => {
  await make(bench, [POLICIES, 'web-db'], TO_DB);
  await make(bench, [POLICIES, 'lost'], { from: { group: 'blue' }, to: { app: 'web' } });
  await isolate();
  const inForce = async (name: string) =>
    (await bench.call('GET', `${POLICIES}/${name}`)).json.status.conditions[0];
  expect(await inForce('web-db')).toMatchObject({ status: 'False', reason: 'NoAddress' });
  expect(await inForce('lost')).toMatchObject({ status: 'False', reason: 'NoSuchGroup' });
  await tell({ address: '10.1.0.7' });
  expect(await inForce('web-db')).toMatchObject({ status: 'True', reason: 'Compiled' });
});

test('people are told by what it is allowed, or that nothing allows it', async () => {
  await isolate();
  await tell({ address: '10.1.0.7' });
  const denied = await explained('from=app/web&to=service/tokyo/db');
  expect([denied.status, denied.json.verdict, denied.json.ways[0].ports]).toEqual([
    200,
    'denied',
    [{ protocol: 'tcp', port: 5432 }],
  ]);
  await make(bench, [POLICIES, 'web-db'], TO_DB);
  const allowed = await explained('from=app/web&to=service/tokyo/db&port=tcp/5432');
  expect(allowed.json).toMatchObject({
    verdict: 'allowed',
    ways: [{ from: 'berlin', to: 'tokyo', policy: 'web-db' }],
  });
  expect((await explained('from=app/web&to=service/tokyo/db&port=tcp/22')).json.verdict).toBe('denied');
});

test.each([
  ['from=web&to=site/tokyo', 'from'],
  ['from=app/web&to=host/a', 'to'],
  ['from=app/web&to=site/tokyo&port=443', 'port'],
  ['from=app/web&to=site/tokyo&port=tcp/70000', 'port'],
  ['to=site/tokyo', 'from'],
])('what nobody could mean is refused with what to write: %s', async (query, field) => {
  const { status, json } = await explained(query);
  expect([status, json.errors[0].pointer]).toEqual([422, expect.stringContaining(field)]);
});

test.each([
  [{ from: {}, to: { site: 'tokyo' } }, '/spec/from'],
  [{ from: { app: 'web', site: 'berlin' }, to: { site: 'tokyo' } }, '/spec/from'],
  [{ from: { site: 'berlin' }, to: { app: 'web', service: 'db' } }, '/spec/to/site'],
])('a policy names one thing at each end: %j', async (spec, pointer) => {
  const { status, json } = await bench.call('POST', POLICIES, { body: { metadata: { name: 'p' }, spec } });
  expect([status, json.errors[0].pointer]).toEqual([422, pointer]);
});

describe('what a policy would change', () => {
  const ask = (name: string, body: object) => bench.call('POST', `${POLICIES}/${name}/preview`, { body });

  test('is told before it is written, and nothing is written', async () => {
    await isolate();
    await tell({ address: '10.1.0.7' });
    const { status, json } = await ask('web-db', { spec: TO_DB });
    const pair = {
      from: 'app/web',
      to: 'service/tokyo/db',
      ways: [{ from: 'berlin', to: 'tokyo', ports: [{ protocol: 'tcp', port: 5432 }] }],
    };
    expect([status, json.change, json.opened, json.cut]).toEqual([200, 'created', [pair], []]);
    expect((await bench.call('GET', POLICIES)).json.items).toEqual([]);
    await make(bench, [POLICIES, 'web-db'], TO_DB);
    expect((await ask('web-db', {})).json).toMatchObject({ change: 'deleted', opened: [], cut: [pair] });
    expect((await ask('web-db', { spec: TO_DB })).json).toMatchObject({
      change: 'replaced',
      opened: [],
      cut: [],
    });
  });

  test('of a spec or a name that would be refused is refused', async () => {
    expect((await ask('web-db', { spec: { from: {}, to: { site: 'tokyo' } } })).status).toBe(422);
    expect((await ask('Not%20A%20Name', {})).status).toBe(404);
  });
});
