/**
 * The stack deployed by the CDK to emulators, with its functions running as deployed: MiniStack plays CloudFormation, API
 * Gateway, Lambda, DynamoDB with its stream, S3, KMS, SQS, Scheduler and Secrets Manager; moto plays EC2 and STS.
 *
 * What the emulators do not have, and what tests that part instead:
 * - MiniStack's CloudFormation refuses addresses and instances, so hubs, network, ingress and console are not in this
 *   stack: `test/infra` asserts their templates; `slot.test.ts` and `gateway-ingress.test.ts` run what they run.
 * - MiniStack enforces no IAM policy, throttle or alarm: `test/infra/permissions.test.ts` and `stack.test.ts`.
 * - MiniStack has no bisecting and no partial batch failures, and no record of its stream can be made unreadable:
 *   `test/functions/reconcile` has the handler on a seeded, faulty stream.
 * - MiniStack's API Gateway has no TLS, and hands on its host without the port: `runtime-interface.test.ts` runs the API's
 *   bundle under AWS's runtime client with API Gateway's events.
 * - moto's STS looks up whose credentials signed, and does not check the signature: only a real account can show that.
 * - moto has no black holes, answers all route tables in one page, and forgets prefix lists of routes: `ec2.test.ts`, `test/vpc`.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateRouteCommand } from '@aws-sdk/client-ec2';
import { PurgeQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openQueue } from '../../edge-agent/cloud/queue.ts';
import { LivenessSender } from '../../edge-agent/link/liveness.ts';
import { createOwners } from '../../vpc/owners-table.ts';
import { invoke, recordsHanded, schedulesOf, setStream } from '../fixtures/ministack/calls.ts';
import { REGION } from '../fixtures/ministack/start.ts';
import type { UserWanted } from '../fixtures/ministack/user-app.ts';
import { newGateway } from '../fixtures/moto/ground.ts';
import { deleteTable, dropRoutes, newTable, POOL, routesIn, signingRootsOf } from './aws-account.ts';
import {
  type Agent,
  agentOf,
  documentOf,
  enrolByRole,
  enrolByToken,
  instanceOf,
  newIdentity,
  withEnvironment,
} from './aws-agents.ts';
import { type AwsStand, CREDENTIALS, raiseAws, TABLES, VPC_PREFIX } from './aws-stand.ts';
import { eventually, pause } from './eventually.ts';

const USER_APP = 'test/fixtures/ministack/user-app.ts';
const HUBS = ['hub-a', 'hub-b'] as const;
const STREAM_MS_MAX = 30_000;
/** MiniStack wakes the stream's function within a second of a write. */
const QUIET_MS = 2_000;

let aws: AwsStand;
/** By the hub's name, once they have enrolled. */
const agents = new Map<string, Agent>();
/** The foreign route that stands in one table from the beginning to the end. */
let foreign: { readonly table: string; readonly target: string };

beforeAll(async () => {
  aws = await raiseAws();
  const [table = ''] = aws.ground.tables;
  foreign = { table, target: await newGateway(aws.admin) };
  const route = { RouteTableId: table, DestinationCidrBlock: POOL, GatewayId: foreign.target };
  await aws.admin.send(new CreateRouteCommand(route));
}, 240_000);

afterAll(async () => {
  await aws?.close();
});

const hubOf = async (name: string) => (await aws.call('GET', `/v1/hubs/${name}`)).json;

/** The statement of a hub about its VPC's routes. */
async function routesInPlace(name = 'hub-a') {
  const { status } = await hubOf(name);
  return status.conditions.find(({ type }: { type: string }) => type === 'RoutesInPlace');
}

function agent(name: string): Agent {
  const found = agents.get(name);
  if (found === undefined) throw new Error(`${name} has not enrolled`);
  return found;
}

/** What the schedule does every minute, or every quarter of an hour. */
async function run(what: 'routes' | 'sweep'): Promise<void> {
  expect(await invoke(aws.ministack, aws.outputs.ScheduleFunction, { do: what })).toEqual({});
}

async function withOwners<T>(work: (owners: ReturnType<typeof createOwners>) => Promise<T>): Promise<T> {
  const settings = { endpoint: aws.ministack.url, region: REGION, credentials: CREDENTIALS };
  const client = new DynamoDBClient(settings);
  return work(createOwners(client, aws.outputs.TableName)).finally(() => client.destroy());
}

/** The agents that a hub is told of, as the hub reads its queue, until this one is among them. */
async function toldOf(hub: string, wanted: string): Promise<void> {
  const { spec } = await hubOf(hub);
  const credentials = { AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId, AWS_SECRET_ACCESS_KEY: 'test' };
  await withEnvironment({ ...credentials, AWS_ENDPOINT_URL: aws.ministack.url }, () =>
    eventually(async () => {
      const told = await openQueue(REGION)(spec.slot.queue);
      expect(told).toMatchObject({ kind: 'messages', agents: expect.arrayContaining([wanted]) });
    }, STREAM_MS_MAX),
  );
}

async function emptyQueues(): Promise<void> {
  const settings = { endpoint: aws.ministack.url, region: REGION, credentials: CREDENTIALS };
  const client = new SQSClient(settings);
  for (const hub of HUBS)
    await client.send(new PurgeQueueCommand({ QueueUrl: (await hubOf(hub)).spec.slot.queue }));
  client.destroy();
}

test('a deployment has made its keys and what the estate begins with', async () => {
  const [root] = await signingRootsOf(aws.ministack);
  expect((await aws.call('GET', '/v1/deployment')).json).toMatchObject({ roots: [root] });
  const hubs = await Promise.all(HUBS.map(hubOf));
  const pairs = await Promise.all(
    hubs.map(async ({ spec }) => JSON.parse(await aws.secret(spec.slot.secret))),
  );
  expect(hubs.map(({ spec }) => spec.slot.publicKey)).toEqual(pairs.map(({ publicKey }) => publicKey));
  expect(new Set(pairs.flatMap(({ publicKey, privateKey }) => [publicKey, privateKey])).size).toBe(4);
  expect((await aws.call('GET', '/v1/whoami')).json).toMatchObject({ role: 'admin' });
  const site = await aws.call('GET', '/v1/tenants/main/sites/cloud');
  expect(site.json.spec).toMatchObject({ kind: 'vpc', prefixes: [VPC_PREFIX] });
});

test('API Gateway hands everything on to the function, which alone decides who may', async () => {
  const open = (path: string) => aws.call('GET', path, { key: null });
  expect((await open('/healthz')).json).toEqual({ status: 'ok' });
  expect((await open('/openapi.json')).json.openapi).toBe('3.1.0');
  const installer = await open('/install.sh');
  expect(installer.header('content-type')).toBe('text/x-shellscript; charset=utf-8');
  const [root] = await signingRootsOf(aws.ministack);
  expect(installer.text).toContain(`signing_roots='${root?.publicKey}'`);
  const refused = await open('/v1/deployment');
  expect([refused.status, refused.header('content-type'), refused.json.code]).toEqual([
    401,
    'application/problem+json',
    'unauthenticated',
  ]);
  expect((await aws.call('GET', '/v1/hubs', { key: `${aws.adminKey}x` })).status).toBe(401);
  expect((await aws.call('GET', '/v1/nothing')).json).toMatchObject({ code: 'not_found', status: 404 });
});

test('creations are idempotent by their key, changes conditional by their ETag, lists go on by a query', async () => {
  const tenant = {
    body: { metadata: { name: 'acme' }, spec: {} },
    headers: { 'idempotency-key': 'a'.repeat(20) },
  };
  for (const _ of ['once', 'again']) {
    const made = await aws.call('POST', '/v1/tenants', tenant);
    expect([made.status, made.header('etag'), made.header('location')]).toEqual([
      201,
      '"1"',
      '/v1/tenants/acme',
    ]);
  }
  expect((await aws.call('POST', '/v1/tenants', { body: tenant.body })).json.code).toBe('already_exists');
  const spec = { allotment: ['10.1.0.0/16'], prefixes: ['10.1.0.0/24'] };
  const site = { metadata: { name: 'berlin' }, spec };
  expect((await aws.call('POST', '/v1/tenants/main/sites', { body: site })).status).toBe(201);
  const change = {
    body: { spec: { ...spec, prefixes: ['10.1.0.0/24', '10.1.1.0/24'] } },
    headers: { 'if-match': '"1"' },
  };
  const changed = await eventually(async () => {
    // Reconciling may clear the outbox in between, which is a new version too.
    const { header } = await aws.call('GET', '/v1/tenants/main/sites/berlin');
    const now = { ...change, headers: { 'if-match': header('etag') ?? '' } };
    const answer = await aws.call('PUT', '/v1/tenants/main/sites/berlin', now);
    expect(answer.status).toBe(200);
    return answer;
  });
  expect(changed.json.status.prefixes).toHaveLength(2);
  expect((await aws.call('PUT', '/v1/tenants/main/sites/berlin', change)).json.code).toBe('stale');
  const first = await aws.call('GET', '/v1/tenants?limit=1');
  const second = await aws.call('GET', `/v1/tenants?limit=1&page=${encodeURIComponent(first.json.next)}`);
  const names = [first, second].map(({ json }) => json.items[0].metadata.name);
  expect(names).toEqual(['acme', 'main']);
});

test('hubs enrol by their instance roles, no other role does, and their documents verify', async () => {
  for (const hub of HUBS) {
    const identity = newIdentity();
    const wireguardKey = (await hubOf(hub)).spec.slot.publicKey;
    const order = { hub, wireguardKey, identity };
    const other = await instanceOf(aws, hub === 'hub-a' ? 'hub-b' : 'hub-a');
    const refused = await enrolByRole(aws, { ...order, instance: other });
    expect(refused).toMatchObject({ kind: 'denied', code: 'proof_invalid' });
    const enrolled = await enrolByRole(aws, { ...order, instance: await instanceOf(aws, hub) });
    agents.set(hub, agentOf(aws, identity, enrolled));
    expect(agent(hub).roots).toEqual(await signingRootsOf(aws.ministack));
  }
  const { document } = await documentOf(agent('hub-a'));
  const { vpc, a, b } = aws.ground;
  const slots = [
    { name: 'hub-a', interface: a },
    { name: 'hub-b', interface: b },
  ];
  expect(document.leaves['slot']).toMatchObject({ vpc, destinations: [POOL], hubs: slots });
  const stranger = { ...agent('hub-a'), roots: [{ id: '0123456789abcdef', publicKey: 'AAAA' }] };
  await expect(documentOf(stranger)).rejects.toThrow('unknown_root');
});

test('a write wakes reconcile by the stream: the documents follow, and every hub is told in its queue', async () => {
  const before = await documentOf(agent('hub-b'));
  await emptyQueues();
  const token = {
    body: { spec: { site: 'berlin', approve: true } },
    headers: { 'idempotency-key': 'b'.repeat(20) },
  };
  const secrets = [
    await aws.call('POST', '/v1/tenants/main/tokens', token),
    await aws.call('POST', '/v1/tenants/main/tokens', token),
  ];
  expect(secrets[0]?.json.secret).toBe(secrets[1]?.json.secret);
  const identity = newIdentity();
  const edge = agentOf(aws, identity, await enrolByToken(aws, secrets[0]?.json.secret, identity));
  const began = performance.now();
  const { document } = await documentOf(edge);
  console.log(`from the write to the signed document: ${Math.round(performance.now() - began)} ms`);
  expect(Object.keys(document.leaves)).toEqual(expect.arrayContaining(['hubs', 'network', 'self']));
  for (const hub of HUBS) await toldOf(hub, edge.id);
  const after = await documentOf(agent('hub-b'));
  expect(after.signed.envelope.generation).toBeGreaterThan(before.signed.envelope.generation);
  expect(Object.keys(after.document.leaves)).toContain(`peer/main/berlin/${edge.id.split('.').at(-1)}`);
});

test("hubs' heartbeats are stored and wake no function", async () => {
  const { StreamFunction } = aws.outputs;
  const handed = () => recordsHanded(aws.ministack, StreamFunction);
  await quiet(handed);
  const before = handed();
  const peer = { agent: 'edge.main.berlin', receivedBytes: 1, sentBytes: 1, spoofedPackets: 0 };
  for (const up of [true, false, true]) {
    const sender = new LivenessSender(agent('hub-a').caller, () => 0);
    expect(await sender.send({ peers: [{ ...peer, up }] })).toEqual({ kind: 'sent' });
  }
  const { status } = await hubOf('hub-a');
  expect(status.conditions).toContainEqual(expect.objectContaining({ type: 'Reporting', status: 'True' }));
  // The stream is in order: whatever is handed over of the heartbeats is so before this site, which is written twice.
  const site = { body: { metadata: { name: 'bern' }, spec: { allotment: ['10.2.0.0/16'] } } };
  expect((await aws.call('POST', '/v1/tenants/main/sites', site)).status).toBe(201);
  await eventually(async () => expect(handed()).toBeGreaterThanOrEqual(before + 2), STREAM_MS_MAX);
  await quiet(handed);
  expect(handed()).toBe(before + 2);
});

test(`the schedule gives ${TABLES} route tables and the main one to the first hub, and leaves a foreign route alone`, async () => {
  await run('routes');
  const { a } = aws.ground;
  expect(await routesIn(aws)).toEqual(await allTo(a));
  expect((await hubOf('hub-a')).status.owner).toMatchObject({ hub: 'hub-a', epoch: 1 });
  const statement = await routesInPlace();
  expect(statement).toMatchObject({ status: 'False', reason: 'ForeignRoute' });
  expect(statement.message).toContain(
    `${foreign.table} has a foreign route for ${POOL} to ${foreign.target}`,
  );
});

test('a change of owner moves all tables, and drift is repaired, although every third call is throttled', async () => {
  const { vpc, b, tables } = aws.ground;
  const since = new Date().toISOString();
  const claim = { vpc, hub: 'hub-b', epoch: 2, since, reason: 'hub-b no longer hears hub-a' };
  expect(await withOwners((owners) => owners.claim(claim))).toBe('claimed');
  // The arbiter would take ownership from who has never reported.
  await new LivenessSender(agent('hub-b').caller, () => 0).send({ peers: [] });
  aws.proxy.throttleEvery = 3;
  await run('routes');
  expect(await routesIn(aws)).toEqual(await allTo(b));
  await dropRoutes(aws, tables.slice(1));
  await run('routes');
  aws.proxy.throttleEvery = 0;
  expect(await routesIn(aws)).toEqual(await allTo(b));
  expect(aws.proxy.throttled).toBeGreaterThan(TABLES / 2);
  const report = await withOwners((owners) => owners.report(vpc));
  expect(report).toMatchObject({ epoch: 2, tables: TABLES + 1, failures: [] });
});

test('a table that goes between the look and the write, and an interface that is not there, are told and stop nothing', async () => {
  const { vpc, b } = aws.ground;
  const victim = await newTable(aws);
  aws.proxy.before = async (asked) => {
    if (asked.get('Action') !== 'CreateRoute' || asked.get('RouteTableId') !== victim) return;
    aws.proxy.before = async () => undefined;
    await deleteTable(aws, victim);
  };
  await run('routes');
  expect(await routesIn(aws)).toEqual(await allTo(b));
  const restore = await changeSlot('hub-b', { interface: 'eni-0123456789abcdef0' });
  const fresh = await newTable(aws);
  await run('routes');
  expect((await routesIn(aws)).get(fresh)).toBeUndefined();
  const reason = expect.stringContaining('eni-0123456789abcdef0');
  await eventually(async () =>
    expect((await withOwners((owners) => owners.report(vpc)))?.failures).toEqual([
      { table: fresh, destination: POOL, reason },
    ]),
  );
  expect(await routesInPlace('hub-b')).toMatchObject({ status: 'False' });
  await restore();
  await run('routes');
  expect(await routesIn(aws)).toEqual(await allTo(b));
});

test('what the stream did not tell, the sweep finds', async () => {
  const { ministack, outputs } = aws;
  await stopStream();
  const before = await documentOf(agent('hub-a'));
  await emptyQueues();
  const service = { metadata: { name: 'shop' }, spec: { address: '10.1.0.10', port: 8080 } };
  const route = {
    metadata: { name: 'lost' },
    spec: { host: 'lost.example.com', service: { site: 'berlin', name: 'shop' } },
  };
  for (const [path, body] of [
    ['sites/berlin/services', service],
    ['routes', route],
  ] as const)
    expect((await aws.call('POST', `/v1/tenants/main/${path}`, { body })).status).toBe(201);
  await pause(QUIET_MS);
  expect((await documentOf(agent('hub-a'))).signed).toEqual(before.signed);
  await run('sweep');
  for (const hub of HUBS) {
    await toldOf(hub, `hub.${hub}`);
    const { document } = await documentOf(agent(hub));
    expect(JSON.stringify(document.leaves['routes/main'])).toContain('lost.example.com');
  }
  await setStream(ministack, outputs.StreamFunction, true);
});

test('the scheduler itself calls the function with what the template says', async () => {
  const schedules = await schedulesOf(aws.ministack);
  const found = schedules.map(({ schedule }) => [schedule.Target.Input, schedule.ScheduleExpression]);
  expect(found.toSorted()).toEqual([
    ['{"do":"routes"}', 'rate(1 minute)'],
    ['{"do":"sweep"}', 'rate(15 minutes)'],
  ]);
  // Nothing else may repair what is broken here.
  await stopStream();
  const [, table = ''] = aws.ground.tables;
  await dropRoutes(aws, [table]);
  const routes = schedules.find(({ schedule }) => schedule.Target.Input.includes('routes'));
  // MiniStack looks every ten seconds whether a schedule is due; by this it is at the next look.
  await routes?.setExpression('rate(0 minutes)');
  await eventually(async () => expect((await routesIn(aws)).get(table)).toBe(aws.ground.b), STREAM_MS_MAX);
  await routes?.setExpression('rate(1 minute)');
  await setStream(aws.ministack, aws.outputs.StreamFunction, true);
});

test("resources in a user's own stack are made, changed and deleted with it", async () => {
  const { apiHost, ministack, outputs } = aws;
  // The API's name is not resolved in a function here, so it is called by its other address.
  const url = `${ministack.url}/_aws/execute-api/${apiHost.split('.')[0]}/$default`;
  const synthesize = async (name: string, prefixes: readonly string[]) => {
    const wanted: UserWanted = { url, secret: outputs.AdminSecret, prefixes };
    const into = aws.scratch(name);
    await aws.cdk.synthesize(USER_APP, { into, environment: { ISTHMUS_USER: JSON.stringify(wanted) } });
    return into;
  };
  const [first, second] = await Promise.all([
    synthesize('first', ['10.7.1.0/24']),
    synthesize('second', ['10.7.1.0/24', '10.7.2.0/24']),
  ]);
  const site = async () => (await aws.call('GET', '/v1/tenants/main/sites/paris')).json;
  const made = await aws.cdk.deploy(first);
  expect(made['Virtual']).toBe((await site()).status.prefixes[0].virtual);
  const routes = await aws.call('GET', '/v1/tenants/main/routes');
  expect(routes.json.items).toContainEqual(
    expect.objectContaining({ spec: expect.objectContaining({ host: 'shop.example.com' }) }),
  );
  const changed = await aws.cdk.deploy(second);
  expect((await site()).spec.prefixes).toEqual(['10.7.1.0/24', '10.7.2.0/24']);
  expect(changed['Virtual']?.split(' ')).toHaveLength(2);
  await aws.cdk.destroy(second);
  for (const path of ['sites/paris', 'sites/berlin'])
    expect([path, (await aws.call('GET', `/v1/tenants/main/${path}`)).status]).toEqual([
      path,
      path === 'sites/paris' ? 404 : 200,
    ]);
});

test("destroying the stack takes our routes out of the VPC, and nobody else's", async () => {
  await aws.destroy();
  const left = await routesIn(aws);
  expect([...left].filter(([, target]) => target !== undefined)).toEqual([[foreign.table, foreign.target]]);
});

/** Every table of the VPC with its route to this interface, but for the foreign one. */
async function allTo(target: string): Promise<Map<string, string>> {
  const tables = [...(await routesIn(aws)).keys()];
  return new Map(tables.map((table) => [table, table === foreign.table ? foreign.target : target]));
}

/** Until nothing that was on its way is done any more. */
async function stopStream(): Promise<void> {
  await setStream(aws.ministack, aws.outputs.StreamFunction, false);
  await quiet(() => recordsHanded(aws.ministack, aws.outputs.StreamFunction));
}

/** Until a figure stands still for a while. */
async function quiet(figure: () => number): Promise<void> {
  for (let before = -1; before !== figure(); ) {
    before = figure();
    await pause(QUIET_MS);
  }
}

/** Changes a hub's slot as its owner would; answers what changes it back. */
async function changeSlot(name: string, change: object): Promise<() => Promise<void>> {
  const put = (changeOf: (slot: object) => object) =>
    eventually(async () => {
      const { header, json } = await aws.call('GET', `/v1/hubs/${name}`);
      const body = { spec: { ...json.spec, slot: changeOf(json.spec.slot) } };
      const headers = { 'if-match': header('etag') ?? '' };
      expect((await aws.call('PUT', `/v1/hubs/${name}`, { body, headers })).status).toBe(200);
      return json.spec.slot;
    });
  const before = await put((slot) => ({ ...slot, ...change }));
  return async () => {
    await put(() => before);
  };
}
