/**
 * The deployment's table in DynamoDB: the store, and who owns the routes of VPCs. Its client is loaded at the start, because
 * hardly a request does without.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { createOwners } from '../../vpc/owners-table.ts';
import type { Owners } from '../../vpc/port.ts';
import type { Store } from '../store/port.ts';
import { createStore } from '../store/table.ts';
import { LIMITS } from './limits.ts';

export interface Table {
  readonly store: Store;
  readonly owners: Owners;
}

export function openTable(tableName: string): Table {
  const base = new DynamoDBClient(LIMITS);
  const client = DynamoDBDocumentClient.from(base, { marshallOptions: { removeUndefinedValues: true } });
  return { store: createStore({ client, tableName }), owners: createOwners(base, tableName) };
}
