/**
 * Manifests that are too large for an item, in parts beside the document's own. Parts are written before the item that
 * names them, and never change: their keys hold the version and the hash. It never writes the document.
 *
 * A document is only ever followed by one of a higher version, so whatever stands under the version of the newest or below,
 * and is not the newest's own, can't be named by anybody any more: that is removed, also what a writer left that stopped
 * half-way. What stands above belongs to a writer that may yet win, and stays.
 */
import { DeleteItemCommand } from 'dynamodb-toolbox/entity/actions/delete';
import { PutItemCommand } from 'dynamodb-toolbox/entity/actions/put';
import { z } from 'zod';
import type { Envelope, Manifest } from '../../protocol/document.ts';
import type { IsthmusTable } from './entities.ts';
import { manifestPartEntity } from './entities.ts';
import { agentKey, manifestPartKey, manifestPrefix, manifestRange, type TableKey } from './keys.ts';
import { pack, unpack } from './pack.ts';
import { StoreError } from './port.ts';
import { queryPartition } from './query.ts';
import { write } from './write.ts';

/** Of the longest names these pack to less than 300 kB. As many are kept in the document's own item. */
export const ENTRIES_PER_PART = 1_500;
/** More than an agent takes (25,000). */
const ENTRIES_MAX = 60_000;
/** A partition takes about 1,000 kB a second. */
const WRITES_AT_ONCE = 4;
const ROWS_AT_ONCE = 500;
/** Manifests kept in memory: those of the hubs, which everybody asks for who reads one of their leaves. */
const KEPT_MAX = 4;

const PartRow = z.looseObject({ sk: z.string(), packed: z.instanceof(Uint8Array) });
const KeyRow = z.looseObject({ pk: z.string(), sk: z.string() });

export class ManifestParts {
  readonly #table: IsthmusTable;
  readonly #entity: ReturnType<typeof manifestPartEntity>;
  readonly #kept = new Map<string, Manifest>();

  constructor(table: IsthmusTable) {
    this.#table = table;
    this.#entity = manifestPartEntity(table);
  }

  /** How many parts were written; 0 if the manifest is small enough for the document's item. */
  async write({ agent, ...envelope }: Envelope, manifest: Manifest): Promise<number> {
    const parts = partsOf(manifest);
    for (let begin = 0; begin < parts.length; begin += WRITES_AT_ONCE)
      await Promise.all(
        parts.slice(begin, begin + WRITES_AT_ONCE).map((part, index) => {
          const row = { ...manifestPartKey(agent, envelope, begin + index), packed: pack(part) };
          return write(() => this.#entity.build(PutItemCommand).item(row).send());
        }),
      );
    return parts.length;
  }

  /** Undefined if a part is missing. `mark`: of the write of the document, under which it is remembered. */
  async read(
    envelope: Envelope,
    { parts, mark }: { readonly parts: number; readonly mark: string },
  ): Promise<Manifest | undefined> {
    const kept = this.#kept.get(mark);
    if (kept !== undefined) return kept;
    const rows = await this.#list(envelope.agent, manifestPrefix(envelope));
    if (rows.length !== parts) return undefined;
    // Packed by `write`, under these keys.
    const manifest = rows.flatMap((row) => unpack(PartRow.parse(row).packed) as Manifest);
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined && this.#kept.size === KEPT_MAX) this.#kept.delete(oldest);
    this.#kept.set(mark, manifest);
    return manifest;
  }

  /** Removes what the document that was just written has made useless. What fails is left for the next time. */
  async sweep(envelope: Envelope): Promise<void> {
    const { prefix, end } = manifestRange(envelope);
    const own = manifestPrefix(envelope);
    const drop = () => undefined;
    const rows = await this.#list(envelope.agent, prefix).catch(() => []);
    const keys = rows.map((row): TableKey => KeyRow.parse(row));
    const useless = keys.filter(({ sk }) => sk < end && !sk.startsWith(own));
    await Promise.all(
      useless.map(({ pk, sk }) => this.#entity.build(DeleteItemCommand).key({ pk, sk }).send().catch(drop)),
    );
  }

  async #list(agent: string, prefix: string): Promise<object[]> {
    const partition = agentKey(agent, 'document').pk;
    const rows: object[] = [];
    let after: string | undefined;
    do {
      const query = { partition, prefix, after, limit: ROWS_AT_ONCE, reverse: false };
      const answer = await queryPartition(this.#table, query);
      rows.push(...answer.rows);
      after = answer.more ? KeyRow.parse(answer.rows.at(-1)).sk : undefined;
    } while (after !== undefined);
    return rows;
  }
}

/** Too large for the document's own item. */
export function isLarge(manifest: Manifest): boolean {
  return manifest.length > ENTRIES_PER_PART;
}

/** None if the manifest is small. Throws `store.too_large` beyond what is sensible. */
export function partsOf(manifest: Manifest): Manifest[] {
  if (manifest.length > ENTRIES_MAX)
    throw new StoreError(
      'store.too_large',
      `The manifest has ${manifest.length} entries, more than ${ENTRIES_MAX}`,
    );
  if (!isLarge(manifest)) return [];
  const count = Math.ceil(manifest.length / ENTRIES_PER_PART);
  return Array.from({ length: count }, (_, part) =>
    manifest.slice(part * ENTRIES_PER_PART, (part + 1) * ENTRIES_PER_PART),
  );
}
