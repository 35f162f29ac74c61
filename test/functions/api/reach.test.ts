/** Where apps are reached: from what a cluster tells to the app's status, the documents of edges and hubs, and routes. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { AppEndpoint } from '../../../protocol/app-endpoint.ts';
import { type Bench, callAs, createBench, type Reply } from './bench.ts';
import { type Enrolled, edit, enrol, make, ROOMY, tokenFor, withSite } from './estates.ts';

const APPS = '/v1/tenants/acme/apps';
const ROUTES = '/v1/tenants/acme/routes';
const WEB = {
  image: 'web:1',
  replicas: 2,
  ports: [{ name: 'http', port: 8080, hostPort: 80 }],
  placement: { clusters: ['prod'] },
};
const TO_WEB = { host: 'shop.example.com', app: { name: 'web', port: 'http' } };

let bench: Bench;
let edge: Enrolled;

beforeEach(async () => {
  bench = await createBench();
  await withSite(bench);
  edge = await enrol(bench, await tokenFor(bench));
  const body = { kind: 'docker', authority: '' };
  await callAs(bench, edge, { method: 'POST', path: '/v1/agent/clusters/prod', body });
  await make(bench, [APPS, 'web'], WEB);
});

const read = async (path = `${APPS}/web`) => (await bench.call('GET', path)).json;

interface Told {
  readonly node: string;
  readonly state?: string;
  /** 0: of one before the one that the cluster was told of, which is the highest here. */
  readonly release?: number;
}

/** The cluster tells of two nodes and of containers on them. */
function tell(...containers: readonly Told[]): Promise<Reply> {
  const [node] = ROOMY.nodes;
  const nodes = ['1', '2'].map((last) => ({ ...node, name: `n${last}`, addresses: [`10.1.0.${last}`] }));
  const told = Math.max(...containers.map(({ release = 1 }) => release));
  const updated = containers.filter(({ release = 1 }) => release === told).length;
  const ready = containers.filter(({ state = 'ready' }) => state === 'ready').length;
  const instance = {
    ...{ cluster: 'prod', release: told, wanted: 2, ready, updated, statements: [] },
    containers: containers.map(({ node: on, state = 'ready', release = 1 }, index) => ({
      ...{ name: `web-${index}`, node: on, address: '172.17.0.2', state, reason: 'none' },
      ...{ message: '', lastLines: [], restarts: 0, release },
    })),
  };
  const body = { facts: { ...ROOMY, nodes }, apps: [{ app: 'web', instance }] };
  return callAs(bench, edge, { method: 'POST', path: '/v1/agent/clusters/prod/report', body });
}

const endpoint = (last: number) => ({
  cluster: 'prod',
  address: `10.1.0.${last}`,
  ports: [{ name: 'http', port: 80 }],
});

const conditionOf = (resource: { status: { conditions: { type: string }[] } }, type: string) =>
  resource.status.conditions.find((one) => one.type === type);

describe('an app', () => {
  test('has a name, and is reached where its ready containers are', async () => {
    expect((await tell({ node: 'n1' }, { node: 'n2', state: 'starting' })).status).toBe(204);
    const { status } = await read();
    expect(status.hostname).toBe('web.acme.isthmus.internal');
    expect(status.endpoints).toEqual([endpoint(1)]);
    await tell({ node: 'n1' }, { node: 'n2' });
    expect((await read()).status.endpoints).toEqual([endpoint(1), endpoint(2)]);
    await tell({ node: 'n1', state: 'stopping' }, { node: 'n2' });
    expect((await read()).status.endpoints).toEqual([endpoint(2)]);
  });

  test('is as it was when the same is told again, and its ETag stands whatever is told', async () => {
    await tell({ node: 'n1' });
    const before = await read();
    await tell({ node: 'n1' });
    expect((await read()).metadata).toEqual(before.metadata);
    await tell({ node: 'n2' });
    expect((await read()).metadata.generation).toBe(before.metadata.generation);
  });

  test('is reached at the ports that its containers have, whatever the newest release asks for', async () => {
    const at = async () =>
      (await read()).status.endpoints.map((one: AppEndpoint) => `${one.address}:${one.ports[0]?.port}`);
    await tell({ node: 'n1' }, { node: 'n2' });
    await edit(bench, `${APPS}/web`, { ...WEB, ports: [{ name: 'http', port: 8080, hostPort: 81 }] });
    await tell({ node: 'n1', release: 0 }, { node: 'n2', release: 2 });
    expect(await at()).toEqual(['10.1.0.1:80', '10.1.0.2:81']);
    // Taken back: what is left of the second release goes on for a moment beside the first.
    await tell({ node: 'n1', release: 1 }, { node: 'n2', release: 0 });
    expect(await at()).toEqual(['10.1.0.1:80', '10.1.0.2:81']);
  });

  test('says what is missing if nobody outside can reach it', async () => {
    await edit(bench, `${APPS}/web`, { ...WEB, ports: [{ name: 'http', port: 8080 }] });
    await tell({ node: 'n1' });
    const app = await read();
    expect(app.status.endpoints).toEqual([]);
    expect(conditionOf(app, 'Reachable')).toMatchObject({
      status: 'False',
      reason: 'NotExposed',
      message: expect.stringContaining('hostPort'),
    });
  });

  test('without ports has no such condition', async () => {
    await edit(bench, `${APPS}/web`, { ...WEB, ports: [] });
    await tell({ node: 'n1' });
    expect(conditionOf(await read(), 'Reachable')).toBeUndefined();
  });
});

describe('a route to an app', () => {
  test('is served once a container is ready', async () => {
    await make(bench, [ROUTES, 'shop'], TO_WEB);
    expect(conditionOf(await read(`${ROUTES}/shop`), 'Served')).toMatchObject({
      status: 'False',
      reason: 'NoEndpoint',
    });
    await tell({ node: 'n1' });
    expect(conditionOf(await read(`${ROUTES}/shop`), 'Served')).toMatchObject({ status: 'True' });
  });

  test.each([
    ['no app', { ...TO_WEB, app: { name: 'none', port: 'http' } }, '/spec/app/name'],
    ['no such port', { ...TO_WEB, app: { name: 'web', port: 'grpc' } }, '/spec/app/port'],
    ['two ends', { ...TO_WEB, service: { site: 'berlin', name: 'db' } }, '/spec'],
    ['no end', { host: 'shop.example.com' }, '/spec'],
  ])('is refused with %s', async (_, spec, pointer) => {
    const reply = await bench.call('POST', ROUTES, {
      body: { metadata: { name: 'shop' }, spec },
      headers: { 'idempotency-key': 'a' },
    });
    expect([reply.status, reply.json.errors[0].pointer]).toEqual([422, pointer]);
  });
});
