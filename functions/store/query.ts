/** One query of one partition, ordered by sort key, read consistently. Paging is the caller's. */
import { QueryCommand } from 'dynamodb-toolbox/table/actions/query';
import type { IsthmusTable } from './entities.ts';

export interface PartitionQuery {
  readonly partition: string;
  readonly prefix: string | undefined;
  /** In place of the prefix: the least and the greatest sort key. */
  readonly bounds?: [string, string] | undefined;
  /** Sort key to go on after; it begins with the prefix. */
  readonly after: string | undefined;
  readonly limit: number;
  /** From the end. */
  readonly reverse: boolean;
}

/** Rows as stored, fewer than the limit where DynamoDB stopped at 1 MB; `more` says that it did. */
export async function queryPartition(table: IsthmusTable, query: PartitionQuery) {
  const answer = await commandOf(table, query).send();
  return { rows: answer.Items ?? [], more: answer.LastEvaluatedKey !== undefined };
}

export function commandOf(table: IsthmusTable, query: PartitionQuery) {
  const { partition, after, limit, reverse } = query;
  return table
    .build(QueryCommand)
    .query({ partition, ...rangeOf(query) })
    .options({
      consistent: true,
      limit,
      reverse,
      ...(after === undefined ? {} : { exclusiveStartKey: { pk: partition, sk: after } }),
    });
}

function rangeOf({ prefix, bounds }: PartitionQuery) {
  if (bounds !== undefined) return { range: { between: bounds } };
  return prefix === undefined || prefix === '' ? {} : { range: { beginsWith: prefix } };
}
