/** Of several conditions that are not as they should be, the one to tell first: what others follow from, or can't be known for. */
import type { Cluster } from '../protocol/cluster.ts';
import type { Condition } from '../protocol/metadata.ts';

/** Without an edge nothing is told, what is old says nothing of now, and of a silent API server nothing is seen. */
const SIGHT = ['Attached', 'Fresh', 'Reachable'];
const RANKS = [...SIGHT, 'NodesReady'];

/** `good`, or the reason of the worst condition. */
export function healthOf(conditions: readonly Condition[]): string {
  return worstOf(conditions, RANKS)?.reason ?? 'good';
}

/** Why what is said of the things in a cluster may not be so any more; undefined if it is seen as it is now. */
export function blindnessOf(conditions: readonly Condition[]): Condition | undefined {
  return worstOf(
    conditions.filter(({ type }) => SIGHT.includes(type)),
    SIGHT,
  );
}

/** By name: the clusters that are not seen now, and why. */
export function unseenClusters(clusters: readonly Cluster[]): ReadonlyMap<string, Condition> {
  return new Map(
    clusters.flatMap(({ metadata, status }) => {
      const why = blindnessOf(status.conditions);
      return why === undefined ? [] : [[metadata.name, why]];
    }),
  );
}

/** What is `False` goes before what is not known, among conditions of one rank. */
function worstOf(conditions: readonly Condition[], ranks: readonly string[]): Condition | undefined {
  const rank = ({ type, status }: Condition) => {
    const place = ranks.indexOf(type);
    return (place === -1 ? ranks.length : place) * 2 + (status === 'False' ? 0 : 1);
  };
  return conditions.filter(({ status }) => status !== 'True').sort((a, b) => rank(a) - rank(b))[0];
}
