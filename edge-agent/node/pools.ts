/**
 * The pools of a cluster as its edge publishes them for the agents on the nodes: one ConfigMap, which both sides read and write by this file. Nodes
 * need no link to the control plane.
 */
import { z } from 'zod';
import { Cidr } from '../../protocol/address.ts';
import { parseJson } from '../../protocol/json.ts';
import { Name } from '../../protocol/metadata.ts';

export const SYSTEM_NAMESPACE = 'isthmus-system';
export const POOLS_MAP = 'isthmus-pools';
export const POOLS_PATH = `/api/v1/namespaces/${SYSTEM_NAMESPACE}/configmaps`;

const KEY = 'pools.json';

/** `joined`: prefixes of this site and of those that it is joined to, which see addresses as they are. */
export const Pools = z.object({
  pools: z.array(z.object({ name: Name, prefixes: z.array(Cidr).max(64) })).max(1_000),
  joined: z.array(Cidr).max(4_096),
});
export type Pools = z.infer<typeof Pools>;

export const PoolsMap = z.looseObject({
  metadata: z.looseObject({ name: z.string() }),
  data: z.record(z.string(), z.string()).optional(),
});
export type PoolsMap = z.infer<typeof PoolsMap>;

export function poolsMapOf(pools: Pools): object {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: POOLS_MAP, namespace: SYSTEM_NAMESPACE },
    data: { [KEY]: JSON.stringify(pools) },
  };
}

/** Undefined where it holds something that this version does not read: then nothing is changed. */
export function poolsOf(map: PoolsMap): Pools | undefined {
  return Pools.safeParse(parseJson(map.data?.[KEY] ?? '')).data;
}
