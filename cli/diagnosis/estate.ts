/** What the control plane knows of a tenant's sites, edges, clusters, apps and of the hubs, judged: each edge and its ways, versions, and every condition with what to do. */
import type { Attention, Matter } from '../../protocol/attention.ts';
import type { Edge } from '../../protocol/edge.ts';
import type { Hub } from '../../protocol/hub.ts';
import type { Finding } from '../../protocol/report.ts';
import { secondsOf } from '../../protocol/time.ts';
import { ageSince, tableOf } from '../table.ts';
import { finding, ok } from './here.ts';

export interface Known {
  readonly edges: readonly Edge[];
  readonly attention: Attention;
  /** Absent if the caller may not read them. */
  readonly hubs?: readonly Hub[] | undefined;
  /** Of the control plane. */
  readonly version?: string | undefined;
}

export function estateFindings(known: Known, nowMs: number): Finding[] {
  const hubs = known.hubs ?? [];
  return [
    ...(known.hubs === undefined
      ? [ok('hubs.readable', 'Your role does not read hubs: nothing is said of them.')]
      : []),
    ...known.edges.flatMap((edge) => legs(edge, nowMs)),
    ...[...known.edges, ...hubs].flatMap((one) => version(one, known.version)),
    ...[...known.edges.map((one) => told('edge', one)), ...hubs.map((one) => told('hub', one))].flat(),
    ...known.attention.items.flatMap(matter),
  ];
}

/** What its own agent found is told as the agent tells it, warnings too. */
function matter({ kind, name, level, type, reason, message, remedy }: Matter): Finding[] {
  if (type === 'Host') return [];
  return [
    finding(level === 'fault' ? 'error' : 'warning', `${kind} ${name} ${type}`, {
      message: `${reason}: ${message}`,
      fix: remedy,
    }),
  ];
}

/** By which hubs an edge is reached. One that no hub hears is told by its conditions. */
function legs({ metadata: { name }, status: { links, activeHub } }: Edge, nowMs: number): Finding[] {
  const [up, down] = [links.filter((link) => link.up), links.filter((link) => !link.up)];
  if (up.length === 0) return [];
  const newest = [...up].sort((a, b) => secondsOf(b.observedAt) - secondsOf(a.observedAt))[0];
  const hubs = up.map(({ hub }) => hub).join(', ');
  const by = activeHub === undefined ? '' : `; its traffic goes by ${activeHub}`;
  if (down.length === 0)
    return [ok(`edge ${name}`, `Heard by ${hubs}, ${ageSince(newest?.observedAt ?? '', nowMs)} ago${by}.`)];
  const lost = down.map(({ hub }) => hub).join(', ');
  return [
    finding('warning', `edge ${name}`, {
      message: `Heard by ${hubs}, and not by ${lost}${by}. If ${hubs} fails too, the site is cut off.`,
      fix: `On the edge: edge-agent doctor. See that UDP to ${lost} leaves its network, and that the hub runs.`,
    }),
  ];
}

function version({ metadata: { name }, status }: Edge | Hub, wanted: string | undefined): Finding[] {
  if (wanted === undefined || status.version === undefined || status.version === wanted) return [];
  return [
    finding('warning', `version ${name}`, {
      message: `Its agent is of version ${status.version}, the control plane of ${wanted}.`,
      fix: 'Run the installer line on its host again; traffic does not stop.',
    }),
  ];
}

/** What its own agent found wrong on its host. */
function told(kind: 'edge' | 'hub', { metadata: { name }, status }: Edge | Hub): Finding[] {
  return (status.findings ?? []).map((one) => ({ ...one, code: `${kind} ${name} ${one.code}` }));
}

/** A line for each edge and hub that sees it. */
export function pathsText({ edges }: Pick<Known, 'edges'>, nowMs: number): string {
  const rows = edges.flatMap(({ metadata: { name }, spec, status }) =>
    status.links.map((link) => [
      spec.site,
      name,
      link.hub,
      link.up ? 'up' : 'down',
      status.activeHub === undefined ? '-' : status.activeHub === link.hub ? 'yes' : 'no',
      link.handshakeAgeSeconds === undefined ? '-' : `${link.handshakeAgeSeconds} s`,
      link.probeAgeSeconds === undefined ? '-' : `${link.probeAgeSeconds} s`,
      `${ageSince(link.observedAt, nowMs)} ago`,
    ]),
  );
  if (rows.length === 0) return 'No hub has told of an edge.';
  return tableOf(['SITE', 'EDGE', 'HUB', 'STATE', 'IN USE', 'HANDSHAKE', 'PROBE', 'TOLD'], rows);
}

export function findingsText(findings: readonly Finding[]): string {
  const widths = [0, 1].map((column) =>
    Math.max(...findings.map(({ level, code }) => [level, code][column]?.length ?? 0)),
  );
  return findings
    .flatMap(({ level, code, message, fix }) => [
      `${level.padEnd(widths[0] ?? 0)}  ${code.padEnd(widths[1] ?? 0)}  ${message}`,
      ...(fix === '' ? [] : [`${' '.repeat((widths[0] ?? 0) + 2)}-> ${fix}`]),
    ])
    .join('\n');
}
