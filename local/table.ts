/**
 * The table on one machine: an embedded DynamoDB-compatible store inside the process, kept in a directory.
 * It listens on the loopback address, on a port that the system picks, and answers nobody but its own client.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CreateTableCommand, DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import dynalite from 'dynalite';
import { checkUnused, writeOwner } from './table-lock.ts';
import type { Sync } from './table-sync.ts';
import { grouped, syncLogs, syncPath } from './table-sync.ts';

export const TABLE_NAME = 'isthmus';
/** Begins the name of a directory in which a table is being made. */
const MAKING = 'making-';
const ACTIVE_POLL_MS = 10;
const ACTIVE_POLLS_MAX = 500;

export interface LocalTable {
  readonly client: DynamoDBDocumentClient;
  readonly tableName: string;
  /** Ends the server and releases the directory. */
  readonly close: () => Promise<void>;
}

/** Opens the table kept in this directory, and makes it if there is none. One process at a time may have it open. */
export async function openTable(options: { readonly directory: string }): Promise<LocalTable> {
  const { directory } = options;
  const path = join(directory, 'leveldb');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  if (!(await exists(path))) await makeTable(directory, path);
  await checkUnused(directory, path);
  const running = await start(path);
  try {
    await untilActive(running.client);
    await writeOwner(directory);
    await sweep(directory);
  } catch (fault) {
    await running.close();
    throw fault;
  }
  return { ...running, tableName: TABLE_NAME };
}

/** dynalite has no way on from a crash while it makes a table: so it is made aside, and moved into place when it is whole. */
async function makeTable(directory: string, path: string): Promise<void> {
  const fresh = await mkdtemp(join(directory, MAKING));
  const running = await start(fresh);
  try {
    await createTable(running.client);
    await syncLogs(fresh);
  } finally {
    await running.close();
  }
  await rename(fresh, path).catch(ignoreNotEmpty);
  await syncPath(directory);
}

/** Another process was faster: its table stands, and the lock decides who may use it. */
function ignoreNotEmpty(fault: NodeJS.ErrnoException): void {
  if (fault.code !== 'ENOTEMPTY') throw fault;
}

/** Clears what processes left that were killed while they made the table. */
async function sweep(directory: string): Promise<void> {
  const names = await readdir(directory);
  for (const name of names.filter((name) => name.startsWith(MAKING)))
    await rm(join(directory, name), { recursive: true, force: true });
}

/** An empty table, ready for use: keys `pk` and `sk`, no index. */
export async function createTable(client: DynamoDBDocumentClient): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: TABLE_NAME,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    }),
  );
  await untilActive(client);
}

async function untilActive(client: DynamoDBDocumentClient): Promise<void> {
  for (let poll = 0; poll < ACTIVE_POLLS_MAX; poll++) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: TABLE_NAME }));
    if (Table?.TableStatus === 'ACTIVE') return;
    await pause(ACTIVE_POLL_MS);
  }
  throw new Error(`The table did not become active in ${ACTIVE_POLLS_MAX * ACTIVE_POLL_MS} ms`);
}

/** A server over the LevelDB at this path, and the only client that it answers. */
async function start(path: string): Promise<Omit<LocalTable, 'tableName'>> {
  const secret = randomBytes(16).toString('hex');
  const server = dynalite({ path, createTableMs: 0 });
  admitOnly(server, secret);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const base = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${portOf(server)}`,
    region: 'local',
    credentials: { accessKeyId: secret, secretAccessKey: secret },
  });
  syncWrites(
    base,
    grouped(() => syncLogs(path)),
  );
  const client = DynamoDBDocumentClient.from(base, { marshallOptions: { removeUndefinedValues: true } });
  const closeServer = promisify(server.close.bind(server));
  return {
    client,
    async close() {
      client.destroy();
      await closeServer();
    },
  };
}

/** dynalite checks no signature and lets any web page in: other users of the machine, and browsers, stay outside. */
function admitOnly(server: Server, secret: string): void {
  const handlers = server.listeners('request');
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    if (request.headers.authorization?.includes(`Credential=${secret}/`))
      for (const handle of handlers) Reflect.apply(handle, server, [request, response]);
    else response.writeHead(403).end();
  });
}

/** A write is answered when it would outlive a power cut. */
function syncWrites(client: DynamoDBClient, sync: Sync): void {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      if (/^(Put|Update|Delete)Item/.test(context.commandName ?? '')) await sync();
      return result;
    },
    { step: 'initialize', name: 'syncWrites' },
  );
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The table does not listen on a port');
  return address.port;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
