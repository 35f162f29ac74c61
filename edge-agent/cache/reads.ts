/** Answers one question about one kept type. Undefined: nothing was written, and the API server must answer. */
import type { ServerResponse } from 'node:http';
import type { Kept } from '../relief/kept.ts';
import { getNeed, listLimit, listNeed, type Need, watchStart } from '../relief/need.ts';
import { pageOf, parseTokenText, tokenText } from '../relief/pages.ts';
import type { Question } from '../relief/question.ts';
import { isEverything, seenOf, selectionKey, selectView } from '../relief/selection.ts';
import type { Change, TypeStore, View } from '../relief/store.ts';
import { canTellRows, withColumns } from '../relief/table-texts.ts';
import { bookmarkText, eventText, expiredText, listText, notFoundText, objectText } from '../relief/texts.ts';
import { answerBody, answerText, beginStream, type Outcome } from './answers.ts';
import type { Answered } from './port.ts';
import type { KeptType } from './types.ts';

/** The first who ask wait this long for a type to be read. */
const SYNC_MS_MAX = 10_000;
/** A version that was written a moment ago is on its way. */
const COMING_MS = 100;
/** Any version is answered from memory for this long after the server was last heard. */
const STALE_MS_MAX = 60_000;
/** The API server ends watches after 30 to 60 minutes unless they say. */
const WATCH_SECONDS_MIN = 1_800;
const WATCH_SECONDS_SPREAD = 1_800;
const WATCH_SECONDS_STEP = 37;

export interface Asking {
  readonly type: KeptType;
  readonly question: Question;
  readonly response: ServerResponse;
  readonly acceptEncoding: string | undefined;
  /** Milliseconds since 1970: tables tell ages. */
  readonly wallNow: () => number;
}

interface Found {
  readonly view: View;
  readonly store: TypeStore;
  readonly by: Answered['by'];
}

export async function listObjects(asking: Asking): Promise<Outcome | undefined> {
  const { type, question, response, acceptEncoding, wallNow } = asking;
  const { selection, options } = question;
  const need = listNeed(options);
  const limit = listLimit(options);
  const from = need.kind === 'page' ? placeOf(need.token) : { version: 0, from: '' };
  if (from === undefined) return undefined;
  const second = type.name.form === 'table' ? Math.floor(wallNow() / 1_000) : 0;
  const key = JSON.stringify([selectionKey(selection), limit, from, second]);
  const ready = need.kind === 'any' && isAnswering(type) ? type.bodies.any(key) : undefined;
  if (ready !== undefined) return answerBody(response, ready, { by: 'cache', acceptEncoding });
  const found = await find(type, need.kind === 'page' ? { kind: 'exact', version: from.version } : need);
  if (found === undefined || !isKnownScope(asking, found.view)) return undefined;
  const { view, store, by } = found;
  const { namespace } = selection;
  const page = pageOf(selectView(selection, view), {
    limit,
    from: from.from,
    namespace,
    version: view.version,
  });
  if (!canTellRows(page.objects)) return undefined;
  const body = type.bodies.of(key, view, () => {
    const isWhole = isEverything({ ...selection, namespace: '' });
    const next = page.next === undefined ? '' : Buffer.from(tokenText(page.next)).toString('base64url');
    const head = {
      version: view.version,
      continue: next,
      remaining: isWhole ? page.remaining : undefined,
    };
    return listText(store.dress, head, { objects: page.objects, nowMs: wallNow() });
  });
  return answerBody(response, body, { by, acceptEncoding });
}

export async function getObject(asking: Asking): Promise<Outcome | undefined> {
  const { type, question, response, wallNow } = asking;
  const { info, options } = question;
  const found = await find(type, getNeed(options));
  if (found === undefined) return undefined;
  const { store, view, by } = found;
  const isNamespace = info.resource === 'namespaces' && info.group === '';
  const key = info.namespace === '' || isNamespace ? info.name : `${info.namespace}/${info.name}`;
  const object = view === store.view() ? store.get(key) : view.objects.find((one) => one.key === key);
  if (object === undefined)
    return answerText(response, { by, status: 404, text: notFoundText(info, info.name) });
  if (!canTellRows([object])) return undefined;
  return answerText(response, { by, status: 200, text: objectText(store.dress, object, wallNow()) });
}

export async function watchObjects(asking: Asking): Promise<Outcome | undefined> {
  const { type, question, response } = asking;
  const { selection, options } = question;
  const start = watchStart(options);
  if (start.kind === 'upstream') return undefined;
  const need: Need = start.kind === 'after' ? { kind: 'any' } : start.need;
  const found = await find(type, need);
  if (found === undefined || !isKnownScope(asking, found.view) || response.destroyed) return undefined;
  const { store, by } = found;
  const from = start.kind === 'state' ? found.view.version : start.version;
  const objects = start.kind === 'state' ? selectView(selection, found.view) : [];
  if (!canTellRows(objects)) return undefined;
  const missed = openingChanges(asking, store.changesSince(from), store);
  const opening =
    missed === undefined || start.kind === 'after' ? missed : openingState(asking, found, objects) + missed;
  beginStream(response);
  if (opening === undefined) {
    const text = expiredText(from, store.reachesTo);
    response.end(text);
    return { by, status: 200, bytes: text.length };
  }
  const bytes = await type.watchers.serve({
    selection,
    after: Math.max(from, store.version),
    wantsBookmarks: options.wantsBookmarks,
    seconds: options.timeoutSeconds || spreadSeconds(type.watchers.size),
    response,
    opening: Buffer.from(withColumns(opening, store.dress)),
  });
  return { by, status: 200, bytes };
}

/** A state that the need is met by; undefined if only the server has one. */
async function find(type: KeptType, need: Need): Promise<Found | undefined> {
  const { feed } = type;
  if (!(await feed.until(() => feed.store !== undefined && feed.state !== 'syncing', SYNC_MS_MAX)))
    return undefined;
  const here = (view: View | undefined, by: Answered['by']): Found | undefined =>
    view === undefined || feed.store === undefined ? undefined : { view, store: feed.store, by };
  switch (need.kind) {
    case 'fresh':
      return here(await type.fresh.join().catch(() => undefined), 'coalesced');
    case 'any':
      return isAnswering(type) ? here(feed.store?.view(), 'cache') : undefined;
    case 'not_older': {
      const isThere = () => (feed.store?.view().version ?? 0) >= need.version;
      if (await feed.until(isThere, COMING_MS)) return here(feed.store?.view(), 'cache');
      // Only other types may have changed since: then the server's word is needed, else it says that there is no such version yet.
      const view = await type.fresh.join().catch(() => undefined);
      return view !== undefined && view.version >= need.version ? here(view, 'coalesced') : undefined;
    }
    case 'exact':
      return here(feed.store?.viewAt(need.version), 'cache');
    case 'page':
      return undefined;
  }
}

function isAnswering({ feed }: KeptType): boolean {
  return feed.store !== undefined && feed.state !== 'dropped' && feed.lostForMs <= STALE_MS_MAX;
}

/** Whether a selector by namespace may be used depends on the type's scope, which objects alone tell. */
function isKnownScope({ question: { selection } }: Asking, { objects }: View): boolean {
  const namesNamespace = selection.fields.some(({ field }) => field === 'metadata.namespace');
  return !namesNamespace || (objects[0] !== undefined && objects[0].namespace !== '');
}

function placeOf(token: string): { readonly version: number; readonly from: string } | undefined {
  return parseTokenText(Buffer.from(token, 'base64url').toString());
}

function openingState(
  { question: { options }, wallNow }: Asking,
  { view, store }: Found,
  objects: readonly Kept[],
): string {
  const lines = objects.map((object) =>
    eventText(store.dress, { type: 'ADDED', object, version: object.version }, wallNow()),
  );
  const end = options.wantsBookmarks ? bookmarkText(store.dress, view.version, true) : '';
  return lines.join('') + end;
}

function openingChanges(
  { question: { selection }, wallNow }: Asking,
  changes: readonly Change[] | undefined,
  { dress }: TypeStore,
): string | undefined {
  if (changes === undefined) return undefined;
  const seen = changes.flatMap((change) => seenOf(selection, change) ?? []);
  return seen.map((one) => eventText(dress, one, wallNow())).join('');
}

/** So that watches that began together do not end together. */
function spreadSeconds(watchers: number): number {
  return WATCH_SECONDS_MIN + ((watchers * WATCH_SECONDS_STEP) % WATCH_SECONDS_SPREAD);
}
