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
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LivenessSender } from '../../edge-agent/link/liveness.ts';
import { recordsHanded, schedulesOf, setStream } from '../fixtures/ministack/calls.ts';
import { allTo, deleteBeforeWrite, dropRoutes, newTable, routesIn, signingRootsOf } from './aws-account.ts';
import {
  type Agent,
  agentOf,
  documentOf,
  enrolByRole,
  enrolByToken,
  instanceOf,
  newIdentity,
} from './aws-agents.ts';
import { type AwsStand, DOWNLOADS, POOL, raiseAws, TABLES, VPC_PREFIX } from './aws-stand.ts';
import {
  changeSpec,
  emptyQueues,
  HUBS,
  hubOf,
  publish,
  QUIET_MS,
  quiet,
  routesInPlace,
  runSchedule,
  STREAM_MS_MAX,
  stopStream,
  synthesizeUser,
  toldOf,
  withOwners,
} from './aws-steps.ts';
import { eventually, pause } from './eventually.ts';

let aws: AwsStand;
/** By the hub's name, once they have enrolled. */
const agents = new Map<string, Agent>();

beforeAll(async () => {
  aws = await raiseAws();
}, 240_000);

afterAll(async () => {
  await aws?.close();
});

function agent(name: string): Agent {
  const found = agents.get(name);
  if (found === undefined) throw new Error(`${name} has not enrolled`);
  return found;
}

test('a deployment has made its keys and what the estate begins with', async () => {
  const [root] = await signingRootsOf(aws.ministack);
  expect((await aws.call('GET', '/v1/deployment')).json).toMatchObject({ roots: [root] });
  const hubs = await Promise.all(HUBS.map((name) => hubOf(aws, name)));
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
  expect(installer.text).toContain(`${DOWNLOADS[0]?.name} ${DOWNLOADS[0]?.sha256}`);
  expect(installer.text).toContain(`signing_roots='${root?.publicKey}'`);
  const refused = await open('/v1/deployment');
  expect(refused.header('content-type')).toBe('application/problem+json');
  expect(refused.json).toMatchObject({ status: 401, code: 'unauthenticated' });
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
    expect(`${made.status} ${made.header('etag')} ${made.header('location')}`).toBe(
      '201 "1" /v1/tenants/acme',
    );
  }
  expect((await aws.call('POST', '/v1/tenants', { body: tenant.body })).json.code).toBe('already_exists');
  const spec = { allotment: ['10.1.0.0/16'], prefixes: ['10.1.0.0/24'] };
  const berlin = { metadata: { name: 'berlin' }, spec };
  expect((await aws.call('POST', '/v1/tenants/main/sites', { body: berlin })).status).toBe(201);
  const wider = { ...spec, prefixes: ['10.1.0.0/24', '10.1.1.0/24'] };
  await changeSpec(aws, '/v1/tenants/main/sites/berlin', () => wider);
  const late = { body: { spec: wider }, headers: { 'if-match': '"1"' } };
  expect((await aws.call('PUT', '/v1/tenants/main/sites/berlin', late)).json.code).toBe('stale');
  expect((await aws.call('GET', '/v1/tenants/main/sites/berlin')).json.status.prefixes).toHaveLength(2);
  const first = await aws.call('GET', '/v1/tenants?limit=1');
  const second = await aws.call('GET', `/v1/tenants?limit=1&page=${encodeURIComponent(first.json.next)}`);
  const names = [first, second].map(({ json }) => json.items[0].metadata.name);
  expect(names).toEqual(['acme', 'main']);
});

test('hubs enrol by their instance roles, no other role does, and their documents verify', async () => {
  for (const hub of HUBS) {
    const order = { hub, wireguardKey: (await hubOf(aws, hub)).spec.slot.publicKey, identity: newIdentity() };
    const other = await instanceOf(aws, hub === 'hub-a' ? 'hub-b' : 'hub-a');
    const refused = await enrolByRole(aws, { ...order, instance: other });
    expect(refused).toMatchObject({ kind: 'denied', code: 'proof_invalid' });
    const enrolled = await enrolByRole(aws, { ...order, instance: await instanceOf(aws, hub) });
    agents.set(hub, agentOf(aws, order.identity, enrolled));
    expect(agent(hub).roots).toEqual(await signingRootsOf(aws.ministack));
  }
  const { document } = await documentOf(agent('hub-a'));
  const { vpc, a, b } = aws.ground;
  const hubs = [{ interface: a }, { interface: b }];
  expect(document.leaves['slot']).toMatchObject({ vpc, destinations: [POOL], hubs });
  const stranger = { ...agent('hub-a'), roots: [{ id: '0123456789abcdef', publicKey: 'AAAA' }] };
  await expect(documentOf(stranger)).rejects.toThrow('unknown_root');
});

test('a write wakes reconcile by the stream: the documents follow, and every hub is told in its queue', async () => {
  const before = await documentOf(agent('hub-b'));
  await emptyQueues(aws);
  const token = {
    body: { spec: { site: 'berlin', approve: true } },
    headers: { 'idempotency-key': 'b'.repeat(20) },
  };
  const { secret } = (await aws.call('POST', '/v1/tenants/main/tokens', token)).json;
  expect((await aws.call('POST', '/v1/tenants/main/tokens', token)).json.secret).toBe(secret);
  const identity = newIdentity();
  const edge = agentOf(aws, identity, await enrolByToken(aws, secret, identity));
  const began = performance.now();
  const { document } = await documentOf(edge);
  console.log(`from the write to the signed document: ${Math.round(performance.now() - began)} ms`);
  expect(Object.keys(document.leaves)).toEqual(expect.arrayContaining(['hubs', 'network', 'self']));
  for (const hub of HUBS) await toldOf(aws, hub, edge.id);
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
  const { status } = await hubOf(aws, 'hub-a');
  expect(status.conditions).toContainEqual(expect.objectContaining({ type: 'Reporting', status: 'True' }));
  // The stream is in order: whatever is handed over of the heartbeats is so before this site, which is written twice.
  const site = { body: { metadata: { name: 'bern' }, spec: { allotment: ['10.2.0.0/16'] } } };
  expect((await aws.call('POST', '/v1/tenants/main/sites', site)).status).toBe(201);
  await eventually(async () => expect(handed()).toBeGreaterThanOrEqual(before + 2), STREAM_MS_MAX);
  await quiet(handed);
  expect(handed()).toBe(before + 2);
});

test(`the schedule gives ${TABLES} route tables and the main one to the first hub, and leaves a foreign route alone`, async () => {
  await runSchedule(aws, 'routes');
  const { a } = aws.ground;
  expect((await routesIn(aws)).size).toBe(TABLES + 1);
  expect(await routesIn(aws)).toEqual(await allTo(aws, a));
  expect((await hubOf(aws, 'hub-a')).status.owner).toMatchObject({ hub: 'hub-a', epoch: 1 });
  const { table, target } = aws.foreign;
  const statement = await routesInPlace(aws, 'hub-a');
  expect(statement).toMatchObject({ status: 'False', reason: 'ForeignRoute' });
  expect(statement.message).toContain(`${table} has a foreign route for ${POOL} to ${target}`);
});

test('a change of owner moves all tables, and drift is repaired, although every third call is throttled', async () => {
  const { vpc, b, tables } = aws.ground;
  const since = new Date().toISOString();
  const claim = { vpc, hub: 'hub-b', epoch: 2, since, reason: 'hub-b no longer hears hub-a' };
  expect(await withOwners(aws, (owners) => owners.claim(claim))).toBe('claimed');
  // The arbiter would take ownership from who has never reported.
  await new LivenessSender(agent('hub-b').caller, () => 0).send({ peers: [] });
  aws.proxy.throttleEvery = 3;
  await runSchedule(aws, 'routes');
  expect(await routesIn(aws)).toEqual(await allTo(aws, b));
  await dropRoutes(aws, tables.slice(1));
  await runSchedule(aws, 'routes');
  aws.proxy.throttleEvery = 0;
  expect(await routesIn(aws)).toEqual(await allTo(aws, b));
  expect(aws.proxy.throttled).toBeGreaterThan(TABLES / 2);
  const report = await withOwners(aws, (owners) => owners.report(vpc));
  expect(report).toMatchObject({ epoch: 2, tables: TABLES + 1, failures: [] });
});

test('a table that goes between the look and the write, and an interface that is not there, are told and stop nothing', async () => {
  const { vpc, b } = aws.ground;
  const victim = await newTable(aws);
  deleteBeforeWrite(aws, victim);
  await runSchedule(aws, 'routes');
  expect((await routesIn(aws)).has(victim)).toBe(false);
  expect(await routesIn(aws)).toEqual(await allTo(aws, b));
  expect(await withOwners(aws, (owners) => owners.report(vpc))).toMatchObject({ failures: [] });
  const setInterface = (id: string) =>
    changeSpec(aws, '/v1/hubs/hub-b', ({ slot, ...spec }) => ({ ...spec, slot: { ...slot, interface: id } }));
  await setInterface('eni-0123456789abcdef0');
  const fresh = await newTable(aws);
  await runSchedule(aws, 'routes');
  expect((await routesIn(aws)).get(fresh)).toBeUndefined();
  const reason = expect.stringContaining('eni-0123456789abcdef0');
  await eventually(async () =>
    expect((await withOwners(aws, (owners) => owners.report(vpc)))?.failures).toEqual([
      { table: fresh, destination: POOL, reason },
    ]),
  );
  expect(await routesInPlace(aws, 'hub-b')).toMatchObject({ status: 'False' });
  await setInterface(b);
  await runSchedule(aws, 'routes');
  expect(await routesIn(aws)).toEqual(await allTo(aws, b));
});

test('what the stream did not tell, the sweep finds', async () => {
  const { ministack, outputs } = aws;
  await stopStream(aws);
  const before = await documentOf(agent('hub-a'));
  await emptyQueues(aws);
  await publish(aws, 'lost.example.com');
  await pause(QUIET_MS);
  expect((await documentOf(agent('hub-a'))).signed).toEqual(before.signed);
  await runSchedule(aws, 'sweep');
  for (const hub of HUBS) {
    await toldOf(aws, hub, `hub.${hub}`);
    const { document } = await documentOf(agent(hub));
    expect(JSON.stringify(document.leaves['routes/main'])).toContain('lost.example.com');
  }
  await setStream(ministack, outputs.StreamFunction, true);
});

test('the scheduler itself calls the function with what the template says', async () => {
  const schedules = await schedulesOf(aws.ministack);
  const found = schedules.map(
    ({ schedule }) => [schedule.Target.Input, schedule.ScheduleExpression] as const,
  );
  const told = { '{"do":"routes"}': 'rate(1 minute)', '{"do":"sweep"}': 'rate(15 minutes)' };
  expect(Object.fromEntries(found)).toEqual(told);
  // Nothing else may repair what is broken here.
  await stopStream(aws);
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
  const [first, second] = await Promise.all([
    synthesizeUser(aws, ['10.7.1.0/24']),
    synthesizeUser(aws, ['10.7.1.0/24', '10.7.2.0/24']),
  ]);
  const site = async () => (await aws.call('GET', '/v1/tenants/main/sites/paris')).json;
  const made = await aws.cdk.deploy(first);
  expect(made['Virtual']).toBe((await site()).status.prefixes[0].virtual);
  const routes = await aws.call('GET', '/v1/tenants/main/routes');
  expect(routes.text).toContain('shop.example.com');
  const changed = await aws.cdk.deploy(second);
  expect((await site()).spec.prefixes).toEqual(['10.7.1.0/24', '10.7.2.0/24']);
  expect(changed['Virtual']?.split(' ')).toHaveLength(2);
  await aws.cdk.destroy(second);
  const left = await aws.call('GET', '/v1/tenants/main/sites');
  const names = left.json.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name);
  expect(names).toEqual(['berlin', 'bern', 'cloud']);
});

test("destroying the stack takes our routes out of the VPC, and nobody else's", async () => {
  await aws.destroy();
  const left = await routesIn(aws);
  const { table, target } = aws.foreign;
  expect([...left].filter(([, leadsTo]) => leadsTo !== undefined)).toEqual([[table, target]]);
});
