/** The resource function before the real API in memory: events go in, CloudFormation's address remembers the answers. */
import { z } from 'zod';
import { createResourceHandler } from '../../../functions/aws/resource.ts';
import type { ResourcePorts } from '../../../functions/aws/resource-client.ts';
import { createAllocator } from '../../../functions/reconcile/allocate.ts';
import { deliverAll } from '../../../functions/reconcile/sweep.ts';
import { ADMIN, type Bench, createBench } from '../api/bench.ts';

export const API = 'https://api.example.com';
export const ANSWERS = 'https://answers.example.com/signed';
export const STACK = 'arn:aws:cloudformation:eu-central-1:111122223333:stack/shop/0a1b2c3d';
const REMAINING_MS = 300_000;

/** What CloudFormation hears. */
export const Told = z.strictObject({
  Status: z.enum(['SUCCESS', 'FAILED']),
  Reason: z.string(),
  PhysicalResourceId: z.string(),
  StackId: z.string(),
  RequestId: z.string(),
  LogicalResourceId: z.string(),
  Data: z.record(z.string(), z.string()),
});
export type Told = z.infer<typeof Told>;

/** `busy` is not done and says so; `throttled` too; `lost` is done and not answered; `down` is neither; `stranger` is another web server. */
export type Fault = 'busy' | 'throttled' | 'lost' | 'down' | 'stranger' | 'fine';

export interface Declaration {
  readonly collection: string;
  readonly name: string;
  readonly spec: object;
}

export interface Order {
  readonly type: 'Create' | 'Update' | 'Delete';
  readonly declared: Declaration;
  readonly before?: Declaration;
  readonly physicalId?: string;
  readonly logicalId?: string;
  readonly stackId?: string;
  /** Over the properties that are made of `declared`. */
  readonly properties?: object;
}

export interface Stand {
  readonly bench: Bench;
  /** Requests to the API, `POST /v1/tenants`. */
  readonly calls: string[];
  /** What the next requests to the API meet, in order. */
  readonly faults: Fault[];
  /** Texts of the secret: each read takes the next one, the last one stays. */
  readonly keys: string[];
  /** Runs before a request to the API. */
  readonly before: Map<string, () => Promise<unknown>>;
  /** Every body that CloudFormation got. */
  readonly answers: string[];
  /** How many of the next answers do not reach CloudFormation. */
  unheard: number;
  pausedMs: number;
  send(order: Order): Promise<Told>;
}

export async function createStand(): Promise<Stand> {
  const bench = await createBench();
  let requests = 0;
  const stand: Stand = {
    bench,
    calls: [],
    faults: [],
    keys: [ADMIN],
    before: new Map(),
    answers: [],
    unheard: 0,
    pausedMs: 0,
    async send(order) {
      requests += 1;
      await handler(eventOf(order, `request-${requests}`), REMAINING_MS);
      return Told.parse(JSON.parse(stand.answers.at(-1) ?? ''));
    },
  };
  const handler = createResourceHandler(portsOf(stand));
  return stand;
}

function portsOf(stand: Stand): ResourcePorts {
  let key: string | undefined;
  return {
    fetch: (url, init) => (url === ANSWERS ? hear(stand, init) : callApi(stand, url, init)),
    async secret() {
      key ??= (stand.keys.length > 1 ? stand.keys.shift() : stand.keys[0]) ?? '';
      return key;
    },
    forget() {
      key = undefined;
    },
    nowMs: () => stand.pausedMs,
    async pause(delayMs) {
      stand.pausedMs += delayMs;
      await sweep(stand.bench);
    },
  };
}

async function hear(stand: Stand, init: RequestInit): Promise<Response> {
  if (stand.unheard > 0) {
    stand.unheard -= 1;
    return new Response('expired', { status: 403 });
  }
  if (!(init.body instanceof Uint8Array)) throw new Error('text gets a Content-Type');
  stand.answers.push(new TextDecoder().decode(init.body));
  return new Response();
}

async function callApi(stand: Stand, url: string, init: RequestInit): Promise<Response> {
  const call = `${init.method} ${url.replace(API, '')}`;
  stand.calls.push(call);
  await stand.before.get(call)?.();
  const fault = stand.faults.shift() ?? 'fine';
  if (fault === 'busy') return new Response('{"message":"Service Unavailable"}', { status: 503 });
  if (fault === 'throttled')
    return new Response('{"message":"Too Many Requests"}', { status: 429, headers: { 'retry-after': '7' } });
  if (fault === 'down') throw new TypeError('fetch failed', { cause: new Error('getaddrinfo ENOTFOUND') });
  if (fault === 'stranger') return new Response('<h1>Not Found</h1>', { status: 404 });
  const response = await stand.bench.api.request(url, init);
  if (fault === 'lost') throw new TypeError('fetch failed', { cause: new Error('other side closed') });
  return response;
}

/** What goes on in the background: what is deleted is freed. */
export async function sweep({ store, clock }: Bench): Promise<void> {
  const pools = ['100.64.0.0/10'];
  await deliverAll({ store, clock, pools, allocator: createAllocator({ store, clock, pools }) });
}

export function eventOf(order: Order, requestId: string): object {
  const { type, declared, before, physicalId, logicalId = 'Resource', stackId = STACK } = order;
  return {
    RequestType: type,
    ServiceToken: 'arn:aws:lambda:eu-central-1:111122223333:function:provider',
    ResponseURL: ANSWERS,
    StackId: stackId,
    RequestId: requestId,
    ResourceType: 'Custom::Isthmus',
    LogicalResourceId: logicalId,
    ...(physicalId === undefined ? {} : { PhysicalResourceId: physicalId }),
    ResourceProperties: { ...propertiesOf(declared), ...order.properties },
    ...(before === undefined ? {} : { OldResourceProperties: propertiesOf(before) }),
  };
}

function propertiesOf({ collection, name, spec }: Declaration): object {
  const own = { url: API, keySecret: 'isthmus/key', collection, name, spec: JSON.stringify(spec) };
  return { ServiceToken: 'arn:aws:lambda:eu-central-1:111122223333:function:provider', ...own };
}
