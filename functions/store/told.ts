/** What the edges of clusters told last, a row a part, so that a small change writes little. It judges nothing. */
import { GetItemCommand } from 'dynamodb-toolbox/entity/actions/get';
import { PutItemCommand } from 'dynamodb-toolbox/entity/actions/put';
import { type IsthmusTable, noticeEntity } from './entities.ts';
import { toldKey } from './keys.ts';
import { pack, unpack } from './pack.ts';
import type { Store, Telling } from './port.ts';
import { write } from './write.ts';

export function toldStore(table: IsthmusTable): Pick<Store, 'told' | 'writeTold'> {
  const notices = noticeEntity(table);
  return {
    async told(cluster, parts) {
      const rows = await Promise.all(
        parts.map(async (part) => {
          const command = notices.build(GetItemCommand).key(toldKey(cluster, part));
          const { Item: row } = await command.options({ consistent: true }).send();
          return row === undefined ? [] : [[part, { at: row.at, value: unpack(row.packed) }] as const];
        }),
      );
      // Packed by `writeTold`, under these keys.
      return Object.fromEntries(rows.flat()) as Telling;
    },
    async writeTold(cluster, part, { at, value }) {
      const row = { ...toldKey(cluster, part), at, packed: pack(value), quiet: true };
      const command = notices.build(PutItemCommand).item(row);
      await write(() => command.send());
    },
  };
}
