/** The resources in the table. Each write is one conditional put or delete, and never an upsert. */
import { DeleteItemCommand } from 'dynamodb-toolbox/entity/actions/delete';
import { EntityFormatter } from 'dynamodb-toolbox/entity/actions/format';
import { GetItemCommand } from 'dynamodb-toolbox/entity/actions/get';
import type { Condition } from 'dynamodb-toolbox/entity/actions/parseCondition';
import { PutItemCommand } from 'dynamodb-toolbox/entity/actions/put';
import { $set, UpdateItemCommand } from 'dynamodb-toolbox/entity/actions/update';
import type { IsthmusTable } from './entities.ts';
import { resourceEntity } from './entities.ts';
import { isPossible, isTenant, itemKey, partitionOf } from './keys.ts';
import { plain } from './pack.ts';
import { readPage } from './pages.ts';
import type { Item, ItemKey, Kind, Page, PageRequest, Store } from './port.ts';
import { queryPartition } from './query.ts';
import { newMark, writeIf } from './write.ts';

type Resources = ReturnType<typeof resourceEntity>;
type Announce = (key: ItemKey) => void;

export function itemStore(
  table: IsthmusTable,
  announce: Announce,
): Pick<Store, 'get' | 'list' | 'create' | 'replace' | 'clearOutbox' | 'purge'> {
  const resources = resourceEntity(table);
  return {
    get: (key) => get(resources, key),
    list: (kind, tenant, page) => list(resources, { kind, tenant }, page),
    async create(item) {
      const written = await put(resources, item, { attr: 'pk', exists: false });
      if (written) announce(item.key);
      return written ? 'written' : 'exists';
    },
    async replace(item) {
      // A successor of the name begins its versions anew, and is told apart by when it was created.
      const same: Condition<Resources> = {
        and: [
          { attr: 'version', eq: item.version - 1 },
          { attr: 'createdAt', eq: item.createdAt },
        ],
      };
      const written = await put(resources, item, same);
      if (written) announce(item.key);
      return written ? 'written' : 'stale';
    },
    clearOutbox: async (key, version) => ((await clear(resources, key, version)) ? 'cleared' : 'stale'),
    async purge(key, version) {
      const purged = await remove(resources, key, version);
      if (purged) announce(key);
      return purged ? 'purged' : 'stale';
    },
  };
}

async function get<K extends Kind>(resources: Resources, key: ItemKey<K>): Promise<Item<K> | undefined> {
  if (!isPossible(key)) return undefined;
  const { Item: row } = await read(resources, key).send();
  return row === undefined ? undefined : itemOf(key, row);
}

async function list<K extends Kind>(
  resources: Resources,
  of: { readonly kind: K; readonly tenant: string },
  page: PageRequest,
): Promise<Page<Item<K>>> {
  if (!isTenant(of.tenant)) return { items: [] };
  const partition = partitionOf(of.kind, of.tenant);
  const formatter = resources.build(EntityFormatter);
  return readPage(page, async (after, limit) => {
    const { prefix } = page;
    const answer = await queryPartition(resources.table, { partition, prefix, after, limit, reverse: false });
    const found = answer.rows.map((row) => formatter.format(row));
    const rows = found.map((row) => ({ sk: row.sk, value: itemOf({ ...of, name: row.sk }, row) }));
    return { rows, more: answer.more };
  });
}

function put(resources: Resources, item: Item, condition: Condition<Resources>): Promise<boolean> {
  const mark = newMark();
  const row = { ...itemKey(item.key), ...attributesOf(item), mark };
  const command = resources.build(PutItemCommand).item(row).options({ condition });
  return writeIf({
    send: () => command.send(),
    landed: async () => (await read(resources, item.key).send()).Item?.mark === mark,
  });
}

/** A put by whoever changes the item next takes `quiet` away with the rest of it. */
function clear(resources: Resources, key: ItemKey, version: number): Promise<boolean> {
  const command = resources
    .build(UpdateItemCommand)
    .item({ ...itemKey(key), outbox: $set([]), quiet: true })
    .options({ condition: { attr: 'version', eq: version } });
  // Sent twice it clears twice: the version is the same after it.
  return writeIf({ send: () => command.send(), landed: async () => false });
}

function remove(resources: Resources, key: ItemKey, version: number): Promise<boolean> {
  const command = resources
    .build(DeleteItemCommand)
    .key(itemKey(key))
    .options({ condition: { attr: 'version', eq: version } });
  return writeIf({
    send: () => command.send(),
    landed: async () => (await read(resources, key).send()).Item === undefined,
  });
}

function read(resources: Resources, key: ItemKey) {
  return resources.build(GetItemCommand).key(itemKey(key)).options({ consistent: true });
}

interface Attributes {
  readonly version: number;
  readonly generation: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly deletedAt?: string | undefined;
  readonly owner?: string | undefined;
  readonly spec?: unknown;
  readonly status?: unknown;
  readonly internal?: unknown;
  readonly outbox?: unknown;
}

function attributesOf(item: Item) {
  const { version, generation, createdAt, updatedAt, deletedAt, owner } = item;
  return {
    version,
    generation,
    createdAt,
    updatedAt,
    ...(deletedAt === undefined ? {} : { deletedAt }),
    ...(owner === undefined ? {} : { owner }),
    spec: plain(item.spec),
    status: plain(item.status),
    internal: plain(item.internal),
    outbox: plain(item.outbox),
  };
}

function itemOf<K extends Kind>(key: ItemKey<K>, row: Attributes): Item<K> {
  const { version, generation, createdAt, updatedAt, deletedAt, owner, spec, status, internal, outbox } = row;
  const times = { createdAt, updatedAt, ...(deletedAt === undefined ? {} : { deletedAt }) };
  const owned = owner === undefined ? {} : { owner };
  // The table is written by this file only, under a key that names the kind: the shape is the kind's.
  return { key, version, generation, ...times, ...owned, spec, status, internal, outbox } as Item<K>;
}
