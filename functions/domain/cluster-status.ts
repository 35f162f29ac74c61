/** What can be said of a cluster now, and how old that is. A silent edge makes its cluster unknown, not down. */
import type { ClusterFacts, Statement } from '../../protocol/cluster.ts';
import type { Published } from '../../protocol/cluster-report.ts';
import type { Condition } from '../../protocol/metadata.ts';
import { ageSeconds } from '../../protocol/time.ts';
import { condition } from './status.ts';

/** Edges tell everything again within five minutes; after three times as long their word is old. */
export const TELLING_SECONDS_MAX = 900;

export interface ClusterEvidence {
  readonly now: string;
  /** When the cluster was attached, or moved to another edge. */
  readonly updatedAt: string;
  /** Whether its edge is there and may have a tunnel. */
  readonly isEdgeLive: boolean;
  readonly told?: { readonly at: string; readonly value: ClusterFacts } | undefined;
  /** Since when it is so; absent if nothing of it ever asked to be published. */
  readonly published?: { readonly at: string; readonly value: Published } | undefined;
}

export function clusterConditions(evidence: ClusterEvidence): Condition[] {
  const { told, now } = evidence;
  const own = [attached(evidence), fresh(evidence), ...publishedOf(evidence)];
  if (told === undefined) return own;
  const isOld = ageSeconds(told.at, now) > TELLING_SECONDS_MAX;
  return [...own, ...told.value.statements.map((statement) => dated(statement, told.at, isOld))];
}

function attached({ isEdgeLive, updatedAt }: ClusterEvidence): Condition {
  if (isEdgeLive)
    return condition(['Attached', 'True', 'Attached'], 'Its edge holds its credentials.', updatedAt);
  const message =
    'Its edge is gone, not approved or in quarantine. Attach the cluster from another edge of the site.';
  return condition(['Attached', 'False', 'NoEdge'], message, updatedAt);
}

function fresh({ told, now, updatedAt }: ClusterEvidence): Condition {
  if (told === undefined)
    return condition(['Fresh', 'Unknown', 'NeverTold'], 'Its edge has told nothing of it yet.', updatedAt);
  const age = ageSeconds(told.at, now);
  if (age <= TELLING_SECONDS_MAX)
    return condition(['Fresh', 'True', 'Told'], `Its edge told of it ${age} s ago.`, told.at);
  return condition(
    ['Fresh', 'False', 'EdgeSilent'],
    `Its edge told of it ${age} s ago; it may well run on.`,
    told.at,
  );
}

/** The control plane's own word, hence not dated by the edge's. */
function publishedOf({ published }: ClusterEvidence): Condition[] {
  if (published === undefined) return [];
  const { services, routes, faults, faultCount } = published.value;
  const there = `${services} services and ${routes} routes of the cluster are published`;
  if (faultCount === 0) return [condition(['Published', 'True', 'Published'], `${there}.`, published.at)];
  const message = `${there}; ${faultCount} can't be. ${faults.join(' ')}`;
  return [condition(['Published', 'False', 'NotAll'], message, published.at)];
}

/** What an edge said long ago is not known any more. */
function dated({ type, status, reason, message }: Statement, at: string, isOld: boolean): Condition {
  return condition([type, isOld ? 'Unknown' : status, reason], message, at);
}
