/** The ledgers of the virtual pools, an item per /16. The version guards each write; there is no upsert. */
import { GetItemCommand } from 'dynamodb-toolbox/entity/actions/get';
import type { Condition } from 'dynamodb-toolbox/entity/actions/parseCondition';
import { PutItemCommand } from 'dynamodb-toolbox/entity/actions/put';
import type { IsthmusTable } from './entities.ts';
import { ledgerEntity } from './entities.ts';
import { ledgerKey } from './keys.ts';
import { pack, unpack } from './pack.ts';
import type { Ledger, Store } from './port.ts';
import { newMark, writeIf } from './write.ts';

type Ledgers = ReturnType<typeof ledgerEntity>;

export function ledgerStore(table: IsthmusTable): Pick<Store, 'ledger' | 'writeLedger'> {
  const ledgers = ledgerEntity(table);
  return {
    async ledger(block) {
      const { Item: row } = await read(ledgers, block).send();
      if (row === undefined) return { block, version: 0, taken: {} };
      // Packed by `put` below, under this key.
      return { block, version: row.version, taken: unpack(row.packed) as Ledger['taken'] };
    },
    writeLedger: async (ledger) => ((await put(ledgers, ledger)) ? 'written' : 'stale'),
  };
}

function put(ledgers: Ledgers, ledger: Ledger): Promise<boolean> {
  const { block, version, taken } = ledger;
  const mark = newMark();
  const condition: Condition<Ledgers> =
    version === 1 ? { attr: 'pk', exists: false } : { attr: 'version', eq: version - 1 };
  const command = ledgers
    .build(PutItemCommand)
    .item({ ...ledgerKey(block), version, mark, packed: pack(taken) })
    .options({ condition });
  return writeIf({
    send: () => command.send(),
    landed: async () => (await read(ledgers, block).send()).Item?.mark === mark,
  });
}

function read(ledgers: Ledgers, block: string) {
  return ledgers.build(GetItemCommand).key(ledgerKey(block)).options({ consistent: true });
}
