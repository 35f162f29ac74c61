/** What every store keeps to, whatever it stands on. `open` is called once a suite; each test uses names of its own. */
import { afterAll, beforeAll, describe } from 'vitest';
import type { Change, Store } from '../../../functions/store/port.ts';
import { describeDocuments, describeLedger, describeNotices, describeSizes } from './contract-agents.ts';
import {
  describeChanges,
  describeItems,
  describeOutboxes,
  describeOwners,
  describeRaces,
} from './contract-items.ts';
import { describeLargeDocuments, describeLargeLiveness, describeLargeRaces } from './contract-large.ts';
import { describeClaims, describeEvents } from './contract-log.ts';
import { describeKeys, describePages, describeRefusedPages } from './contract-pages.ts';
import { describeLargeTellings, describeTellings } from './contract-told.ts';

export interface OpenStore {
  readonly store: Store;
  readonly close: () => Promise<void>;
}

export type Open = (onChange: (change: Change) => void) => Promise<OpenStore>;

export function describeStore(name: string, open: Open): void {
  describe(`the store on ${name}`, () => {
    const changes: Change[] = [];
    const held: OpenStore[] = [];
    const store = () => {
      const [first] = held;
      if (first === undefined) throw new Error('The store is not open');
      return first.store;
    };
    beforeAll(async () => {
      held.push(await open((change) => changes.push(change)));
    });
    afterAll(async () => {
      for (const opened of held) await opened.close();
    });

    describeItems(store);
    describeOwners(store);
    describeOutboxes(store);
    describeRaces(store);
    describePages(store);
    describeRefusedPages(store);
    describeKeys(store);
    describeChanges(store, changes);
    describeLedger(store);
    describeDocuments(store);
    describeNotices(store);
    describeTellings(store);
    describeEvents(store);
    describeClaims(store);
    describeSizes(store);
    describeLargeDocuments(store);
    describeLargeRaces(store);
    describeLargeLiveness(store);
    describeLargeTellings(store);
  });
}
