/** What `isthmus status` says: how the sites are, and what needs a person, the oldest first. */
import type { App } from '../../protocol/app.ts';
import type { Cluster } from '../../protocol/cluster.ts';
import type { Edge } from '../../protocol/edge.ts';
import type { Condition } from '../../protocol/metadata.ts';
import type { Site } from '../../protocol/site.ts';
import { secondsOf } from '../../protocol/time.ts';
import { healthOf } from '../health.ts';
import { ageSince, tableOf } from '../table.ts';

/** Conditions that say something bad when they hold. */
const BAD_IF_TRUE: readonly string[] = ['RolledBack'];

export interface Estate {
  readonly sites: readonly Site[];
  readonly edges: readonly Edge[];
  readonly clusters: readonly Cluster[];
  readonly apps: readonly App[];
}

export interface Matter {
  /** `edge e1`. */
  readonly what: string;
  readonly type: string;
  readonly status: Condition['status'];
  readonly reason: string;
  readonly message: string;
  readonly since: string;
}

/** Every condition that is not as it should be, and every edge that waits for its approval; the oldest first. */
export function mattersOf({ sites, edges, clusters, apps }: Estate): Matter[] {
  const matters = [
    ...sites.flatMap((one) => conditionMatters('site', one)),
    ...edges.flatMap((one) =>
      one.spec.approved
        ? conditionMatters('edge', one)
        : [
            {
              what: `edge ${one.metadata.name}`,
              ...{ type: 'Approved', status: 'False' as const, reason: 'NotApproved' },
              message: `It waits at ${one.spec.site} for a person to approve it.`,
              since: one.metadata.createdAt,
            },
          ],
    ),
    ...clusters.flatMap((one) => conditionMatters('cluster', one)),
    ...apps.flatMap((one) => conditionMatters('app', one)),
  ];
  return matters.sort((a, b) => secondsOf(a.since) - secondsOf(b.since));
}

interface Conditioned {
  readonly metadata: { readonly name: string };
  readonly status: { readonly conditions: readonly Condition[] };
}

function conditionMatters(kind: string, { metadata, status }: Conditioned): Matter[] {
  return status.conditions
    .filter(({ type, status: value }) => (value === 'True') === BAD_IF_TRUE.includes(type))
    .map(({ type, status: value, reason, message, lastTransitionTime }) => ({
      what: `${kind} ${metadata.name}`,
      ...{ type, status: value, reason },
      message,
      since: lastTransitionTime,
    }));
}

export function statusText(estate: Estate, nowMs: number): string {
  const rows = estate.sites.map((site) => {
    const edges = estate.edges.filter(({ spec }) => spec.site === site.metadata.name);
    const links = edges.flatMap(({ status }) => status.links);
    const told = links.map(({ observedAt }) => observedAt).sort((a, b) => secondsOf(b) - secondsOf(a))[0];
    return [
      site.metadata.name,
      healthOf(site.status.conditions),
      String(edges.length),
      `${links.filter(({ up }) => up).length}/${links.length}`,
      told === undefined ? 'never' : `${ageSince(told, nowMs)} ago`,
    ];
  });
  const matters = mattersOf(estate).map(({ what, type, reason, message, since }) => [
    what,
    `${type}: ${reason}`,
    ageSince(since, nowMs),
    message,
  ]);
  return [
    rows.length === 0 ? 'There are no sites.' : tableOf(['SITE', 'STATE', 'EDGES', 'LINKS UP', 'TOLD'], rows),
    '',
    matters.length === 0
      ? 'Nothing needs a person.'
      : tableOf(['NEEDS A PERSON', 'REASON', 'FOR', 'MESSAGE'], matters),
  ].join('\n');
}
