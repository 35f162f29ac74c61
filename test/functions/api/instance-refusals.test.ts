/** Enrolment of instances by their role: what is refused, in a table, and before or after whom is asked. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { FakeIdentityService } from '../../fakes/identity-service.ts';
import { type Bench, createBench, createHost, enrolmentOf } from './bench.ts';
import { make } from './estates.ts';
import {
  createSlotHub,
  type Enrolling,
  type Instance,
  instanceEnrolment,
  slotOf,
  startInstance,
  withCloud,
  withInstance,
} from './instances.ts';

type Body = ReturnType<typeof instanceEnrolment>;
type Stand = Awaited<ReturnType<typeof withInstance>>;

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

function altered(change: (headers: Record<string, string>) => Record<string, string>): Body {
  const body = bodyOf();
  return { ...body, instance: { ...body.instance, headers: change({ ...body.instance.headers }) } };
}

function without(name: string): Body {
  return altered((headers) => Object.fromEntries(Object.entries(headers).filter(([own]) => own !== name)));
}

describe('what is refused before anybody is asked whose signature it is', () => {
  const headers: [string, () => Body, RegExp][] = [
    ...['host', 'x-amz-date', 'x-isthmus-statement', 'x-isthmus-audience'].map(
      (name): [string, () => Body, RegExp] => [
        `a proof without ${name}`,
        () => without(name),
        new RegExp(`${name} is missing`),
      ],
    ),
    ['a proof without Authorization', () => without('authorization'), /no Signature Version 4/],
    [
      'a signed header that is not sent',
      () => without('x-amz-security-token'),
      /x-amz-security-token is missing/,
    ],
    [
      'a header that is not signed',
      () => altered((sent) => ({ ...sent, 'content-length': '43' })),
      /content-length is not signed/,
    ],
    [
      'a header that does not belong there',
      () => altered((sent) => ({ ...sent, 'x-forwarded-host': 'a' })),
      /x-forwarded-host/,
    ],
    [
      'a second Authorization header in another case',
      () => altered((sent) => ({ ...sent, Authorization: sent['authorization'] ?? '' })),
      /does not belong there: Authorization/,
    ],
    [
      'a second Authorization scheme',
      () => altered((sent) => ({ ...sent, authorization: `${sent['authorization']}, Bearer abc` })),
      /no Signature Version 4/,
    ],
    [
      'another Authorization scheme',
      () => altered((sent) => ({ ...sent, authorization: 'Bearer abc' })),
      /no Signature Version 4/,
    ],
    [
      'a signature for another service',
      () =>
        altered((sent) => ({
          ...sent,
          authorization: (sent['authorization'] ?? '').replace('/sts/', '/s3/'),
        })),
      /no Signature Version 4/,
    ],
    [
      'a header with a line break',
      () => altered((sent) => ({ ...sent, 'content-type': 'a\r\nhost: evil' })),
      /visible characters/,
    ],
    [
      'a header that is signed twice',
      () =>
        altered((sent) => ({
          ...sent,
          authorization: (sent['authorization'] ?? '').replace(';host;', ';host;host;'),
        })),
      /twice/,
    ],
    [
      'another region than it was signed for',
      () => {
        const body = bodyOf();
        return { ...body, instance: { ...body.instance, region: 'us-east-1' } };
      },
      /another region/,
    ],
    ['another host', () => bodyOf({ headers: { host: 'sts.evil.example' } }), /another host/],
    [
      'another day than that of its credential',
      () => altered((sent) => ({ ...sent, 'x-amz-date': '20260201T120000Z' })),
      /day of its credential/,
    ],
    [
      'the origin of another control plane',
      () => bodyOf({ headers: { 'x-isthmus-audience': 'https://other.example' } }),
      /another control plane than http:\/\/localhost/,
    ],
    [
      'the hash of another statement',
      () => bodyOf({ headers: { 'x-isthmus-statement': 'a'.repeat(64) } }),
      /another statement/,
    ],
    ['a date of 301 seconds ago', () => bodyOf({ now: at(-301) }), /within 300 seconds/],
    ['a date 301 seconds ahead', () => bodyOf({ now: at(301) }), /within 300 seconds/],
  ];

  test.each(headers)('%s', async (_, build, sentence) => {
    const before = bench.snapshot();
    const reply = await send(build());
    expect([reply.status, reply.json.code]).toEqual([401, 'proof_invalid']);
    expect(reply.json.detail).toMatch(sentence);
    expect(bench.snapshot()).toBe(before);
    expect(service.asked).toBe(0);
  });

  test('a statement that was altered, even if its host signs it anew with its own key', async () => {
    const { instance: proof } = bodyOf();
    const other = bodyOf({ statement: { hostname: 'else' } });
    expect((await send({ ...other, instance: proof })).json.detail).toMatch(/another statement/);
    expect((await send({ ...bodyOf(), proof: other.proof })).json.code).toBe('proof_invalid');
    expect(service.asked).toBe(0);
  });

  test.each([
    ['that is not there', 'nowhere'],
    ['without a slot', 'plain'],
  ])('a hub %s, with the same sentence', async (_, name) => {
    await make(bench, ['/v1/hubs', 'plain'], { endpoint: '198.51.100.10:51820' });
    const reply = await send(instanceEnrolment({ ...instance, hub: name }, { now: bench.clock.now() }));
    expect(reply.json.detail).toBe('There is no hub of this name that an instance may enrol as.');
    expect(service.asked).toBe(0);
  });

  const shapes: [string, (body: Body) => unknown, string][] = [
    [
      'a token and a hub',
      (body) => ({ ...body, statement: { ...body.statement, token: 'ist_x' } }),
      '/statement/hub',
    ],
    ['a hub without a proof of the instance', ({ statement, proof }) => ({ statement, proof }), '/instance'],
    [
      'a token with a proof of an instance',
      (body) => ({ ...enrolmentOf(createHost(), 'ist_x'), instance: body.instance }),
      '/instance',
    ],
    [
      'neither a token nor a hub',
      ({ statement, proof }) => ({ statement: { ...statement, hub: undefined }, proof }),
      '/statement/token',
    ],
  ];

  test.each(shapes)('%s is invalid', async (_, build, pointer) => {
    const reply = await send(build(bodyOf()));
    expect([reply.status, reply.json.code]).toEqual([422, 'invalid']);
    expect(reply.json.errors[0].pointer).toBe(pointer);
  });
});

describe('what is refused once it is known whose signature it is', () => {
  const others: [string, () => void, RegExp][] = [
    [
      'of the role of the other slot',
      () => {
        instance = { ...startInstance(service, 'b', 'i-00000002'), hub: 'hub-a' };
        instance = { ...instance, host: { ...instance.host, wireguardKey: slotOf('a').publicKey } };
      },
      /signed by the role isthmus-hub-b of the account 123456789012/,
    ],
    [
      'of a role of the same name in another account',
      () => {
        const { role } = slotOf('a');
        const credentials = service.start({ account: '999999999999', role, session: 'i-00000002' });
        instance = { ...instance, credentials };
      },
      /of the account 999999999999/,
    ],
    [
      'of a key that the service does not know',
      () => {
        instance = { ...instance, credentials: { keyId: 'ASIAFORGED', secret: 'guess', token: 'guess' } };
      },
      /did not take the signature/,
    ],
    [
      'with another WireGuard key than the slot has',
      () => {
        instance = { ...instance, host: { ...instance.host, wireguardKey: slotOf('b').publicKey } };
      },
      /WireGuard key is not the slot's/,
    ],
  ];

  test.each(others)('a proof %s', async (_, change, sentence) => {
    change();
    const before = bench.snapshot();
    const reply = await send(bodyOf());
    expect([reply.status, reply.json.code]).toEqual([401, 'proof_invalid']);
    expect(reply.json.detail).toMatch(sentence);
    expect(reply.text).not.toContain('secretsmanager');
    expect(bench.snapshot()).toBe(before);
    expect(service.asked).toBe(1);
  });

  test('a signature that was altered', async () => {
    const reply = await send(
      altered((sent) => ({
        ...sent,
        authorization: `${(sent['authorization'] ?? '').slice(0, -8)}00000000`,
      })),
    );
    expect(reply.json.detail).toMatch(/did not take the signature/);
  });

  test('a deployment on one machine has no instance roles', async () => {
    const own = await createBench();
    await withCloud(own);
    await createSlotHub(own, 'a');
    const reply = await send(bodyOf(), own);
    expect(reply.json).toMatchObject({ code: 'proof_invalid' });
    expect(reply.json.detail).toContain('This deployment has no instance roles');
  });
});
