/**
 * A kind as a declaration: where its items lie, its schemas, what is shown of it, and its own rule in `prepare`.
 * `resource.ts` makes the operations of it.
 */
import type { z } from 'zod';
import type { ProblemCode } from '../../protocol/problem.ts';
import type { Action, Caller } from '../domain/authorize.ts';
import type { Allocator } from '../reconcile/allocate.ts';
import type { Idempotent, Item, ItemKey, Kind, Kinds, Store } from '../store/port.ts';
import type { ApiDependencies } from './dependencies.ts';
import type { Guards } from './guard.ts';
import type { Cause, Content } from './item.ts';
import { refuse } from './problems.ts';

/** Reads a parameter of the path. */
export type Params = (name: string) => string;

/** The items of a collection: those of a tenant whose names begin with `prefix` (a site's services). */
export interface Place {
  /** `*` for the deployment. */
  readonly tenant: string;
  readonly prefix?: string;
  /** What must exist for the collection to exist. */
  readonly parents: readonly ItemKey[];
}

/** A kind that is listed, read and deleted. */
export interface Collection<K extends Kind, Shown> {
  readonly kind: K;
  /** Path of the collection; `{kind}` is appended for one item. */
  readonly path: string;
  /** Part of the operation ids where a kind has two collections: `Hub` makes `listHubTokens`. */
  readonly owner?: string;
  /** What it takes to create and delete; `write` unless said otherwise. */
  readonly life?: Action;
  readonly schemas: { readonly one: z.ZodType<Shown>; readonly list: z.ZodType };
  place(param: Params): Place;
  /** False for an item of the place that belongs to another collection. */
  belongs?(item: Item<K>, param: Params): boolean;
  show(items: readonly Item<K>[]): Promise<readonly Shown[]>;
  /** Before a deletion: ends the request if something depends on the item, and revokes what must not outlive it. */
  release?(item: Item<K>, cause: Cause): Promise<void>;
  /** After a replacement: gives back what the item held before. Of deleted items, the sweep does that. */
  settle?(before: Item<K>): Promise<void>;
}

/** A wanted spec; `before` is absent if it creates. */
export interface Wanted<K extends Kind> {
  readonly key: ItemKey<K>;
  readonly spec: Kinds[K]['spec'];
  readonly before: Item<K> | undefined;
  readonly cause: Cause;
  readonly principal: Caller;
}

/** A kind whose spec users replace. */
export interface Replaceable<K extends Kind, Shown> extends Collection<K, Shown> {
  readonly schemas: Collection<K, Shown>['schemas'] & {
    readonly replacement: z.ZodType<{ spec: Kinds[K]['spec'] }>;
  };
  /** Codes of its own rule. */
  readonly problems: readonly ProblemCode[];
  /** The rule of the kind: what is stored, or a rejection. Side effects are idempotent and come before the write. */
  prepare(wanted: Wanted<K>): Promise<Omit<Content<K>, 'internal'>>;
  /** Without what it can do without: for an item that is larger than the table takes. */
  lighter?(item: Item<K>): Item<K>;
  /** What is stored unseen once a person has replaced it; as it was, if absent. */
  adopt?(internal: Kinds[K]['internal']): Kinds[K]['internal'];
}

/** A kind that users create under a name of their choice. */
export interface Creatable<K extends Kind, Shown> extends Replaceable<K, Shown> {
  readonly schemas: Replaceable<K, Shown>['schemas'] & {
    readonly creation: z.ZodType<{ metadata: { name: string }; spec: Kinds[K]['spec'] }>;
  };
  /** What is stored unseen of a new item. */
  begin(evidence: Idempotent): Kinds[K]['internal'];
  /** After a creation that another one of the same name came before: gives back what `prepare` took for it. */
  lost?(item: Item<K>): Promise<void>;
}

/** What operations are made with. */
export interface Desk extends ApiDependencies {
  readonly guards: Guards;
  readonly allocator: Allocator;
}

/** What belongs to nobody but the deployment. */
export const IN_DEPLOYMENT: Place = { tenant: '*', parents: [] };

/** What belongs to the tenant of the path. */
export function tenantPlace(param: Params): Place {
  return { tenant: param('tenant'), parents: [{ kind: 'tenant', tenant: '*', name: param('tenant') }] };
}

/** The place, if its parents exist; else the problem `not_found` names the missing one. */
export async function findPlace<K extends Kind, Shown>(
  store: Store,
  kind: Collection<K, Shown>,
  param: Params,
): Promise<Place> {
  const place = kind.place(param);
  const found = await Promise.all(place.parents.map((key) => findLive(store, key)));
  const missing = place.parents.find((_, index) => found[index] === undefined);
  return missing === undefined ? place : refuseMissing(missing);
}

/** The item of the path, if it exists. */
export async function findItem<K extends Kind, Shown>(
  store: Store,
  kind: Collection<K, Shown>,
  param: Params,
): Promise<Item<K>> {
  const { tenant, prefix = '' } = await findPlace(store, kind, param);
  const key: ItemKey<K> = { kind: kind.kind, tenant, name: prefix + param(kind.kind) };
  const item = await findLive(store, key);
  return item !== undefined && (kind.belongs?.(item, param) ?? true) ? item : refuseMissing(key);
}

/** An item that is not deleted. */
export async function findLive<K extends Kind>(store: Store, key: ItemKey<K>): Promise<Item<K> | undefined> {
  const item = await store.get(key);
  return item?.deletedAt === undefined ? item : undefined;
}

/** The tenant, if it exists; else the problem `not_found`. */
export async function findTenant(store: Store, name: string): Promise<Item<'tenant'>> {
  const key: ItemKey<'tenant'> = { kind: 'tenant', tenant: '*', name };
  return (await findLive(store, key)) ?? refuseMissing(key);
}

function refuseMissing(key: ItemKey): never {
  return refuse(
    'not_found',
    `There is no ${key.kind} named ${key.name}${key.tenant === '*' ? '' : ` in ${key.tenant}`}.`,
  );
}
