/**
 * How the cache comes to know that it is up to date, without asking for what it has. One small read tells the version at which the server is;
 * if the watch has come that far, memory is as fresh as the server. If only other types changed, the watch says nothing: then the versions of
 * all objects are compared. If that fails too, one whole list is read for all who wait. Age proves nothing and is never looked at.
 */
import type { Keeping } from '../relief/keeping.ts';
import { readListPage } from '../relief/kept.ts';
import { PROOF_ACCEPT, proves, readVersions, type Versions } from '../relief/proof.ts';
import { collectionPath, type TypeName } from '../relief/request-info.ts';
import type { TypeStore, View } from '../relief/store.ts';
import type { Counts } from './counts.ts';
import type { Feed } from './feed.ts';
import type { Reader } from './reader.ts';

/** While the type changes anyhow, its next event proves more cheaply than a comparison. */
const EVENT_WAIT_MS = 60;
const BUSY_MS = 500;
/** For events that the server has surely sent by now. */
const CATCH_UP_MS = 300;
const PROOF_BYTES_MAX = 64 * 1024 * 1024;

export interface FreshnessOptions {
  readonly type: TypeName;
  readonly keeping: Keeping;
  readonly client: Reader;
  readonly counts: Counts;
  readonly feed: Feed;
}

/** A state that is not older than the moment of the call. Rejects with KubeError if the server can't be asked. */
export async function freshView(options: FreshnessOptions): Promise<View | undefined> {
  const { type, client, counts, feed } = options;
  const path = collectionPath(type);
  counts.lists++;
  const text = await client.text({ method: 'GET', path, query: { limit: '1' } });
  const { version } = readListPage(text, type.resource, String);
  const isThere = () => (feed.store?.view().version ?? 0) >= version;
  const waitMs = feed.quietForMs < BUSY_MS ? EVENT_WAIT_MS : 0;
  if (await feed.until(isThere, waitMs)) return feed.store?.view();
  const versions = await readProof(client, path, counts);
  if (versions !== undefined) {
    if (await feed.until(() => isProved(feed.store, versions), CATCH_UP_MS)) return feed.store?.view();
  }
  return wholeView(options);
}

/** Comes true also when the watch has gone past what was read. */
function isProved(store: TypeStore | undefined, versions: Versions): boolean {
  if (store === undefined) return false;
  if (store.view().version >= versions.version) return true;
  if (!proves(versions, store.view().objects)) return false;
  store.prove(versions.version);
  return true;
}

async function readProof(client: Reader, path: string, counts: Counts): Promise<Versions | undefined> {
  counts.lists++;
  const answer = await client.stream({ method: 'GET', path, headers: { accept: PROOF_ACCEPT } });
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer) {
    const part = Buffer.from(chunk);
    bytes += part.length;
    if (bytes > PROOF_BYTES_MAX) return undefined;
    chunks.push(part);
  }
  return answer.statusCode === 200 ? readVersions(Buffer.concat(chunks)) : undefined;
}

async function wholeView({ type, keeping, client, counts }: FreshnessOptions): Promise<View | undefined> {
  counts.lists++;
  const path = collectionPath(type);
  const text = await client.text({ method: 'GET', path, headers: keeping.headers, query: keeping.query });
  const { version, items } = keeping.page(text);
  return { version, objects: items };
}
