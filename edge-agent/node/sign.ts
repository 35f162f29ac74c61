/**
 * The sign that a node's agent is there and that the API server takes its credentials: one Lease a node, renewed as the kubelet renews its own. The edge
 * reads them all (`worker/node-agents.ts`); nobody's address depends on them.
 */
import { z } from 'zod';
import type { KubeClient } from '../kube/client.ts';
import { undefinedOn } from '../kube/errors.ts';
import { LEASES_PATH } from './holding.ts';
import { SYSTEM_NAMESPACE } from './pools.ts';

/** On each sign, with this value. */
export const SIGN_LABEL = 'isthmus.dev/agent';
export const SIGN_ROLE = 'node';
/** How often it is renewed. */
export const SIGN_MS = 20_000;

const SECONDS_SHOWN = 60;

export const SignObject = z.looseObject({
  metadata: z.looseObject({ name: z.string(), resourceVersion: z.string().default('') }),
  spec: z
    .looseObject({ holderIdentity: z.string().default(''), renewTime: z.string().default('') })
    .default({ holderIdentity: '', renewTime: '' }),
});
export type SignObject = z.infer<typeof SignObject>;

export function signName(node: string): string {
  return `agent-${node}`;
}

/** `version`: of the one that stands there; empty where there is none. */
export function signOf(node: string, version: string, nowMs: number): object {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: signName(node),
      namespace: SYSTEM_NAMESPACE,
      labels: { [SIGN_LABEL]: SIGN_ROLE },
      ...(version === '' ? {} : { resourceVersion: version }),
    },
    spec: {
      holderIdentity: node,
      leaseDurationSeconds: SECONDS_SHOWN,
      // Kubernetes wants microseconds in this field.
      renewTime: new Date(nowMs).toISOString().replace('Z', '000Z'),
    },
  };
}

/** Rejects with what the API server refuses. */
export async function writeSign(client: KubeClient, node: string, nowMs: number): Promise<void> {
  const path = `${LEASES_PATH}/${signName(node)}`;
  const there = await undefinedOn(client.json(SignObject, { method: 'GET', path }), ['kube.not_found']);
  const body = JSON.stringify(signOf(node, there?.metadata.resourceVersion ?? '', nowMs));
  await client.text(
    there === undefined ? { method: 'POST', path: LEASES_PATH, body } : { method: 'PUT', path, body },
  );
}
