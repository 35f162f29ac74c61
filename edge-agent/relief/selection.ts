/**
 * Which objects a request is about, and what a change means to one who sees only those: an object that leaves a selection is deleted to
 * its watchers, one that enters it is added.
 */
import type { Kept } from './kept.ts';
import type { RequestInfo } from './request-info.ts';
import { type FieldTerm, type LabelTerm, matchesFields, matchesLabels } from './selectors.ts';
import type { Change, View } from './store.ts';

export interface Selection {
  /** Empty: all. */
  readonly namespace: string;
  readonly labels: readonly LabelTerm[];
  readonly fields: readonly FieldTerm[];
}

export interface Seen {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: Kept;
  readonly version: number;
}

/** Fields of any type, and of pods those that are kept. */
const FIELDS = new Set(['metadata.name', 'metadata.namespace']);
const POD_FIELDS = new Set([...FIELDS, 'spec.nodeName', 'status.phase']);

export function selectionOf(
  info: Pick<RequestInfo, 'namespace' | 'resource' | 'group'>,
  options: { readonly labels: readonly LabelTerm[]; readonly fields: readonly FieldTerm[] },
): Selection {
  const namespace = isNamespaceItself(info) ? '' : info.namespace;
  return { namespace, labels: options.labels, fields: options.fields };
}

/** False: only the API server knows a field that is named. */
export function canSelect({ fields }: Selection, resource: string, group: string): boolean {
  const known = resource === 'pods' && group === '' ? POD_FIELDS : FIELDS;
  return fields.every(({ field }) => known.has(field));
}

export function isEverything({ namespace, labels, fields }: Selection): boolean {
  return namespace === '' && labels.length === 0 && fields.length === 0;
}

/** Equal for equal selections. */
export function selectionKey({ namespace, labels, fields }: Selection): string {
  return JSON.stringify([namespace, labels, fields]);
}

export function isSelected({ namespace, labels, fields }: Selection, object: Kept): boolean {
  return (
    (namespace === '' || object.namespace === namespace) &&
    matchesLabels(labels, object.labels) &&
    matchesFields(fields, object.fields)
  );
}

export function selectView(selection: Selection, { objects }: View): readonly Kept[] {
  if (isEverything(selection)) return objects;
  return objects.filter((object) => isSelected(selection, object));
}

/** Undefined: this watcher does not see it. */
export function seenOf(selection: Selection, { before, after, kind, version }: Change): Seen | undefined {
  const was = before !== undefined && isSelected(selection, before);
  const is = kind !== 'deleted' && after !== undefined && isSelected(selection, after);
  if (is) return { type: was ? 'MODIFIED' : 'ADDED', object: after, version };
  if (!was) return undefined;
  // The server tells of an object that is gone as it last was in the selection, under the version of its going.
  if (kind === 'deleted' && after !== undefined && isSelected(selection, after))
    return { type: 'DELETED', object: after, version };
  return { type: 'DELETED', object: before, version };
}

function isNamespaceItself({ resource, group }: Pick<RequestInfo, 'resource' | 'group'>): boolean {
  return resource === 'namespaces' && group === '';
}
