/**
 * The deployment's table in DynamoDB: the store, and who owns the routes of VPCs. Load it by `openTable` only: it pulls in the
 * whole client.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { createOwners } from '../../vpc/owners-table.ts';
import { createStore } from '../store/table.ts';
import { LIMITS } from './limits.ts';
import type { Table } from './table.ts';

export function connectTable(tableName: string): Table {
  const base = new DynamoDBClient(LIMITS);
  const client = DynamoDBDocumentClient.from(base, { marshallOptions: { removeUndefinedValues: true } });
  return { store: createStore({ client, tableName }), owners: createOwners(base, tableName) };
}
