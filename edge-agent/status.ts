/**
 * What the agent says about itself: the shape that the socket gives out, and the table that people read. It must not
 * look anything up: it prints what it is handed.
 */
import { z } from 'zod';
import { Version } from '../protocol/document.ts';
import { Finding, Proof } from '../protocol/report.ts';
import { ClusterView } from './worker/messages.ts';

const Peer = z.strictObject({
  name: z.string(),
  tunnelAddress: z.string(),
  /** Of a hub as an edge sees it, or of an edge as a hub sees it. */
  state: z.enum(['unknown', 'up', 'down']),
  active: z.boolean(),
  /** Of an edge as a hub sees it: the other hub that its packets go by, while its own leg is lost. */
  via: z.string().optional(),
  device: z.string().optional(),
  endpoint: z.string().optional(),
  handshakeAgeSeconds: z.number().optional(),
  probeAgeSeconds: z.number().optional(),
  rttMs: z.number().optional(),
  mtuBytes: z.number().optional(),
  isMtuMeasured: z.boolean().optional(),
  receivedBytes: z.number().optional(),
  sentBytes: z.number().optional(),
  spoofedPackets: z.number().optional(),
});
export type PeerStatus = z.infer<typeof Peer>;

export const Status = z.strictObject({
  agent: z.string(),
  role: z.enum(['edge', 'hub']),
  version: z.string(),
  processId: z.int(),
  residentBytes: z.int(),
  uptimeSeconds: z.number(),
  tunnelAddress: z.string().optional(),
  implementation: z.enum(['kernel', 'userspace']).optional(),
  controlPlane: z.strictObject({
    url: z.string(),
    /** `unknown`: not asked yet. */
    state: z.enum(['unknown', 'reachable', 'unreachable', 'denied']),
    contactAgeSeconds: z.number().optional(),
    code: z.string().optional(),
    reason: z.string().optional(),
    clockOffsetSeconds: z.number(),
    roots: z.array(z.string()),
  }),
  document: z.strictObject({
    newest: Version.optional(),
    applied: Version.optional(),
    trial: z.enum(['settled', 'trial', 'reverted']),
    checkedAgeSeconds: z.number().optional(),
    refused: z.strictObject({ epoch: z.int(), generation: z.int(), reason: z.string() }).optional(),
    tornFiles: z.array(z.string()),
  }),
  activeHub: z.string().optional(),
  /** Of a hub in a VPC: who owns the VPC's routes, as this hub knows it. */
  ownership: z
    .strictObject({
      owner: z.string().optional(),
      epoch: z.int().optional(),
      since: z.string().optional(),
      readAgeSeconds: z.number().optional(),
      lookAgeSeconds: z.number().optional(),
      tables: z.int(),
      conflicts: z.array(z.string()),
      failures: z.array(z.string()),
    })
    .optional(),
  peers: z.array(Peer),
  prefixes: z.array(z.strictObject({ real: z.string(), virtual: z.string() })),
  names: z.array(
    z.strictObject({
      address: z.string(),
      state: z.enum(['listening', 'failed']),
      reason: z.string().optional(),
    }),
  ),
  pass: z.strictObject({ ageSeconds: z.number(), steps: z.int(), failure: z.string().optional() }).optional(),
  /** Of an edge that has clusters. */
  clusters: z.array(ClusterView).default([]),
  /** What trials of the tenant's isolation show; absent where none are asked for. */
  proofs: z.array(Proof).optional(),
  findings: z.array(Finding),
});
export type Status = z.infer<typeof Status>;

/** Whole seconds since a handshake; never negative, as the two clocks may differ by a moment. Absent: there was none. */
export function handshakeAge(handshakeSeconds: number | undefined, wallMs: number): number | undefined {
  if (handshakeSeconds === undefined) return undefined;
  return Math.max(0, Math.round(wallMs / 1_000 - handshakeSeconds));
}

/** Aligned lines for a terminal. */
export function printStatus(status: Status): string {
  const { controlPlane, document } = status;
  const facts: [string, string][] = [
    ['agent', `${status.agent} (${status.role}, ${status.version})`],
    ['tunnel address', status.tunnelAddress ?? '-'],
    [
      'control plane',
      `${controlPlane.url} ${controlPlane.state}${ageSuffix(controlPlane.contactAgeSeconds)}`,
    ],
    ...(controlPlane.reason === undefined ? [] : [['', controlPlane.reason] satisfies [string, string]]),
    ['document', documentLine(document)],
    ...(document.refused === undefined
      ? []
      : [
          ['refused', `${versionText(document.refused)} ${document.refused.reason}`] satisfies [
            string,
            string,
          ],
        ]),
    ['active hub', status.activeHub ?? '-'],
    ...ownershipLines(status.ownership),
    ['wireguard', status.implementation ?? '-'],
    ['names', status.names.map(({ address, state }) => `${address} ${state}`).join(', ') || '-'],
  ];
  const head = facts.map(([label, value]) => `${label.padEnd(LABEL_WIDTH)}${value}`);
  return [...head, ...peersTable(status), ...prefixTable(status), ...clustersTable(status)].join('\n');
}

const LABEL_WIDTH = 16;

function ownershipLines(ownership: Status['ownership']): [string, string][] {
  if (ownership === undefined) return [];
  const { owner, epoch, since, tables, conflicts, failures } = ownership;
  const held = owner === undefined ? 'nobody yet' : `${owner}, epoch ${epoch ?? '-'}, since ${since ?? '-'}`;
  const look =
    ownership.lookAgeSeconds === undefined
      ? 'not looked at yet'
      : `${tables} tables, ${conflicts.length} conflicts, ${failures.length} failures`;
  return [
    ['routes owner', `${held}${ageSuffix(ownership.readAgeSeconds)}`],
    ['route tables', `${look}${ageSuffix(ownership.lookAgeSeconds)}`],
    ...conflicts.map((conflict): [string, string] => ['conflict', conflict]),
    ...failures.map((failure): [string, string] => ['failure', failure]),
  ];
}

function documentLine(document: Status['document']): string {
  const applied =
    document.applied === undefined ? 'none applied' : `${versionText(document.applied)} applied`;
  const trial = document.trial === 'settled' ? '' : `, ${document.trial}`;
  const isBehind =
    document.newest !== undefined &&
    versionText(document.newest) !== versionText(document.applied ?? NO_VERSION);
  const newest = isBehind && document.newest !== undefined ? `, newest ${versionText(document.newest)}` : '';
  return `${applied}${newest}${trial}${ageSuffix(document.checkedAgeSeconds)}`;
}

const NO_VERSION = { epoch: 0, generation: 0 };

function peersTable(status: Status): string[] {
  const label = status.role === 'edge' ? 'HUB' : 'EDGE';
  const rows = status.peers.map((peer) => [
    `${peer.name}${peer.active ? ' *' : ''}`,
    peer.via === undefined ? peer.state : `${peer.state}, by ${peer.via}`,
    peer.tunnelAddress,
    peer.endpoint ?? '-',
    seconds(peer.handshakeAgeSeconds),
    seconds(peer.probeAgeSeconds),
    peer.rttMs === undefined ? '-' : `${peer.rttMs.toFixed(1)} ms`,
    peer.mtuBytes === undefined ? '-' : `${peer.mtuBytes}${peer.isMtuMeasured ? '' : '?'}`,
  ]);
  if (rows.length === 0) return [];
  return [
    '',
    ...aligned([[label, 'STATE', 'TUNNEL', 'ENDPOINT', 'HANDSHAKE', 'PROBE', 'RTT', 'MTU'], ...rows]),
  ];
}

function prefixTable(status: Status): string[] {
  if (status.prefixes.length === 0) return [];
  return [
    '',
    ...aligned([['REAL', 'VIRTUAL'], ...status.prefixes.map(({ real, virtual }) => [real, virtual])]),
  ];
}

function clustersTable({ clusters }: Status): string[] {
  if (clusters.length === 0) return [];
  const rows = clusters.map((cluster) => [
    cluster.name,
    cluster.kind,
    cluster.reason === undefined ? cluster.state : `${cluster.state}: ${cluster.reason}`,
    cluster.version ?? '-',
    String(cluster.nodes),
    String(cluster.workloads),
    String(cluster.openStreams),
  ]);
  return ['', ...aligned([['CLUSTER', 'KIND', 'STATE', 'VERSION', 'NODES', 'APPS', 'STREAMS'], ...rows])];
}

/** Rows of cells as lines with columns of the same width. */
export function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

export function versionText(version: { readonly epoch: number; readonly generation: number }): string {
  return `${version.epoch}.${version.generation}`;
}

function seconds(age: number | undefined): string {
  return age === undefined ? '-' : `${Math.round(age)} s`;
}

function ageSuffix(age: number | undefined): string {
  return age === undefined ? '' : ` (${Math.round(age)} s ago)`;
}
