/** Enrolment of instances by their role: what a replacement changes, and what a replay cannot. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { proveRole } from '../../../edge-agent/cloud/prove.ts';
import { createReconciler } from '../../../functions/reconcile/reconcile.ts';
import type { FakeIdentityService } from '../../fakes/identity-service.ts';
import { deployment } from '../reconcile/deployment.ts';
import { type Bench, callAs, createHost } from './bench.ts';
import { edit, enrol, make, SITE, tokenFor } from './estates.ts';
import {
  type Enrolling,
  enrolInstance,
  hubSpec,
  type Instance,
  instanceEnrolment,
  ORIGIN,
  REGION,
  slotOf,
  startInstance,
  withInstance,
} from './instances.ts';

type Body = ReturnType<typeof instanceEnrolment>;
type Stand = Awaited<ReturnType<typeof withInstance>>;

afterEach(() => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
});

let bench: Bench;
let service: FakeIdentityService;
let instance: Instance;
let send: Stand['send'];
let at: Stand['at'];

beforeEach(async () => {
  ({ bench, service, instance, send, at } = await withInstance());
});

/** Of the instance that a test has chosen last. */
function bodyOf(more: Partial<Enrolling> = {}): Body {
  return instanceEnrolment(instance, { now: bench.clock.now(), ...more });
}

test('an instance with the role of the slot enrols as its hub, and the log names it', async () => {
  const reply = await enrolInstance(bench, instance);
  expect(reply.status, reply.text).toBe(200);
  expect(reply.json).toMatchObject({ agent: 'hub.hub-a', role: 'hub', approved: true });
  const call = await callAs(
    bench,
    { id: 'hub.hub-a', host: instance.host },
    { method: 'GET', path: '/v1/agent/messages' },
  );
  expect(call.status).toBe(200);
  expect(bench.snapshot()).toContain('Hub hub-a enrolled from instance i-00000001, host host-1.');
});

test('what the agent itself signs is taken', async () => {
  const { keyId, secret, token } = instance.credentials;
  vi.stubEnv('AWS_ACCESS_KEY_ID', keyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', secret);
  vi.stubEnv('AWS_SESSION_TOKEN', token);
  vi.useFakeTimers({ now: Date.parse(bench.clock.now()), toFake: ['Date'] });
  const body = bodyOf();
  const statementHash = body.instance.headers['x-isthmus-statement'] ?? '';
  const proof = await proveRole({ region: REGION, statementHash, audience: ORIGIN });
  const reply = await send({ ...body, instance: proof });
  expect(reply.status, reply.text).toBe(200);
});

describe('a replacement', () => {
  test('takes over the identity; the one before is out', async () => {
    await enrolInstance(bench, instance);
    bench.clock.pass(60);
    const next = startInstance(service, 'a', 'i-00000002');
    expect((await enrolInstance(bench, next)).status).toBe(200);
    const ask = { method: 'GET', path: '/v1/agent/messages' };
    expect((await callAs(bench, { id: 'hub.hub-a', host: instance.host }, ask)).status).toBe(401);
    expect((await callAs(bench, { id: 'hub.hub-a', host: next.host }, ask)).status).toBe(200);
    expect(bench.snapshot()).toContain(
      'instance i-00000002, host host-1. The identity of the host before was replaced.',
    );
  });

  test('changes no document of any edge, byte for byte, and none of any hub', async () => {
    await make(bench, ['/v1/tenants/acme/sites', 'berlin'], SITE);
    await enrol(bench, await tokenFor(bench));
    await enrol(bench, await tokenFor(bench));
    const { dependencies } = deployment(() => bench.store);
    const agents = ['edge.acme.berlin', 'edge.acme.berlin-2', 'hub.hub-a', 'hub.hub-b'];
    const compiled = async () => {
      await createReconciler(dependencies).sweep();
      return JSON.stringify(await Promise.all(agents.map((agent) => bench.store.document(agent))));
    };
    const before = await compiled();
    expect(JSON.parse(before).every((one: unknown) => one !== null)).toBe(true);
    await enrolInstance(bench, instance);
    expect(await compiled()).toBe(before);
    bench.clock.pass(60);
    await enrolInstance(bench, startInstance(service, 'a', 'i-00000002'));
    expect(await compiled()).toBe(before);
    const rotated = hubSpec('a', { slot: slotOf('a', { publicKey: createHost().wireguardKey }) });
    expect((await edit(bench, '/v1/hubs/hub-a', rotated)).status).toBe(200);
    expect(await compiled()).not.toBe(before);
  });

  test('sent again gets the same answer, and writes nothing', async () => {
    const body = bodyOf();
    const first = await send(body);
    const stored = bench.snapshot();
    bench.clock.pass(30);
    expect((await send(body)).text).toBe(first.text);
    expect(bench.snapshot()).toBe(stored);
  });

  test('many at once of one statement get one answer', async () => {
    const body = bodyOf();
    const replies = await Promise.all(Array.from({ length: 8 }, () => send(body)));
    expect(new Set(replies.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
  });

  test('an older statement, replayed in time, does not bring its key back', async () => {
    const old = bodyOf();
    await send(old);
    bench.clock.pass(5);
    const next = startInstance(service, 'a', 'i-00000002');
    await enrolInstance(bench, next);
    const stored = bench.snapshot();
    const reply = await send(old);
    expect([reply.status, reply.json.code]).toEqual([401, 'proof_invalid']);
    expect(reply.json.detail).toMatch(/signed later/);
    expect(bench.snapshot()).toBe(stored);
  });

  test('of two statements of one second the first to arrive stands', async () => {
    const second = startInstance(service, 'a', 'i-00000002');
    expect((await send(bodyOf())).status).toBe(200);
    expect((await enrolInstance(bench, second)).json.detail).toMatch(/same second/);
  });

  test('a statement between two enrolments of one instance comes too late', async () => {
    await enrolInstance(bench, instance);
    bench.clock.pass(5);
    const late = instanceEnrolment(startInstance(service, 'a', 'i-00000002'), { now: bench.clock.now() });
    bench.clock.pass(5);
    expect((await enrolInstance(bench, instance)).status).toBe(200);
    expect((await send(late)).json.detail).toMatch(/signed later/);
  });

  test('a statement from before the hub was created does not count', async () => {
    const reply = await send(bodyOf({ now: at(-1) }));
    expect(reply.json.detail).toMatch(/older than the hub/);
  });
});
