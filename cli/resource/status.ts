/** What `isthmus status` says: how the sites are, and what needs a person, faults first. */
import type { Attention } from '../../protocol/attention.ts';
import type { Edge } from '../../protocol/edge.ts';
import type { Site } from '../../protocol/site.ts';
import { secondsOf } from '../../protocol/time.ts';
import { healthOf } from '../health.ts';
import { ageSince, tableOf } from '../table.ts';

/** What `isthmus status` tells. */
export interface Outlook {
  readonly sites: readonly Site[];
  readonly edges: readonly Edge[];
  /** The deployment's and the tenant's, as far as the caller may read them. */
  readonly attention: Attention;
}

/** The attention of two places as one. */
export function joined(a: Attention, b: Attention): Attention {
  return { items: [...a.items, ...b.items], omitted: a.omitted + b.omitted };
}

export function statusText({ sites, edges: all, attention }: Outlook, nowMs: number): string {
  const rows = sites.map((site) => {
    const edges = all.filter(({ spec }) => spec.site === site.metadata.name);
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
  const matters = attention.items.map(({ kind, name, level, type, reason, message, since }) => [
    `${kind} ${name}`,
    level,
    `${type}: ${reason}`,
    ageSince(since, nowMs),
    message,
  ]);
  return [
    rows.length === 0 ? 'There are no sites.' : tableOf(['SITE', 'STATE', 'EDGES', 'LINKS UP', 'TOLD'], rows),
    '',
    matters.length === 0
      ? 'Nothing needs a person.'
      : tableOf(['NEEDS A PERSON', 'LEVEL', 'REASON', 'FOR', 'MESSAGE'], matters),
    ...(attention.omitted > 0 ? [`And ${attention.omitted} more.`] : []),
  ].join('\n');
}
