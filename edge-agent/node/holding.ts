/**
 * An address that is somebody's, as an object of the cluster's own API: one Lease an address, so that making it is the claim, and nobody else can.
 * This file is the two-way translation; who may have what is decided in `allocation.ts`.
 */
import { z } from 'zod';
import { formatAddress, readAddress } from '../../protocol/address.ts';
import { SYSTEM_NAMESPACE } from './pools.ts';

export const LEASES_PATH = `/apis/coordination.k8s.io/v1/namespaces/${SYSTEM_NAMESPACE}/leases`;
export const POOL_LABEL = 'isthmus.dev/pool';

/** A pod, as a claim knows it. `isStable`: it comes back under the same name (StatefulSet), and wants its address back. */
export interface Holder {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly app: string;
  readonly isStable: boolean;
}

export interface Holding {
  readonly address: number;
  readonly pool: string;
  readonly holder: Holder;
  readonly node: string;
  /** The runtime's number of the sandbox; a pod whose sandbox is made anew has another one. */
  readonly container: string;
  readonly state: 'held' | 'kept';
  /** When it came into this state, milliseconds since 1970. */
  readonly sinceMs: number;
  /** Of the object; empty in one that is not written yet. */
  readonly version: string;
}

const ANNOTATIONS = {
  namespace: 'isthmus.dev/namespace',
  name: 'isthmus.dev/pod',
  app: 'isthmus.dev/app',
  stable: 'isthmus.dev/stable',
  node: 'isthmus.dev/node',
  container: 'isthmus.dev/container',
  state: 'isthmus.dev/state',
  since: 'isthmus.dev/since',
} as const;

export const LeaseObject = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    resourceVersion: z.string().default(''),
    labels: z.record(z.string(), z.string()).default({}),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
  spec: z.looseObject({ holderIdentity: z.string().default('') }).default({ holderIdentity: '' }),
});
export type LeaseObject = z.infer<typeof LeaseObject>;

export function leaseName(address: number): string {
  return `ip-${formatAddress(address).replaceAll('.', '-')}`;
}

export function leaseOf(holding: Holding): object {
  const { address, pool, holder, node, container, state, sinceMs, version } = holding;
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: leaseName(address),
      namespace: SYSTEM_NAMESPACE,
      labels: { [POOL_LABEL]: pool },
      annotations: {
        [ANNOTATIONS.namespace]: holder.namespace,
        [ANNOTATIONS.name]: holder.name,
        [ANNOTATIONS.app]: holder.app,
        [ANNOTATIONS.stable]: String(holder.isStable),
        [ANNOTATIONS.node]: node,
        [ANNOTATIONS.container]: container,
        [ANNOTATIONS.state]: state,
        [ANNOTATIONS.since]: new Date(sinceMs).toISOString(),
      },
      ...(version === '' ? {} : { resourceVersion: version }),
    },
    spec: { holderIdentity: holder.uid },
  };
}

/** Undefined for a Lease that is none of ours. One that somebody spoilt still counts as held: nobody else may have its address. */
export function holdingOf({ metadata, spec }: LeaseObject): Holding | undefined {
  const address = readAddress(metadata.name.replace(/^ip-/, '').replaceAll('-', '.'));
  const pool = metadata.labels[POOL_LABEL];
  if (typeof address === 'string' || pool === undefined) return undefined;
  const read = (key: keyof typeof ANNOTATIONS) => metadata.annotations[ANNOTATIONS[key]] ?? '';
  return {
    address,
    pool,
    holder: {
      namespace: read('namespace'),
      name: read('name'),
      uid: spec.holderIdentity,
      app: read('app'),
      isStable: read('stable') === 'true',
    },
    node: read('node'),
    container: read('container'),
    state: read('state') === 'kept' ? 'kept' : 'held',
    sinceMs: Date.parse(read('since')) || 0,
    version: metadata.resourceVersion,
  };
}
