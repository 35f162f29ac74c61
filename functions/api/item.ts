/** How items come about and change: versions, generations, and the audit entry that rides in the item it is about. */
import { canonicalJson, type Json } from '../../protocol/canonical.ts';
import type { Event, EventActor } from '../../protocol/event.ts';
import type { Metadata } from '../../protocol/metadata.ts';
import { differencesOf } from '../domain/audit.ts';
import type { Item, ItemKey, Kind, Kinds } from '../store/port.ts';
import { refuse } from './problems.ts';

/** An item takes no change while so many of its audit entries are undelivered. */
const OUTBOX_MAX = 64;

/** Who does what, for the audit log. */
export interface Cause {
  /** `key:NAME`, `person:SUBJECT`, `machine:SUBJECT`, `agent:ID` or `system`. */
  readonly actor: string;
  readonly by?: EventActor | undefined;
  /** Address that the request came from. */
  readonly from?: string | undefined;
  readonly requestId: string;
  readonly now: string;
}

export interface Deed {
  readonly action: Event['action'];
  /** One sentence without secrets. */
  readonly detail: string;
  /** The spec before and after, where it changed. */
  readonly specs?: { readonly before?: unknown; readonly after?: unknown } | undefined;
}

/** What an item holds beside its key and its history. */
export interface Content<K extends Kind> {
  readonly spec: Kinds[K]['spec'];
  readonly status: Kinds[K]['status'];
  readonly internal: Kinds[K]['internal'];
}

/** What becomes another one; the owner is nobody if it is null. */
export type Changes<K extends Kind> = Partial<Content<K>> & { readonly owner?: string | null | undefined };

/** The id follows from the request and the item: written twice, it is one entry. */
export function eventOf(key: ItemKey, cause: Cause, deed: Deed): Event {
  return {
    id: `${cause.requestId}-${key.kind}-${key.name}`,
    time: cause.now,
    tenant: key.tenant,
    actor: cause.actor,
    action: deed.action,
    kind: key.kind,
    name: key.name,
    detail: deed.detail,
    request: cause.requestId,
    result: 'done',
    ...(cause.by === undefined ? {} : { by: cause.by }),
    ...(cause.from === undefined ? {} : { from: cause.from }),
    ...changesOf(deed),
  };
}

function changesOf({ specs }: Deed): Pick<Event, 'changes' | 'omitted'> {
  if (specs === undefined) return {};
  const { before, after } = specs;
  const { changes, omitted } = differencesOf(
    before === undefined ? undefined : toJson(before),
    after === undefined ? undefined : toJson(after),
  );
  return { changes: [...changes], ...(omitted === 0 ? {} : { omitted }) };
}

export function newItem<K extends Kind>(
  content: Content<K> & { readonly key: ItemKey<K>; readonly owner?: string | undefined },
  cause: Cause,
  deed: Deed,
): Item<K> {
  return {
    key: content.key,
    version: 1,
    generation: 1,
    createdAt: cause.now,
    updatedAt: cause.now,
    ...(content.owner === undefined ? {} : { owner: content.owner }),
    spec: content.spec,
    status: content.status,
    internal: content.internal,
    outbox: [eventOf(content.key, cause, deed)],
  };
}

/** The next version; the generation rises only if the spec or the owner is another one. */
export function nextItem<K extends Kind>(item: Item<K>, changes: Changes<K>, cause: Cause): Item<K> {
  const { owner: ownerBefore, ...rest } = item;
  const spec = changes.spec ?? item.spec;
  const owner = changes.owner === undefined ? ownerBefore : (changes.owner ?? undefined);
  return {
    ...rest,
    ...(owner === undefined ? {} : { owner }),
    version: item.version + 1,
    generation: item.generation + (sameJson(spec, item.spec) && owner === ownerBefore ? 0 : 1),
    updatedAt: cause.now,
    spec,
    status: changes.status ?? item.status,
    internal: changes.internal ?? item.internal,
  };
}

/** The item with one more audit entry in its outbox. */
export function withEvent<K extends Kind>(item: Item<K>, cause: Cause, deed: Deed): Item<K> {
  if (item.outbox.length >= OUTBOX_MAX)
    refuse('busy', 'Too many audit entries of this resource wait to be delivered. Try again in a minute.');
  const event = eventOf(item.key, cause, deed);
  const before = item.outbox.filter(({ request }) => request === event.request).length;
  // One request may have several things to say of one resource.
  const id = before === 0 ? event.id : `${event.id}-${before + 1}`;
  return { ...item, outbox: [...item.outbox, { ...event, id }] };
}

/** Specs come from JSON, hence compare as JSON. */
export function sameJson(a: unknown, b: unknown): boolean {
  return canonicalJson(toJson(a)) === canonicalJson(toJson(b));
}

/** A value without what JSON cannot say. */
export function toJson(value: unknown): Json {
  const json: Json = JSON.parse(JSON.stringify(value));
  return json;
}

export function metadataOf(item: Item, name = item.key.name): Metadata {
  return {
    name,
    ...(item.key.tenant === '*' ? {} : { tenant: item.key.tenant }),
    ...(item.owner === undefined ? {} : { owner: item.owner }),
    createdAt: item.createdAt,
    updatedAt: item.updatedAt,
    generation: item.generation,
    version: item.version,
  };
}
