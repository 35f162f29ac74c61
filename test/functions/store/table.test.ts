/** The contract, on the store in memory and on the table that a single machine uses. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createStore } from '../../../functions/store/table.ts';
import { openTable } from '../../../local/table.ts';
import { memoryStore } from '../../fakes/memory-store.ts';
import { describeStore } from './contract.ts';

describeStore('memory', async (onChange) => ({
  store: memoryStore({ onChange }),
  close: async () => undefined,
}));

describeStore('the embedded table', async (onChange) => {
  const directory = await mkdtemp(join(tmpdir(), 'isthmus-store-'));
  const table = await openTable({ directory });
  return {
    store: createStore({ ...table, onChange }),
    async close() {
      await table.close();
      await rm(directory, { recursive: true });
    },
  };
});
