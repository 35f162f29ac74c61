/**
 * The store over one DynamoDB table with `pk` and `sk`: no index, no transactions, no rule of the product.
 * The client comes from the composition root, so that the table may be DynamoDB's or the embedded one.
 */
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { claimStore } from './claims.ts';
import { documentStore } from './documents.ts';
import { createTable } from './entities.ts';
import { eventStore } from './events.ts';
import { itemStore } from './items.ts';
import { ledgerStore } from './ledger.ts';
import { noticeStore } from './notices.ts';
import type { Change, ItemKey, Store } from './port.ts';
import { toldStore } from './told.ts';

export interface StoreOptions {
  readonly client: DynamoDBDocumentClient;
  readonly tableName: string;
  /**
   * Called after each resource that was created, replaced or purged, where no stream of the table does it.
   * A hint: what it throws is dropped, because the write stands and the sweep will see it.
   */
  readonly onChange?: (change: Change) => void | Promise<void>;
}

export function createStore(options: StoreOptions): Store {
  const table = createTable(options.client, options.tableName);
  return {
    ...itemStore(table, announcer(options.onChange)),
    ...ledgerStore(table),
    ...claimStore(table),
    ...documentStore(table),
    ...noticeStore(table),
    ...toldStore(table),
    ...eventStore(table),
  };
}

/** Turns the listener into one that cannot fail and is not waited for. */
export function announcer(onChange: StoreOptions['onChange']): (key: ItemKey) => void {
  const drop = () => undefined;
  return (key) => {
    if (onChange === undefined) return;
    const { kind, tenant, name } = key;
    Promise.resolve({ key: { kind, tenant, name } }).then(onChange).catch(drop);
  };
}
