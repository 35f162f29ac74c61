/**
 * A process that writes to a table until it is killed: item after item, each printed once the store said that it is written.
 * Run as `node table-writer.ts DIRECTORY ROUND`.
 */
import { createStore } from '../../functions/store/table.ts';
import { openTable } from '../../local/table.ts';
import { site, siteKey } from '../functions/store/examples.ts';

const [directory = '', round = ''] = process.argv.slice(2);
const store = createStore(await openTable({ directory }));
for (let index = 0; ; index++) {
  const name = `round-${round}-${index}`;
  await store.create(site(name, { key: siteKey(name) }));
  await store.replace(site(name, { version: 2 }));
  process.stdout.write(`${name}\n`);
}
