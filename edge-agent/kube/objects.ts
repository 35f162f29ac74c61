/** Objects of the Kubernetes API as far as everybody reads them; all other fields are kept as they came. */
import { z } from 'zod';

export const ObjectMeta = z.looseObject({
  name: z.string().default(''),
  namespace: z.string().optional(),
  uid: z.string().optional(),
  resourceVersion: z.string().optional(),
  generation: z.number().optional(),
  creationTimestamp: z.string().nullish(),
  deletionTimestamp: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  finalizers: z.array(z.string()).optional(),
  ownerReferences: z
    .array(z.looseObject({ apiVersion: z.string(), kind: z.string(), name: z.string(), uid: z.string() }))
    .optional(),
});

/** `status.conditions`, as nodes, pods and controllers have them. */
export const ObjectConditions = z
  .array(
    z.looseObject({
      type: z.string(),
      status: z.string(),
      reason: z.string().default(''),
      message: z.string().default(''),
    }),
  )
  .default([]);

export const KubeObject = z.looseObject({
  apiVersion: z.string().optional(),
  kind: z.string().optional(),
  metadata: ObjectMeta,
});
export type KubeObject = z.infer<typeof KubeObject>;

export const ListMeta = z.looseObject({
  resourceVersion: z.string().default(''),
  continue: z.string().optional(),
  remainingItemCount: z.number().optional(),
});

/** A list of objects that `item` reads; Go writes an empty list as null at times. */
export function objectList<Item extends z.ZodType>(item: Item) {
  return z.looseObject({
    metadata: ListMeta,
    items: z
      .array(item)
      .nullish()
      .transform((items) => items ?? []),
  });
}

/** What a server answers instead of an object, chiefly on failure. */
export const StatusObject = z.looseObject({
  kind: z.literal('Status'),
  message: z.string().default(''),
  reason: z.string().default(''),
  code: z.number().optional(),
  details: z.looseObject({ retryAfterSeconds: z.number().optional() }).nullish(),
});

/** Where objects of one type live. `group` is empty for the core. */
export interface ResourceType {
  readonly group: string;
  readonly version: string;
  /** Lower-case plural: `deployments`. */
  readonly resource: string;
}

export interface ResourcePlace extends ResourceType {
  /** Absent: cluster-scoped, or all namespaces. */
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
}

/** `/apis/apps/v1/namespaces/demo/deployments/web/scale`, every part percent-encoded. */
export function pathOf(place: ResourcePlace): string {
  const { group, version, resource, namespace, name, subresource } = place;
  const root = group === '' ? ['api', version] : ['apis', group, version];
  const parts = [
    ...root,
    ...(namespace === undefined ? [] : ['namespaces', namespace]),
    resource,
    ...(name === undefined ? [] : [name]),
    ...(subresource === undefined ? [] : [subresource]),
  ];
  return `/${parts.map(encodeURIComponent).join('/')}`;
}
