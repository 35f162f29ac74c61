/** Opens a table for a cost run: the embedded one in a process beside this, with a meter on its client. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import { createTable, TABLE_NAME } from '../local/table.ts';
import type { Meter } from './cost-meter.ts';

const READ_UNIT_BYTES = 4_096;
const Listening = z.looseObject({ port: z.int() });

export interface MeteredTable {
  readonly client: DynamoDBDocumentClient;
  /** The same, with raw attributes. */
  readonly base: DynamoDBClient;
  readonly tableName: string;
  /** Size of all that is in it, in whole units of a read: a little more than it is. */
  bytes(): Promise<number>;
  close(): Promise<void>;
}

/** An empty table. */
export async function openMeteredTable(meter: Meter): Promise<MeteredTable> {
  const directory = await mkdtemp(join(tmpdir(), 'isthmus-cost-'));
  const child = fork(new URL('cost-table.ts', import.meta.url), [directory]);
  const [told] = await once(child, 'message');
  const { port } = Listening.parse(told);
  const base = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'local',
    credentials: { accessKeyId: 'cost', secretAccessKey: 'cost' },
  });
  meter.watch(base);
  const client = DynamoDBDocumentClient.from(base, { marshallOptions: { removeUndefinedValues: true } });
  await createTable(client);
  return {
    client,
    base,
    tableName: TABLE_NAME,
    bytes: () => sizeOf(base),
    async close() {
      client.destroy();
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function sizeOf(base: DynamoDBClient): Promise<number> {
  let units = 0;
  for await (const page of paginateScan({ client: base }, { TableName: TABLE_NAME, ConsistentRead: true }))
    units += page.ConsumedCapacity?.CapacityUnits ?? 0;
  return units * READ_UNIT_BYTES;
}
