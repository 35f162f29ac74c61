/**
 * What is the same for every kind: list, create, read, replace, delete. A write is one conditional write of one item
 * with its audit entry inside. No rule of a single kind belongs here.
 */

import type { ProblemCode } from '../../protocol/problem.ts';
import type { Caller } from '../domain/authorize.ts';
import { type Item, type ItemKey, type Kind, type Store, StoreError } from '../store/port.ts';
import {
  type Collection,
  type Creatable,
  type Desk,
  findItem,
  findPlace,
  type Replaceable,
} from './collection.ts';
import { etagOf, requireMatch } from './etag.ts';
import { evidenceOf, IDEMPOTENCY_HEADER, requireReplay } from './idempotency.ts';
import { type Cause, type Content, newItem, nextItem, sameJson, toJson, withEvent } from './item.ts';
import { type Answer, type Call, NO_BODY, NO_QUERY, type Operation, operation } from './operation.ts';
import { askPage, PageQuery, readPage, showPage } from './page.ts';
import { refuse } from './problems.ts';
import { requireQuota } from './quota.ts';
import { actorOf, actorOfCaller } from './refusals.ts';
import { mayRead } from './right.ts';

export const MATCH_DOCS = {
  'If-Match': { required: true, description: 'ETag of the version that was read' },
};
export const IDEMPOTENCY_DOCS = {
  [IDEMPOTENCY_HEADER]: { required: false, description: 'The same key and request get the same answer' },
};
export const CREATION_PROBLEMS: readonly ProblemCode[] = [
  'not_found',
  'already_exists',
  'idempotency_conflict',
  'quota_exceeded',
];
export const CHANGE_PROBLEMS: readonly ProblemCode[] = [
  'not_found',
  'precondition_required',
  'stale',
  'busy',
];

export function listOperation<K extends Kind, Shown>(desk: Desk, kind: Collection<K, Shown>): Operation {
  return operation({
    ...titleOf(kind, 'list'),
    method: 'get',
    path: kind.path,
    guard: desk.guards.list(kind.kind),
    body: NO_BODY,
    query: PageQuery,
    answers: [{ status: 200, description: 'A page of the list', schema: kind.schemas.list }],
    problems: ['not_found'],
    async handle(call) {
      const { tenant, prefix } = await findPlace(desk.store, kind, call.param);
      const request = { ...readPage(call.query, call.path), prefix };
      const page = await askPage(desk.store.list(kind.kind, tenant, request));
      const live = page.items.filter((item) => item.deletedAt === undefined && mayRead(call.principal, item));
      const shown = await kind.show(live.filter((item) => kind.belongs?.(item, call.param) ?? true));
      return { status: 200, json: showPage(page, shown, call.path) };
    },
  });
}

export function readOperation<K extends Kind, Shown>(desk: Desk, kind: Collection<K, Shown>): Operation {
  return operation({
    ...titleOf(kind, 'get'),
    method: 'get',
    path: itemPath(kind),
    guard: desk.guards.user('read', kind.kind),
    body: NO_BODY,
    query: NO_QUERY,
    answers: [{ status: 200, description: 'The resource', schema: kind.schemas.one, headers: ['ETag'] }],
    problems: ['not_found'],
    handle: async (call) => answerItem(kind, await findItem(desk.store, kind, call.param), 200),
  });
}

export function createOperation<K extends Kind, Shown>(desk: Desk, kind: Creatable<K, Shown>): Operation {
  return operation({
    ...titleOf(kind, 'create'),
    method: 'post',
    path: kind.path,
    guard: desk.guards.user(kind.life ?? 'write', kind.kind),
    body: kind.schemas.creation,
    query: NO_QUERY,
    headers: IDEMPOTENCY_DOCS,
    answers: [
      { status: 201, description: 'Created', schema: kind.schemas.one, headers: ['ETag', 'Location'] },
    ],
    problems: [...CREATION_PROBLEMS, ...kind.problems],
    async handle(call) {
      const { tenant, prefix = '' } = await findPlace(desk.store, kind, call.param);
      const { metadata, spec } = call.body;
      const key: ItemKey<K> = { kind: kind.kind, tenant, name: prefix + metadata.name };
      const item = await createItem(desk.store, call, {
        key,
        async content(evidence) {
          const { principal } = call;
          const prepared = await kind.prepare({
            key,
            spec,
            before: undefined,
            cause: causeOf(call),
            principal,
          });
          return { ...prepared, internal: kind.begin(evidence) };
        },
        lost: async (item) => kind.lost?.(item),
      });
      const answer = await answerItem(kind, item, 201);
      return { ...answer, headers: { ...answer.headers, location: `${call.path}/${metadata.name}` } };
    },
  });
}

export function replaceOperation<K extends Kind, Shown>(desk: Desk, kind: Replaceable<K, Shown>): Operation {
  return operation({
    ...titleOf(kind, 'replace'),
    method: 'put',
    path: itemPath(kind),
    guard: desk.guards.user('write', kind.kind),
    body: kind.schemas.replacement,
    query: NO_QUERY,
    headers: MATCH_DOCS,
    answers: [{ status: 200, description: 'Replaced', schema: kind.schemas.one, headers: ['ETag'] }],
    problems: [...CHANGE_PROBLEMS, ...kind.problems],
    async handle(call) {
      const before = await findItem(desk.store, kind, call.param);
      requireMatch(call.header('if-match'), before.generation);
      const { spec } = call.body;
      const internal = kind.adopt?.(before.internal) ?? before.internal;
      if (sameJson(before.spec, spec) && sameJson(before.internal, internal))
        return answerItem(kind, before, 200);
      const cause = causeOf(call);
      const { principal } = call;
      const prepared = await kind.prepare({ key: before.key, spec, before, cause, principal });
      const content = { ...prepared, internal };
      const detail = `Replaced the spec of ${kind.kind} ${before.key.name}.`;
      const specs = { before: before.spec, after: content.spec };
      const next = withEvent(nextItem(before, content, cause), cause, { action: 'update', detail, specs });
      const written = await replaceFitting(desk.store, next, kind.lighter);
      await kind.settle?.(before);
      return answerItem(kind, written, 200);
    },
  });
}

export function deleteOperation<K extends Kind, Shown>(desk: Desk, kind: Collection<K, Shown>): Operation {
  return operation({
    ...titleOf(kind, 'delete'),
    method: 'delete',
    path: itemPath(kind),
    guard: desk.guards.user(kind.life ?? 'write', kind.kind),
    body: NO_BODY,
    query: NO_QUERY,
    headers: MATCH_DOCS,
    answers: [{ status: 204, description: 'Deleted' }],
    problems: [...CHANGE_PROBLEMS, ...(kind.release === undefined ? [] : ['in_use' as const])],
    async handle(call) {
      const before = await findItem(desk.store, kind, call.param);
      requireMatch(call.header('if-match'), before.generation);
      const cause = causeOf(call);
      await kind.release?.(before, cause);
      const next = { ...nextItem(before, {}, cause), deletedAt: call.now };
      const detail = `Deleted ${kind.kind} ${before.key.name}.`;
      await replaceItem(
        desk.store,
        withEvent(next, cause, { action: 'delete', detail, specs: { before: before.spec } }),
      );
      return { status: 204 };
    },
  });
}

/** All five. */
export function crudOperations<K extends Kind, Shown>(desk: Desk, kind: Creatable<K, Shown>): Operation[] {
  return [
    listOperation(desk, kind),
    createOperation(desk, kind),
    readOperation(desk, kind),
    replaceOperation(desk, kind),
    deleteOperation(desk, kind),
  ];
}

interface Creation<K extends Kind> {
  readonly key: ItemKey<K>;
  readonly content: (evidence: { idempotency?: ReturnType<typeof evidenceOf> }) => Promise<Content<K>>;
  /** Told of an item that another one came before. */
  readonly lost?: (item: Item<K>) => Promise<void>;
}

/** Writes a new item, or finds the one that this very request wrote before. */
export async function createItem<K extends Kind>(
  store: Store,
  call: Call<Caller, unknown, unknown>,
  { key, content, lost }: Creation<K>,
): Promise<Item<K>> {
  const idempotency = evidenceOf({
    principal: call.principal,
    path: call.path,
    body: toJson(call.body),
    key: call.header(IDEMPOTENCY_HEADER),
  });
  const replayed = async () => {
    const existing = await store.get(key);
    if (existing?.deletedAt !== undefined) refuseTombstone(key.name);
    if (existing !== undefined) requireReplay(existing.internal, idempotency, key.name);
    return existing;
  };
  const existing = await replayed();
  if (existing !== undefined) return existing;
  await requireQuota(store, key);
  const cause = causeOf(call);
  const detail = `Created ${key.kind} ${key.name}.`;
  const made = await content(idempotency === undefined ? {} : { idempotency });
  const item = newItem({ key, ...made }, cause, { action: 'create', detail, specs: { after: made.spec } });
  if ((await store.create(item)) === 'written') return item;
  await lost?.(item);
  return (
    (await replayed()) ??
    refuse('busy', 'The name was taken and freed while this request was under way. Try again.')
  );
}

/** What was written: the item, or without what it can do without if the table does not take so much. */
async function replaceFitting<K extends Kind>(
  store: Store,
  item: Item<K>,
  lighter: ((item: Item<K>) => Item<K>) | undefined,
): Promise<Item<K>> {
  try {
    await replaceItem(store, item);
    return item;
  } catch (failure) {
    const isTooLarge = failure instanceof StoreError && failure.code === 'store.too_large';
    if (!isTooLarge || lighter === undefined) throw failure;
    const light = lighter(item);
    await replaceItem(store, light);
    return light;
  }
}

/** One conditional write; to the client a lost race is a stale If-Match. */
export async function replaceItem<K extends Kind>(store: Store, item: Item<K>): Promise<void> {
  if ((await store.replace(item)) === 'stale')
    refuse(
      'stale',
      'The resource changed while this request was under way. Read it again and repeat the change.',
    );
}

export function causeOf(call: Call<Caller, unknown, unknown>): Cause {
  const { principal, requestId, now, source } = call;
  return { actor: actorOf(principal), by: actorOfCaller(principal), from: source, requestId, now };
}

export async function answerItem<K extends Kind, Shown>(
  kind: Collection<K, Shown>,
  item: Item<K>,
  status: number,
): Promise<Answer> {
  const [json] = await kind.show([item]);
  return { status, json, headers: { etag: etagOf(item.generation) } };
}

function refuseTombstone(name: string): never {
  return refuse(
    'already_exists',
    `A resource named ${name} is being deleted. Wait a moment, then create it again.`,
  );
}

type Verb = 'list' | 'get' | 'create' | 'replace' | 'delete';

/** Operation id, tag and summary: `listHubTokens`, `tokens`, `List tokens`. */
export function titleOf<K extends Kind, Shown>(kind: Collection<K, Shown>, verb: Verb) {
  const plural = kind.path.slice(kind.path.lastIndexOf('/') + 1);
  const noun = verb === 'list' ? plural : kind.kind;
  const article = verb === 'list' ? '' : /^[aeiou]/.test(noun) ? 'an ' : 'a ';
  return {
    id: `${verb}${kind.owner ?? ''}${noun.charAt(0).toUpperCase()}${noun.slice(1)}`,
    tag: plural,
    summary: `${verb.charAt(0).toUpperCase()}${verb.slice(1)} ${article}${noun}`,
  };
}

function itemPath<K extends Kind, Shown>(kind: Collection<K, Shown>): string {
  return `${kind.path}/{${kind.kind}}`;
}
