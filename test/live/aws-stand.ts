/**
 * The deployment in emulators, for the tests of it: the stack that the CDK deployed to MiniStack with the functions' real
 * bundles, whose calls to EC2 and STS go to moto, those to EC2 by a proxy that throttles and interferes when it is told to.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateRouteCommand, EC2Client } from '@aws-sdk/client-ec2';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { bundleFunction, FUNCTIONS } from '../../functions/bundle.ts';
import { exchange } from '../fixtures/ministack/calls.ts';
import { type Cdk, createCdk } from '../fixtures/ministack/cdk.ts';
import { ACCOUNT, type Ministack, REGION, startMinistack } from '../fixtures/ministack/start.ts';
import { type Ground, newGateway, newList, newVpc } from '../fixtures/moto/ground.ts';
import { Proxy } from '../fixtures/moto/proxy.ts';
import { startMoto } from '../fixtures/moto/start.ts';

const STACK_APP = 'test/infra/emulated-app.ts';
const LIST_ENTRIES_MAX = 20;
export const TABLES = 10;
/** The default one of a deployment. */
export const POOL = '100.64.0.0/10';
export const VPC_PREFIX = '10.99.0.0/16';

const Outputs = z.object({
  ApiUrl: z.url(),
  AdminSecret: z.string(),
  TableName: z.string(),
  DeadLettersUrl: z.url(),
  StreamFunction: z.string(),
  ScheduleFunction: z.string(),
});

export interface Reply {
  readonly status: number;
  /** Headers by lower-case name; what came twice is not read. */
  readonly header: (name: string) => string | undefined;
  readonly text: string;
  /** The answer as JSON; tests look into it freely. */
  readonly json: ReturnType<typeof JSON.parse>;
}

export interface CallOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** In place of the admin's; null: none. */
  readonly key?: string | null;
}

export interface AwsStand {
  readonly ministack: Ministack;
  readonly cdk: Cdk;
  readonly ground: Ground;
  /** Of whoever owns the account: it sees moto without the proxy. */
  readonly admin: EC2Client;
  readonly proxy: Proxy;
  readonly motoUrl: string;
  readonly prefixList: string;
  /** A route for the pool that somebody else has made before. */
  readonly foreign: { readonly table: string; readonly target: string };
  readonly outputs: z.infer<typeof Outputs>;
  /** `ID.execute-api...`, as API Gateway takes and hands on requests. */
  readonly apiHost: string;
  readonly adminKey: string;
  /** A request to the API through the emulated API Gateway, by the admin unless `key` says otherwise. */
  call(method: string, path: string, options?: CallOptions): Promise<Reply>;
  secret(id: string): Promise<string>;
  /** A path to write to; it goes with the stand. */
  scratch(name: string): string;
  /** Destroys the stack with the CDK; the emulators go on. */
  destroy(): Promise<void>;
  close(): Promise<void>;
}

/** What can be closed, in the order in which it was opened. */
type Opened = (() => unknown)[];

export async function raiseAws(): Promise<AwsStand> {
  const opened: Opened = [];
  const close = async () => {
    for (const end of opened.splice(0).reverse()) await end();
  };
  try {
    return { ...(await raise(opened)), close };
  } catch (fault) {
    await close();
    throw fault;
  }
}

async function raise(opened: Opened): Promise<Omit<AwsStand, 'close'>> {
  const scratch = await mkdtemp(join(tmpdir(), 'isthmus-aws-'));
  opened.push(() => rm(scratch, { recursive: true, force: true }));
  const emulated = await emulate(opened);
  const { ministack, motoUrl, proxyUrl: _, ...account } = emulated;
  const cdk = createCdk(ministack, scratch);
  const bundles = join(scratch, 'functions');
  const wanted = JSON.stringify({
    estate: estateOf(account.ground, account.prefixList),
    environment: functionsEnvironment(emulated),
    bundles,
  });
  const synthesized = join(scratch, 'isthmus.out');
  const synthesize = async () => {
    await bundle(bundles);
    await cdk.synthesize(STACK_APP, { into: synthesized, environment: { ISTHMUS_EMULATED: wanted } });
  };
  await Promise.all([cdk.bootstrap(), synthesize()]);
  const outputs = Outputs.parse(await cdk.deploy(synthesized));
  const secret = secretReader(ministack);
  const adminKey = await secret(outputs.AdminSecret);
  const { host: apiHost } = new URL(outputs.ApiUrl);
  return {
    ...account,
    ministack,
    motoUrl,
    cdk,
    outputs,
    apiHost,
    adminKey,
    secret,
    call: (method, path, options = {}) =>
      callApi({ port: ministack.port, host: apiHost, adminKey }, { method, path }, options),
    destroy: () => cdk.destroy(synthesized),
    scratch: (name) => join(scratch, name),
  };
}

/** The list that the installer is filled in with. */
export const DOWNLOADS = [{ name: 'agent.mjs', sha256: 'ab'.repeat(32) }];

/** Constructs for users take their bundle from where `npm run bundle` puts it. */
async function bundle(directory: string): Promise<void> {
  for (const name of FUNCTIONS)
    await (name === 'resource' ? bundleFunction(name) : bundleFunction(name, join(directory, name)));
  // What a deployment makes beforehand takes a minute; here one name and one hash stand for it.
  await writeFile(join(directory, 'api/downloads.json'), JSON.stringify(DOWNLOADS));
}

function functionsEnvironment({ ministack, proxyUrl, motoUrl }: Awaited<ReturnType<typeof emulate>>) {
  return {
    AWS_ENDPOINT_URL: ministack.url,
    // By a name, the client would put the bucket's before it, and names below `localhost` are not resolved.
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${ministack.port}`,
    AWS_ENDPOINT_URL_EC2: proxyUrl,
    AWS_ENDPOINT_URL_STS: motoUrl,
  };
}

/** Both emulators, and a VPC with what a deployment would find or make in it. */
async function emulate(opened: Opened) {
  const [ministack, moto] = await Promise.allSettled([startMinistack(), startMoto()]);
  for (const started of [ministack, moto])
    if (started.status === 'fulfilled') opened.push(() => started.value.close());
  if (ministack.status === 'rejected') throw ministack.reason;
  if (moto.status === 'rejected') throw moto.reason;
  const motoUrl = moto.value.url;
  const proxy = new Proxy(motoUrl);
  const proxyUrl = await proxy.listen();
  opened.push(() => proxy.close());
  const admin = new EC2Client({ endpoint: motoUrl, region: REGION, credentials: CREDENTIALS });
  opened.push(() => admin.destroy());
  const ground = await newVpc(admin, TABLES);
  const prefixList = await newList(admin, LIST_ENTRIES_MAX);
  const foreign = await addForeign(admin, ground);
  return { ministack: ministack.value, motoUrl, proxy, proxyUrl, admin, ground, prefixList, foreign };
}

async function addForeign(admin: EC2Client, { tables }: Ground): Promise<AwsStand['foreign']> {
  const [table = ''] = tables;
  const target = await newGateway(admin);
  const route = { RouteTableId: table, DestinationCidrBlock: POOL, GatewayId: target };
  await admin.send(new CreateRouteCommand(route));
  return { table, target };
}

export const CREDENTIALS = { accessKeyId: ACCOUNT, secretAccessKey: 'test' };

function estateOf({ vpc, a, b }: Ground, prefixListId: string) {
  return {
    vpc: { id: vpc, prefixes: [VPC_PREFIX], prefixListId },
    slots: [
      {
        name: 'hub-a',
        networkInterfaceId: a,
        privateAddress: '10.99.0.10',
        endpoint: '198.51.100.1:51820',
      },
      {
        name: 'hub-b',
        networkInterfaceId: b,
        privateAddress: '10.99.0.11',
        endpoint: '198.51.100.2:51820',
      },
    ],
  };
}

function secretReader({ url }: Ministack) {
  return async (id: string): Promise<string> => {
    const client = new SecretsManagerClient({ endpoint: url, region: REGION, credentials: CREDENTIALS });
    const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId: id }));
    client.destroy();
    return SecretString;
  };
}

interface ApiAt {
  readonly port: number;
  readonly host: string;
  readonly adminKey: string;
}

async function callApi(
  { port, host, adminKey }: ApiAt,
  call: { readonly method: string; readonly path: string },
  { body, headers, key = adminKey }: CallOptions,
): Promise<Reply> {
  const answer = await exchange(port, host, {
    ...call,
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const header = (name: string) => answer.headers[name]?.toString();
  const isJson = header('content-type')?.includes('json') === true;
  const { status, text } = answer;
  return { status, header, text, json: isJson ? JSON.parse(text) : undefined };
}
