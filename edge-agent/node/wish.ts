/** Whether a pod wants an address of a pool, and whose it would be: from the pod as the API server has it now. */
import { z } from 'zod';
import { POOL_ANNOTATION } from '../../protocol/pool.ts';
import type { KubeClient } from '../kube/client.ts';
import { undefinedOn } from '../kube/errors.ts';
import { ObjectMeta, pathOf } from '../kube/objects.ts';
import type { CniCall } from './cni.ts';
import type { Holder } from './holding.ts';

const APP_LABEL = 'isthmus.dev/app';
const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';

const PodMetadata = z.looseObject({ metadata: ObjectMeta });

export interface PodWish {
  readonly pool: string;
  readonly holder: Holder;
}

/**
 * Undefined: the cluster's own plugin gives it one. So it does for a pod that is not there under this UID: a static pod, which the API server hears of
 * later, or one that was replaced meanwhile and is on its way out.
 */
export async function wishOf(client: KubeClient, pod: CniCall['pod']): Promise<PodWish | undefined> {
  if (pod === undefined) return undefined;
  const path = pathOf({
    group: '',
    version: 'v1',
    resource: 'pods',
    namespace: pod.namespace,
    name: pod.name,
  });
  const call = { method: 'GET', path, headers: { accept: METADATA_ONLY } } as const;
  const found = await undefinedOn(client.json(PodMetadata, call), ['kube.not_found']);
  const pool = found?.metadata.annotations?.[POOL_ANNOTATION];
  const uid = found?.metadata.uid ?? '';
  if (found === undefined || pool === undefined || (pod.uid !== '' && pod.uid !== uid)) return undefined;
  const { labels = {}, ownerReferences = [] } = found.metadata;
  return {
    pool,
    holder: {
      namespace: pod.namespace,
      name: pod.name,
      uid,
      app: labels[APP_LABEL] ?? pod.name,
      isStable: ownerReferences.some(({ kind }) => kind === 'StatefulSet'),
    },
  };
}
