/**
 * The newest signed document of each agent, written by compare-and-set on (epoch, generation). Leaves are blobs, elsewhere;
 * a manifest that is too large for the item stands beside it in parts.
 */
import { GetItemCommand } from 'dynamodb-toolbox/entity/actions/get';
import type { Condition } from 'dynamodb-toolbox/entity/actions/parseCondition';
import { PutItemCommand } from 'dynamodb-toolbox/entity/actions/put';
import { compareVersions, type SignedDocument, type Version } from '../../protocol/document.ts';
import type { IsthmusTable } from './entities.ts';
import { documentEntity } from './entities.ts';
import { agentKey } from './keys.ts';
import { isLarge, ManifestParts } from './manifest.ts';
import { pack, unpack } from './pack.ts';
import { type Store, type StoredDocument, StoreError } from './port.ts';
import { newMark, writeIf } from './write.ts';

type Documents = ReturnType<typeof documentEntity>;

/** Times that a document is read again because a newer one took its parts away. */
const ROUNDS_MAX = 8;

export function documentStore(table: IsthmusTable): Pick<Store, 'document' | 'writeDocument'> {
  const documents = documentEntity(table);
  const parts = new ManifestParts(table);
  return {
    document: (agent) => find({ documents, parts }, agent),
    async writeDocument(stored, after) {
      const { envelope, manifest } = stored.document;
      if (after !== undefined && isLarge(manifest) && compareVersions(envelope, after) <= 0)
        throw new Error('a document in parts has to be of a higher version than the one before');
      const count = await parts.write(envelope, manifest);
      const outcome = await put(documents, { stored, after, parts: count });
      if (outcome.written && (count > 0 || outcome.hadParts)) await parts.sweep(envelope);
      return outcome.written ? 'written' : 'stale';
    },
  };
}

interface Places {
  readonly documents: Documents;
  readonly parts: ManifestParts;
}

/** If a part is missing, the document was replaced since it was read, or it is damaged. */
async function find({ documents, parts }: Places, agent: string): Promise<StoredDocument | undefined> {
  let missed: string | undefined;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const { Item: row } = await read(documents, agent).send();
    if (row === undefined) return undefined;
    // Packed by `put` below, under this key.
    const document = unpack(row.packed) as SignedDocument;
    if (row.parts === undefined) return { agent, document };
    const manifest = await parts.read(document.envelope, { parts: row.parts, mark: row.mark });
    if (manifest !== undefined) return { agent, document: { ...document, manifest } };
    if (row.mark === missed) break;
    missed = row.mark;
  }
  throw new StoreError('store.damaged', `Parts of the document of ${agent} are missing`);
}

interface Draft {
  readonly stored: StoredDocument;
  readonly after: Version | undefined;
  readonly parts: number;
}

interface Outcome {
  readonly written: boolean;
  /** Whether the document that was replaced had parts. */
  readonly hadParts: boolean;
}

async function put(documents: Documents, { stored, after, parts }: Draft): Promise<Outcome> {
  const { epoch, generation } = stored.document.envelope;
  const mark = newMark();
  const inParts = { parts, packed: pack({ ...stored.document, manifest: [] }) };
  const row = {
    ...agentKey(stored.agent, 'document'),
    epoch,
    generation,
    mark,
    ...(parts > 0 ? inParts : { packed: pack(stored.document) }),
  };
  const command = documents
    .build(PutItemCommand)
    .item(row)
    .options({ condition: standsAt(after), returnValues: 'ALL_OLD' });
  // Until the table says otherwise: its answer may be lost.
  let hadParts = true;
  const written = await writeIf({
    send: async () => {
      const { Attributes: replaced } = await command.send();
      hadParts = replaced?.parts !== undefined;
    },
    landed: async () => (await read(documents, stored.agent).send()).Item?.mark === mark,
  });
  return { written, hadParts };
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
