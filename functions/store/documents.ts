/** The newest signed document of each agent, written by compare-and-set on (epoch, generation). Leaves are blobs, elsewhere. */
import { GetItemCommand } from 'dynamodb-toolbox/entity/actions/get';
import type { Condition } from 'dynamodb-toolbox/entity/actions/parseCondition';
import { PutItemCommand } from 'dynamodb-toolbox/entity/actions/put';
import type { Version } from '../../protocol/document.ts';
import type { IsthmusTable } from './entities.ts';
import { documentEntity } from './entities.ts';
import { agentKey } from './keys.ts';
import { pack, unpack } from './pack.ts';
import type { Store, StoredDocument } from './port.ts';
import { newMark, writeIf } from './write.ts';

type Documents = ReturnType<typeof documentEntity>;

export function documentStore(table: IsthmusTable): Pick<Store, 'document' | 'writeDocument'> {
  const documents = documentEntity(table);
  return {
    async document(agent) {
      const { Item: row } = await read(documents, agent).send();
      if (row === undefined) return undefined;
      // Packed by `put` below, under this key.
      return { agent, document: unpack(row.packed) as StoredDocument['document'] };
    },
    writeDocument: async (document, after) => ((await put(documents, document, after)) ? 'written' : 'stale'),
  };
}

function put(documents: Documents, stored: StoredDocument, after: Version | undefined): Promise<boolean> {
  const { epoch, generation } = stored.document.envelope;
  const mark = newMark();
  const row = {
    ...agentKey(stored.agent, 'document'),
    epoch,
    generation,
    mark,
    packed: pack(stored.document),
  };
  const command = documents
    .build(PutItemCommand)
    .item(row)
    .options({ condition: standsAt(after) });
  return writeIf({
    send: () => command.send(),
    landed: async () => (await read(documents, stored.agent).send()).Item?.mark === mark,
  });
}

function standsAt(version: Version | undefined): Condition<Documents> {
  if (version === undefined) return { attr: 'pk', exists: false };
  const { epoch, generation } = version;
  return {
    and: [
      { attr: 'epoch', eq: epoch },
      { attr: 'generation', eq: generation },
    ],
  };
}

function read(documents: Documents, agent: string) {
  return documents.build(GetItemCommand).key(agentKey(agent, 'document')).options({ consistent: true });
}
