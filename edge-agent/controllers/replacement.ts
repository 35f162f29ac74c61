/**
 * Which containers of a dead node are let go, so that the cluster makes them elsewhere: exactly those whose app says so, after as long as it says.
 * Values in, values out.
 *
 * Pods are deleted, one by one, rather than the node marked `out-of-service`: the mark would move what others run there, by no contract
 * of theirs, and would take the right to change nodes. The price: a volume that is attached to the dead node is freed by the cluster only after its own six minutes.
 */
import type { DisconnectContract } from '../../protocol/app-change.ts';
import type { Judgement } from './node-verdict.ts';

/** A pass lets go of no more; the rest follow in the next. */
export const RELEASES_MAX = 200;

/** What an app of this cluster wants of a node that is lost. */
export interface AppContract {
  readonly namespace: string;
  /** By which its pods are found; all of them must match. */
  readonly labels: Readonly<Record<string, string>>;
  readonly disconnect: DisconnectContract;
}

export interface PodSight {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly node: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface LostContext {
  readonly contracts: readonly AppContract[];
  readonly judgementOf: (node: string) => Judgement;
}

/** Nodes of which some app wants its containers made elsewhere by now. */
export function lostNodes(nodes: readonly string[], { contracts, judgementOf }: LostContext): string[] {
  return nodes.filter((node) => contracts.some((contract) => isLost(judgementOf(node), contract)));
}

/** Pods to delete now. */
export function podsToRelease(
  pods: readonly PodSight[],
  { contracts, judgementOf }: LostContext,
): PodSight[] {
  return pods
    .filter((pod) => {
      const contract = contracts.find((one) => isOf(pod, one));
      return contract !== undefined && isLost(judgementOf(pod.node), contract);
    })
    .slice(0, RELEASES_MAX);
}

function isLost({ verdict, silentMs }: Judgement, { disconnect }: AppContract): boolean {
  return verdict === 'dead' && disconnect.replace && silentMs >= disconnect.lostAfterSeconds * 1_000;
}

function isOf({ namespace, labels }: PodSight, contract: AppContract): boolean {
  return (
    namespace === contract.namespace &&
    Object.entries(contract.labels).every(([name, value]) => labels[name] === value)
  );
}
