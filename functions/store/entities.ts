/**
 * The table and the entities in it, for dynamodb-toolbox: attributes and their types, nothing else.
 * Timestamps and entity names of the toolbox are off: conditions rest on our own attributes only.
 */
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Entity } from 'dynamodb-toolbox/entity';
import { any } from 'dynamodb-toolbox/schema/any';
import { binary } from 'dynamodb-toolbox/schema/binary';
import { boolean } from 'dynamodb-toolbox/schema/boolean';
import { item } from 'dynamodb-toolbox/schema/item';
import { number } from 'dynamodb-toolbox/schema/number';
import { string } from 'dynamodb-toolbox/schema/string';
import { Table } from 'dynamodb-toolbox/table';

export type IsthmusTable = ReturnType<typeof createTable>;

export function createTable(client: DynamoDBDocumentClient, tableName: string) {
  return new Table({
    documentClient: client,
    name: tableName,
    partitionKey: { name: 'pk', type: 'string' },
    sortKey: { name: 'sk', type: 'string' },
  });
}

const KEY = { pk: string().key(), sk: string().key() };
/** No attribute for the entity's name (the key says it), and no times of the toolbox's own. */
const BARE = { entityAttribute: false, timestamps: false } as const;

/** `quiet`: the last write cleared the outbox and nothing else, so the stream's filter leaves it out. */
export function resourceEntity(table: IsthmusTable) {
  return new Entity({
    name: 'resource',
    table,
    ...BARE,
    schema: item({
      ...KEY,
      version: number(),
      generation: number(),
      createdAt: string(),
      updatedAt: string(),
      deletedAt: string().optional(),
      owner: string().optional(),
      mark: string(),
      spec: any(),
      status: any(),
      internal: any(),
      outbox: any(),
      quiet: boolean().optional(),
    }),
  });
}

export function ledgerEntity(table: IsthmusTable) {
  return new Entity({
    name: 'ledger',
    table,
    ...BARE,
    schema: item({ ...KEY, version: number(), mark: string(), packed: binary() }),
  });
}

/** `parts`: of how many the manifest is that stands beside it; absent if it is in the item. */
export function documentEntity(table: IsthmusTable) {
  return new Entity({
    name: 'document',
    table,
    ...BARE,
    schema: item({
      ...KEY,
      epoch: number(),
      generation: number(),
      mark: string(),
      parts: number().optional(),
      packed: binary(),
    }),
  });
}

export function manifestPartEntity(table: IsthmusTable) {
  return new Entity({ name: 'manifest part', table, ...BARE, schema: item({ ...KEY, packed: binary() }) });
}

/**
 * What an agent told last. `quiet` items are filtered out of the table's stream. `parts` and `round`, of liveness that
 * came in several requests: how many there are with this one, and in which round.
 */
export function noticeEntity(table: IsthmusTable) {
  return new Entity({
    name: 'notice',
    table,
    ...BARE,
    schema: item({
      ...KEY,
      at: string(),
      packed: binary(),
      quiet: boolean().optional(),
      parts: number().optional(),
      round: number().optional(),
    }),
  });
}

export function eventEntity(table: IsthmusTable) {
  return new Entity({ name: 'event', table, ...BARE, schema: item({ ...KEY, event: any() }) });
}

export function claimEntity(table: IsthmusTable) {
  return new Entity({ name: 'claim', table, ...BARE, schema: item({ ...KEY, tenant: string() }) });
}
