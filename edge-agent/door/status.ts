/** What the agent beside an engine says of itself, in a file that is gone with a reboot, and the same in words. Values in, values out. */
import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import type { NodeIdentity } from './identity.ts';

/** Times in milliseconds since 1970. */
export const NodeStatus = z.strictObject({
  atMs: z.number(),
  refusals: z.int(),
  connectedMs: z.number().optional(),
  lastRefusal: z.string().optional(),
  fault: z.string().optional(),
});
export type NodeStatus = z.infer<typeof NodeStatus>;

/** It writes every two seconds. */
const STALE_MS = 15_000;

export interface NodeStatusWords {
  readonly lines: readonly string[];
  readonly state: 'connected' | 'apart' | 'not_running';
}

export function describeNode(
  identity: NodeIdentity,
  status: NodeStatus | undefined,
  nowMs: number,
): NodeStatusWords {
  const { name, cluster, host, port, certificate, socket, lanParents } = identity;
  const ends = new Date(new X509Certificate(certificate).validTo).toISOString().slice(0, 10);
  const own = [
    `node ${name} of the cluster ${cluster}; its edge is at ${host}:${port}`,
    `engine ${socket}; LAN for containers: ${lanParents.length === 0 ? 'none' : lanParents.join(', ')}`,
    `certificate until ${ends}, renewed by itself`,
  ];
  if (status === undefined || nowMs - status.atMs > STALE_MS)
    return { lines: [...own, 'the agent does not run; containers run on without it'], state: 'not_running' };
  const refusals =
    status.refusals === 0
      ? []
      : [`refused ${status.refusals} requests of the edge; the last: ${status.lastRefusal ?? ''}`];
  if (status.connectedMs === undefined)
    return {
      lines: [...own, `not connected; containers run on. ${status.fault ?? ''}`.trim(), ...refusals],
      state: 'apart',
    };
  const since = new Date(status.connectedMs).toISOString().slice(0, 19);
  return { lines: [...own, `connected since ${since}Z`, ...refusals], state: 'connected' };
}
