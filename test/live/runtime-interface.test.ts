/**
 * The API's very bundle under AWS's runtime interface client, with events as API Gateway makes them, over a real table: paths,
 * queries, ETags and signatures survive the way, and the times of cold and warm invocations are printed.
 */
import { createHash, type KeyObject, sign } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import dynalite from 'dynalite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { median } from '../../bench/figures.ts';
import { ensureAdminKey } from '../../functions/api/admin-key.ts';
import { systemClock } from '../../functions/aws/clock.ts';
import { bundleFunction } from '../../functions/bundle.ts';
import { createStore } from '../../functions/store/table.ts';
import { createTable, TABLE_NAME } from '../../local/table.ts';
import { signatureBase, signatureHeaders } from '../../protocol/signature.ts';
import { type RunningFunction, runFunction } from '../fixtures/runtime-interface/start.ts';
import { createHost, enrolmentOf } from '../functions/api/bench.ts';

const HOST = 'abcd1234.execute-api.eu-central-1.amazonaws.com';
const WARM_INVOCATIONS = 50;
/** The first time, the client is built; setup does that too. */
const BUILD_MS_MAX = 600_000;
const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };

const Answer = z.object({
  statusCode: z.int(),
  headers: z.record(z.string(), z.string()),
  body: z.string(),
  isBase64Encoded: z.literal(false),
});

let api: RunningFunction;
let admin: string;
let scratch: string;
let stopTable: () => Promise<void>;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'isthmus-runtime-'));
  const endpoint = await startTable(join(scratch, 'table'));
  const bundle = join(scratch, 'api');
  await bundleFunction('api', bundle);
  api = await runFunction({
    bundle,
    environment: {
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
      AWS_ENDPOINT_URL_DYNAMODB: endpoint,
      ISTHMUS_TABLE: TABLE_NAME,
      ISTHMUS_LEAVES: 'leaves',
      ISTHMUS_ROOTS: 'cm9vdA==',
      ISTHMUS_POOLS: '100.64.0.0/10',
      ISTHMUS_TOKEN_SECRET: 'token-secret',
      ISTHMUS_DOWNLOADS: 'https://downloads.example/install',
    },
  });
}, BUILD_MS_MAX);

afterAll(async () => {
  await api?.stop();
  await stopTable?.();
  await rm(scratch, { recursive: true, force: true });
});

/** A table with an admin key in it; answers its address. */
async function startTable(path: string): Promise<string> {
  const server = dynalite({ path, createTableMs: 0 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The table has no port.');
  const endpoint = `http://127.0.0.1:${address.port}`;
  const base = new DynamoDBClient({ endpoint, region: 'eu-central-1', credentials: CREDENTIALS });
  const client = DynamoDBDocumentClient.from(base, { marshallOptions: { removeUndefinedValues: true } });
  await createTable(client);
  admin = (await ensureAdminKey(createStore({ client, tableName: TABLE_NAME }), systemClock)) ?? '';
  stopTable = async () => {
    client.destroy();
    stopTable = async () => undefined;
    server.closeAllConnections();
    await promisify(server.close.bind(server))();
  };
  return endpoint;
}

interface Call {
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly isBase64Encoded?: boolean;
}

/** One request, as API Gateway's payload version 2 has it; by the admin unless `headers` say otherwise. */
async function call(method: string, path: string, { body, headers, isBase64Encoded = false }: Call = {}) {
  const [rawPath = '', rawQueryString = ''] = path.split('?');
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  const answer = Answer.parse(
    await api.invoke({
      version: '2.0',
      routeKey: '$default',
      rawPath,
      rawQueryString,
      headers: { host: HOST, ...type, ...(headers ?? { authorization: `Bearer ${admin}` }) },
      requestContext: {
        domainName: HOST,
        stage: '$default',
        http: { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1' },
      },
      ...(body === undefined ? {} : { body }),
      isBase64Encoded,
    }),
  );
  // Tests look into the answer freely.
  const json: ReturnType<typeof JSON.parse> = answer.headers['content-type']?.includes('json')
    ? JSON.parse(answer.body)
    : undefined;
  return { status: answer.statusCode, headers: answer.headers, text: answer.body, json };
}

/** Headers of a request that the agent signed, as its own client signs it. */
function signedBy(agent: { readonly id: string; readonly key: KeyObject }, method: string, path: string) {
  const [pathname = '', query] = path.split('?');
  const request = {
    method,
    path: pathname,
    query: query === undefined ? '' : `?${query}`,
    bodySha256: createHash('sha256').update('').digest('base64'),
  };
  const parameters = { createdSeconds: Math.floor(Date.now() / 1_000), keyId: agent.id };
  const signature = sign(null, Buffer.from(signatureBase(request, parameters)), agent.key);
  return signatureHeaders(request, parameters, signature.toString('base64'));
}

async function timed<T>(work: () => Promise<T>): Promise<readonly [T, number]> {
  const began = performance.now();
  const result = await work();
  return [result, performance.now() - began];
}

test('the first request is answered, and those after it in no time', async () => {
  const [first, coldMs] = await timed(() => call('GET', '/healthz', { headers: {} }));
  expect(first.json).toEqual({ status: 'ok' });
  const [, firstReadMs] = await timed(() => call('GET', '/v1/whoami'));
  const warmMs: number[] = [];
  for (let count = 0; count < WARM_INVOCATIONS; count += 1) {
    const [answer, ms] = await timed(() => call('GET', '/v1/tenants'));
    expect(answer.status).toBe(200);
    warmMs.push(ms);
  }
  console.log(
    `process and first answer ${coldMs.toFixed(0)} ms, first read of the table ${firstReadMs.toFixed(0)} ms, warm p50 ${median(warmMs).toFixed(1)} ms`,
  );
});

test('a tenant is made, read and changed by its ETag', async () => {
  const made = await call('POST', '/v1/tenants', {
    body: JSON.stringify({ metadata: { name: 'demo' }, spec: {} }),
  });
  expect([made.status, made.headers['etag'], made.headers['location']]).toEqual([
    201,
    '"1"',
    '/v1/tenants/demo',
  ]);
  const read = await call('GET', '/v1/tenants/demo');
  expect([read.json.metadata.name, read.headers['etag']]).toEqual(['demo', '"1"']);
  const change = {
    body: Buffer.from(JSON.stringify({ spec: { isolation: 'isolated' } })).toString('base64'),
    isBase64Encoded: true,
    headers: {
      authorization: `Bearer ${admin}`,
      'content-type': 'application/json; charset=utf-8',
      'if-match': '"1"',
    },
  };
  expect((await call('PUT', '/v1/tenants/demo', change)).json.spec.isolation).toBe('isolated');
  expect((await call('PUT', '/v1/tenants/demo', change)).json.code).toBe('stale');
});

test('an agent enrols by the origin that the API was reached by, and its signed request is admitted', async () => {
  const hub = { metadata: { name: 'hub1' }, spec: { endpoint: '198.51.100.1:51820' } };
  expect((await call('POST', '/v1/hubs', { body: JSON.stringify(hub) })).status).toBe(201);
  const token = await call('POST', '/v1/hubs/hub1/tokens', { body: '{"spec":{}}' });
  expect(token.json.install).toBe(
    `curl -fsSL https://${HOST}/install.sh | sh -s -- --token-file isthmus.token --role hub`,
  );
  const host = createHost();
  const enrolment = JSON.stringify(enrolmentOf(host, token.json.secret));
  const enrolled = await call('POST', '/v1/enrol', { headers: {}, body: enrolment });
  expect(enrolled.json).toMatchObject({ agent: 'hub.hub1', roots: [{ publicKey: 'cm9vdA==' }] });
  const agent = { id: 'hub.hub1', key: host.privateKey };
  const path = '/v1/agent/messages?cursor=a%2Bb.1&wait=20';
  const [messages, waitedMs] = await timed(() =>
    call('GET', path, { headers: signedBy(agent, 'GET', path) }),
  );
  expect(messages.json).toEqual({ changed: [], cursor: 'queue', againSeconds: 60 });
  expect(waitedMs).toBeLessThan(5_000);
  const forged = await call('GET', `${path}1`, { headers: signedBy(agent, 'GET', path) });
  expect(forged.json.code).toBe('unauthenticated');
});

test('what is wrong is told as a problem, with the id under which the log has it', async () => {
  expect((await call('GET', '/v1/nothing')).json.code).toBe('not_found');
  expect((await call('POST', '/v1/tenants', { body: '{' })).json.code).toBe('malformed');
  expect((await call('GET', '/v1/tenants', { headers: {} })).status).toBe(401);
  await stopTable();
  const broken = await call('GET', '/v1/tenants');
  expect([broken.status, broken.json.code]).toEqual([500, 'internal']);
  expect(api.log()).toContain(broken.headers['isthmus-request-id']);
});

test('a function that lacks a variable says which one', async () => {
  const bundle = join(scratch, 'api');
  const broken = await runFunction({ bundle, environment: { ISTHMUS_TABLE: 'isthmus' } });
  try {
    await expect(broken.invoke({})).rejects.toThrow('ISTHMUS_LEAVES');
  } finally {
    await broken.stop();
  }
});
