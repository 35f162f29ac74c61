/**
 * An emulated cloud account for live tests: EC2, STS, SQS, secrets and a table of owners by moto, behind a proxy that the lab's
 * hosts reach. The proxy tells of each change of a route, can hold a request back, and times what the emulator takes.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  CreateManagedPrefixListCommand,
  CreateNetworkInterfaceCommand,
  CreateRouteTableCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { createTable, TABLE_NAME } from '../../local/table.ts';
import type { Slot } from '../../protocol/slot.ts';
import { startMoto } from '../fixtures/moto/start.ts';

const REGION = 'eu-central-1';
const ACCOUNT = '123456789012';
const PORT = 4566;

/** A route that was made or moved by a call that EC2 answered well. */
export interface RouteMove {
  readonly table: string;
  readonly destination: string;
  readonly interface: string;
  /** What the emulator took, milliseconds. */
  readonly tookMs: number;
}

export interface AccountSlot {
  readonly slot: Slot;
  /** Of the instance role, for the agent's process. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface Account {
  readonly region: string;
  readonly url: string;
  readonly ec2: EC2Client;
  readonly dynamodb: DynamoDBClient;
  readonly vpc: string;
  readonly tables: readonly string[];
  /** Table that says who owns the routes. */
  readonly ownersTable: string;
  slot(hub: string, options: { readonly address: string; readonly keys: KeyPair }): Promise<AccountSlot>;
  /** Private address of a slot's interface. */
  addressOf(interfaceId: string): string | undefined;
  /** Calls the listener for every route that is made or moved from now on; the answer ends that. */
  onMove(listener: (move: RouteMove) => Promise<void>): () => void;
  /** Holds requests that match until the answer is called: an agent that stalls in the middle of a call. */
  hold(matches: (request: { readonly body: string; readonly key: string }) => boolean): () => void;
  close(): Promise<void>;
}

export interface KeyPair {
  readonly privateKey: string;
  readonly publicKey: string;
}

interface Held {
  readonly matches: Parameters<Account['hold']>[0];
  readonly released: Promise<void>;
}

/** `host`: address of the machine as the lab's hosts see it. */
export async function openAccount(host: string, routeTables: number): Promise<Account> {
  const moto = await startMoto();
  const listeners = new Set<(move: RouteMove) => Promise<void>>();
  const holds = new Set<Held>();
  const addresses = new Map<string, string>();
  const proxy = await startProxy({ target: moto.url, host, listeners, holds });
  const url = `http://${host}:${PORT}`;
  const settings = {
    region: REGION,
    endpoint: url,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  const clients = {
    ec2: new EC2Client(settings),
    dynamodb: new DynamoDBClient(settings),
    sqs: new SQSClient(settings),
    sts: new STSClient(settings),
    secrets: new SecretsManagerClient(settings),
  };
  const network = await makeNetwork(clients.ec2, routeTables);
  await createTable(DynamoDBDocumentClient.from(clients.dynamodb));
  return {
    region: REGION,
    url,
    ec2: clients.ec2,
    dynamodb: clients.dynamodb,
    vpc: network.vpc,
    tables: network.tables,
    ownersTable: TABLE_NAME,
    slot: async (hub, options) => {
      const made = await makeSlot({ clients, network, url, hub }, options);
      addresses.set(made.slot.interface, options.address);
      return made;
    },
    addressOf: (interfaceId) => addresses.get(interfaceId),
    onMove: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    hold: (matches) => {
      const { opened, open } = gate();
      const held = { matches, released: opened };
      holds.add(held);
      return () => {
        holds.delete(held);
        open();
      };
    },
    close: async () => {
      for (const client of Object.values(clients)) client.destroy();
      proxy.closeAllConnections();
      proxy.close();
      await moto.close();
    },
  };
}

/** A promise and the call that fulfils it. */
function gate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

function environmentOf(url: string, key: string, secret: string): Record<string, string> {
  return { AWS_ENDPOINT_URL: url, AWS_REGION: REGION, AWS_ACCESS_KEY_ID: key, AWS_SECRET_ACCESS_KEY: secret };
}

interface ProxyOptions {
  readonly target: string;
  readonly host: string;
  readonly listeners: ReadonlySet<(move: RouteMove) => Promise<void>>;
  readonly holds: ReadonlySet<Held>;
}

async function startProxy({ target, host, listeners, holds }: ProxyOptions) {
  const server = createServer((request, response) => {
    void forward(request).then(
      ({ status, headers, body }) => response.writeHead(status, headers).end(body),
      (cause: unknown) => response.writeHead(502).end(String(cause)),
    );
  });
  const forward = async (request: IncomingMessage) => {
    const body = Buffer.concat(await request.toArray());
    const key = /Credential=([^/]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const text = body.toString('utf8');
    for (const held of holds) if (held.matches({ body: text, key })) await held.released;
    const began = performance.now();
    const answer = await fetch(`${target}${request.url ?? '/'}`, {
      method: request.method ?? 'GET',
      headers: forwarded(request),
      ...(body.length > 0 ? { body } : {}),
    });
    const answered = Buffer.from(await answer.arrayBuffer());
    const move = answer.ok ? moveOf(text, performance.now() - began) : undefined;
    if (move !== undefined) await Promise.all([...listeners].map((listener) => listener(move)));
    const type = answer.headers.get('content-type') ?? 'text/xml';
    return { status: answer.status, headers: { 'content-type': type }, body: answered };
  };
  server.listen(PORT, host);
  await once(server, 'listening');
  return server;
}

const HOP_BY_HOP = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'expect']);

function forwarded(request: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers))
    if (typeof value === 'string' && !HOP_BY_HOP.has(name)) headers.set(name, value);
  return headers;
}

function moveOf(body: string, tookMs: number): RouteMove | undefined {
  const query = new URLSearchParams(body);
  if (!['ReplaceRoute', 'CreateRoute'].includes(query.get('Action') ?? '')) return undefined;
  return {
    table: query.get('RouteTableId') ?? '',
    destination: query.get('DestinationCidrBlock') ?? query.get('DestinationPrefixListId') ?? '',
    interface: query.get('NetworkInterfaceId') ?? '',
    tookMs,
  };
}

interface Network {
  readonly vpc: string;
  readonly subnet: string;
  readonly tables: readonly string[];
  readonly prefixList: string;
}

async function makeNetwork(ec2: EC2Client, routeTables: number): Promise<Network> {
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '172.31.0.0/24' }));
  const vpc = present(Vpc?.VpcId);
  const { Subnet } = await ec2.send(new CreateSubnetCommand({ VpcId: vpc, CidrBlock: '172.31.0.0/24' }));
  const tables: string[] = [];
  for (let made = 0; made < routeTables; made += 1) {
    const { RouteTable } = await ec2.send(new CreateRouteTableCommand({ VpcId: vpc }));
    tables.push(present(RouteTable?.RouteTableId));
  }
  const { PrefixList } = await ec2.send(
    new CreateManagedPrefixListCommand({ PrefixListName: 'isthmus', MaxEntries: 20, AddressFamily: 'IPv4' }),
  );
  return { vpc, subnet: present(Subnet?.SubnetId), tables, prefixList: present(PrefixList?.PrefixListId) };
}

interface SlotPlace {
  readonly clients: {
    readonly ec2: EC2Client;
    readonly sqs: SQSClient;
    readonly sts: STSClient;
    readonly secrets: SecretsManagerClient;
  };
  readonly network: Network;
  readonly url: string;
  readonly hub: string;
}

async function makeSlot(
  { clients, network, url, hub }: SlotPlace,
  { address, keys }: { readonly address: string; readonly keys: KeyPair },
): Promise<AccountSlot> {
  const { NetworkInterface } = await clients.ec2.send(
    new CreateNetworkInterfaceCommand({ SubnetId: network.subnet, PrivateIpAddress: address }),
  );
  const { QueueUrl } = await clients.sqs.send(new CreateQueueCommand({ QueueName: `isthmus-${hub}` }));
  const secret = `isthmus/${hub}`;
  await clients.secrets.send(new CreateSecretCommand({ Name: secret, SecretString: JSON.stringify(keys) }));
  const role = `isthmus-${hub}`;
  const { Credentials } = await clients.sts.send(
    new AssumeRoleCommand({ RoleArn: `arn:aws:iam::${ACCOUNT}:role/${role}`, RoleSessionName: `i-${hub}` }),
  );
  const slot: Slot = {
    account: ACCOUNT,
    role,
    vpc: network.vpc,
    interface: present(NetworkInterface?.NetworkInterfaceId),
    address,
    publicKey: keys.publicKey,
    secret,
    queue: present(QueueUrl),
    table: TABLE_NAME,
    prefixList: network.prefixList,
  };
  const environment = {
    ...environmentOf(url, present(Credentials?.AccessKeyId), present(Credentials?.SecretAccessKey)),
    AWS_SESSION_TOKEN: present(Credentials?.SessionToken),
  };
  return { slot, environment };
}

function present(value: string | undefined): string {
  if (value === undefined) throw new Error('the emulator left an id out');
  return value;
}
