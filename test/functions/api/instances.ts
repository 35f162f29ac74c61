/** Hubs with slots for the tests of the API, and the instances that fill them: with roles, keys and signed proofs. */
import { createHash } from 'node:crypto';
import { canonicalJson, type Json } from '../../../protocol/canonical.ts';
import { ENROLMENT_CONTEXT, type InstanceProof } from '../../../protocol/enrolment.ts';
import type { Slot } from '../../../protocol/slot.ts';
import { type Credentials, FakeIdentityService, signIdentity } from '../../fakes/identity-service.ts';
import { type Bench, createBench, createHost, type Host, type Reply, statedBy } from './bench.ts';
import { make } from './estates.ts';

export const ACCOUNT = '123456789012';
export const REGION = 'eu-central-1';
/** Where the bench's requests come to. */
export const ORIGIN = 'http://localhost';
export const VPC = 'vpc-0123456789abcdef0';

/** The slot of the hub of this letter. */
export function slotOf(letter: string, more: Partial<Slot> = {}): Slot {
  const digits = createHash('sha256').update(letter).digest();
  return {
    account: ACCOUNT,
    role: `isthmus-hub-${letter}`,
    vpc: VPC,
    interface: `eni-${digits.toString('hex').slice(0, 17)}`,
    address: `172.31.0.${10 + ((digits[0] ?? 0) % 200)}`,
    publicKey: digits.toString('base64'),
    secret: `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:hub-${letter}`,
    queue: `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/hub-${letter}`,
    table: 'isthmus',
    ...more,
  };
}

export function hubSpec(letter: string, more: object = {}): Record<string, unknown> {
  const endpoint = `198.51.100.${letter.charCodeAt(0)}:51820`;
  return { endpoint, vpc: { tenant: 'acme', site: 'cloud' }, slot: slotOf(letter), ...more };
}

/** The tenant `acme` with its VPC `cloud`. */
export async function withCloud(bench: Bench): Promise<void> {
  await make(bench, ['/v1/tenants', 'acme']);
  const spec = { kind: 'vpc', allotment: ['172.31.0.0/16'], prefixes: ['172.31.0.0/24'] };
  await make(bench, ['/v1/tenants/acme/sites', 'cloud'], spec);
}

export function createSlotHub(bench: Bench, letter: string): Promise<Reply> {
  return make(bench, ['/v1/hubs', `hub-${letter}`], hubSpec(letter));
}

/** An instance in a slot: it has the slot's WireGuard key, and an identity of its own. */
export interface Instance {
  readonly hub: string;
  readonly host: Host;
  readonly credentials: Credentials;
}

export function startInstance(service: FakeIdentityService, letter: string, session: string): Instance {
  const { account, role, publicKey } = slotOf(letter);
  const credentials = service.start({ account, role, session });
  return { hub: `hub-${letter}`, host: { ...createHost(), wireguardKey: publicKey }, credentials };
}

export interface Enrolling {
  readonly now: string;
  readonly region?: string;
  /** Headers that the instance signs instead of its own. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Other members of the statement. */
  readonly statement?: Readonly<Record<string, Json>>;
}

/** What an instance sends to enrol. */
export function instanceEnrolment({ hub, host, credentials }: Instance, enrolling: Enrolling) {
  const { now, region = REGION, headers = {}, statement = {} } = enrolling;
  const stated = statedBy(host, { hub, advertise: [], ...statement });
  const purpose = {
    'x-isthmus-statement': hashOf(stated.statement),
    'x-isthmus-audience': ORIGIN,
    ...headers,
  };
  const instance: InstanceProof = signIdentity({ credentials, region, now, headers: purpose });
  return { ...stated, instance };
}

export function enrolInstance(bench: Bench, instance: Instance): Promise<Reply> {
  const body = instanceEnrolment(instance, { now: bench.clock.now() });
  return bench.call('POST', '/v1/enrol', { key: null, body });
}

function hashOf(statement: Json): string {
  return createHash('sha256')
    .update(ENROLMENT_CONTEXT + canonicalJson(statement))
    .digest('hex');
}

/** A deployment whose hubs `hub-a` and `hub-b` are slots, and an instance with the role of the first. */
export async function withInstance() {
  const service = new FakeIdentityService();
  const bench = await createBench({ identify: service.identify });
  await withCloud(bench);
  await createSlotHub(bench, 'a');
  await createSlotHub(bench, 'b');
  const instance = startInstance(service, 'a', 'i-00000001');
  return {
    bench,
    service,
    instance,
    send: (body: unknown, on = bench): Promise<Reply> => on.call('POST', '/v1/enrol', { key: null, body }),
    bodyOf: (more: Partial<Enrolling> = {}) =>
      instanceEnrolment(instance, { now: bench.clock.now(), ...more }),
    /** So many seconds from the bench's now. */
    at: (seconds: number) => new Date(Date.parse(bench.clock.now()) + seconds * 1_000).toISOString(),
  };
}
