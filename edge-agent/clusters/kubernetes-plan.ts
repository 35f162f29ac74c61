/** From what should be of an app and what is there of it to steps of a closed vocabulary. Making comes first, taking away last. Values in, values out. */
import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../kube/objects.ts';
import { DriverError } from './driver.ts';
import { type AppKind, FIELD_MANAGER, MANAGED_BY, RELEASE_ANNOTATION, TYPES } from './kubernetes-marks.ts';
import type { AppObject } from './kubernetes-objects.ts';

/** An object that is there, under a name that the app needs or with the app's labels. */
export interface ThereObject {
  readonly kind: AppKind;
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

export type KubeStep =
  | { readonly kind: 'label_namespace'; readonly namespace: string; readonly tenant: string }
  | { readonly kind: 'apply'; readonly object: AppObject }
  | { readonly kind: 'delete'; readonly object: Pick<AppObject, 'kind' | 'name' | 'namespace'> };

/**
 * Everything is applied at every pass: the server finds out what differs, and what somebody changed of ours is put back. Throws `driver.conflict` before the
 * first step if a name is taken by somebody else.
 */
export function planApply(
  wanted: readonly AppObject[],
  observed: readonly ThereObject[],
  of: { namespace: string; tenant: string },
): KubeStep[] {
  const foreign = observed.find((there) => !isOurs(there) && wanted.some((object) => isSame(object, there)));
  if (foreign !== undefined)
    throw new DriverError(
      'driver.conflict',
      `${foreign.kind} ${foreign.namespace}/${foreign.name} is there and is not Isthmus'. Rename the app or remove it; it was not touched.`,
    );
  const old = observed.filter((there) => isOurs(there) && !wanted.some((object) => isSame(object, there)));
  return [
    { kind: 'label_namespace', ...of },
    ...wanted.map((object): KubeStep => ({ kind: 'apply', object })),
    ...planRemove(old),
  ];
}

/** From the end of the order of making. */
export function planRemove(objects: readonly ThereObject[]): KubeStep[] {
  const order = Object.keys(TYPES);
  return objects
    .filter(isOurs)
    .toSorted((a, b) => order.indexOf(b.kind) - order.indexOf(a.kind) || (a.name < b.name ? -1 : 1))
    .map(({ kind, name, namespace }) => ({ kind: 'delete', object: { kind, name, namespace } }));
}

function isOurs({ labels }: ThereObject): boolean {
  return labels[MANAGED_BY] === FIELD_MANAGER;
}

export function isSame(
  a: Pick<AppObject, 'kind' | 'name' | 'namespace'>,
  b: Pick<AppObject, 'kind' | 'name' | 'namespace'>,
): boolean {
  return a.kind === b.kind && a.name === b.name && a.namespace === b.namespace;
}

/** Whether an apply changed something; `before` is undefined if nothing was there. */
export function hasChanged(before: KubeObject | undefined, after: KubeObject): boolean {
  return before === undefined || !isDeepStrictEqual(contentOf(before), contentOf(after));
}

/** What of an object is wanted by somebody. Its version is no measure: controllers write statuses and notes of their own at any moment. */
function contentOf({ apiVersion: _version, kind: _kind, metadata, status: _status, ...content }: KubeObject) {
  const { labels, annotations } = metadata;
  return { ...content, labels, release: annotations?.[RELEASE_ANNOTATION] };
}

export function describeKubeStep(step: KubeStep): string {
  if (step.kind === 'label_namespace') return `mark the namespace ${step.namespace} as of ${step.tenant}`;
  const { kind, namespace, name } = step.object;
  return `${step.kind} ${kind} ${namespace}/${name}`;
}
