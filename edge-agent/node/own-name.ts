/** Whether the cluster has a node of the name that an agent is given: under another one it would set routes for nobody, and take its own containers for others'. */
import { z } from 'zod';
import type { KubeClient } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import { listAll } from '../kube/list.ts';
import { ObjectMeta } from '../kube/objects.ts';

const NODES_MAX = 5_000;
const SHOWN_MAX = 10;
const METADATA_ONLY = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
const Named = z.looseObject({ metadata: ObjectMeta });

/** Throws a sentence if there is no such node. An API server that can't be asked is no reason not to start: routes are held without it. */
export async function requireNode(client: KubeClient, name: string): Promise<void> {
  const query = { path: '/api/v1/nodes', accept: METADATA_ONLY, max: NODES_MAX };
  const nodes = await listAll(client, Named, query).catch((cause: unknown) => {
    if (cause instanceof KubeError) return undefined;
    throw cause;
  });
  if (nodes === undefined || nodes.some(({ metadata }) => metadata.name === name)) return;
  const names = nodes.map(({ metadata }) => metadata.name).sort();
  const more = names.length > SHOWN_MAX ? ` and ${names.length - SHOWN_MAX} more` : '';
  throw new Error(
    `The cluster has no node ${name}; it has: ${names.slice(0, SHOWN_MAX).join(', ') || 'none yet'}${more}. Give this one's name by --name.`,
  );
}
