/** The control plane's parts on AWS, for the functions that compile documents. It composes, and holds no rule of the product. */
import { createReconciler, type Reconciler } from '../reconcile/reconcile.ts';
import type { VpcKeeper } from '../reconcile/vpc.ts';
import { createBlobs } from './blobs.ts';
import { systemClock } from './clock.ts';
import type { Environment } from './environment.ts';
import { factsOf } from './facts.ts';
import { openKeeper } from './keeper.ts';
import { createQueue } from './queue.ts';
import { createSigner } from './signer.ts';
import { openTable } from './table.ts';

/** What the functions that compile read from their environment. */
export const PLANE_KEYS = [
  'table',
  'leaves',
  'signingKey',
  'roots',
  'pools',
  'queues',
  'clusterDomain',
  'consoleUrl',
  'region',
] as const;

export interface Plane {
  readonly reconciler: Reconciler;
  readonly keeper: VpcKeeper;
}

export function openPlane(own: Pick<Environment, (typeof PLANE_KEYS)[number]>): Plane {
  const table = openTable(own.table);
  const deployment = factsOf(own);
  const blobs = createBlobs(own.leaves);
  const reconciler = createReconciler({
    store: table.store,
    blobs,
    signer: createSigner({ signingKey: own.signingKey, root: own.roots[0] ?? '' }),
    queue: createQueue(own.queues),
    clock: systemClock,
    deployment,
  });
  return { reconciler, keeper: openKeeper({ ...table, blobs, deployment, region: own.region }) };
}
