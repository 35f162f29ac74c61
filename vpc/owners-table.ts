/**
 * Who owns a VPC's routes, and the last report of them: two items in the deployment's table, by the raw client, as hubs
 * have it. Ownership moves by one conditional write; nothing here decides when.
 */
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { RouteOwner, RoutesReport } from '../protocol/slot.ts';
import type { Owners } from './port.ts';

type Row = Record<string, AttributeValue>;

export function createOwners(client: DynamoDBClient, tableName: string): Owners {
  const read = async (vpc: string, part: Part) => {
    const query = { TableName: tableName, Key: keyOf(vpc, part), ConsistentRead: true };
    const { Item } = await client.send(new GetItemCommand(query));
    return Item;
  };
  const readOwner = async (vpc: string) => {
    const row = await read(vpc, 'owner');
    return row && ownerOf(vpc, row);
  };
  return {
    read: readOwner,
    claim: async (owner) => {
      try {
        await client.send(new PutItemCommand({ TableName: tableName, ...claimOf(owner) }));
        return 'claimed';
      } catch (fault) {
        if (!(fault instanceof ConditionalCheckFailedException)) throw fault;
      }
      // The client sends again when an answer was lost; then the condition fails on what it wrote itself.
      return isSame(await readOwner(owner.vpc), owner) ? 'claimed' : 'stale';
    },
    report: async (vpc) => {
      const row = await read(vpc, 'report');
      return row && legibleReport(row['report']?.S ?? '');
    },
    writeReport: async (vpc, report) => {
      // `quiet`: no change that anybody waits for; the stream's filter leaves it out.
      const Item = { ...keyOf(vpc, 'report'), report: { S: JSON.stringify(report) }, quiet: { BOOL: true } };
      await client.send(new PutItemCommand({ TableName: tableName, Item }));
    },
  };
}

/** Hubs may write here too. What can't be read counts as none, and so is written anew. */
function legibleReport(text: string): RoutesReport | undefined {
  try {
    return RoutesReport.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

type Part = 'owner' | 'report';

function keyOf(vpc: string, part: Part): Row {
  return { pk: { S: `vpc#${vpc}` }, sk: { S: part } };
}

function claimOf({ vpc, hub, epoch, since, reason }: RouteOwner) {
  const Item = {
    ...keyOf(vpc, 'owner'),
    hub: { S: hub },
    epoch: { N: String(epoch) },
    since: { S: since },
    reason: { S: reason },
  };
  if (epoch === 1) return { Item, ConditionExpression: 'attribute_not_exists(pk)' };
  return {
    Item,
    ConditionExpression: '#epoch = :before',
    ExpressionAttributeNames: { '#epoch': 'epoch' },
    ExpressionAttributeValues: { ':before': { N: String(epoch - 1) } },
  };
}

function ownerOf(vpc: string, row: Row): RouteOwner {
  const { hub, epoch, since, reason } = row;
  return RouteOwner.parse({ vpc, hub: hub?.S, epoch: Number(epoch?.N), since: since?.S, reason: reason?.S });
}

function isSame(stored: RouteOwner | undefined, owner: RouteOwner): boolean {
  return stored?.epoch === owner.epoch && stored.hub === owner.hub && stored.since === owner.since;
}
