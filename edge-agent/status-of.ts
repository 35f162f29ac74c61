/** The status of a running agent from its parts: a pure gathering of values, so that socket, report and doctor agree. */

import type { Finding, Proof } from '../protocol/report.ts';
import { RELEASE } from '../protocol/version.ts';
import type { OwnershipView } from './cloud/cloud.ts';
import type { Contact } from './control-plane.ts';
import type { Documents } from './documents.ts';
import type { GatewayPass } from './gateway-pass.ts';
import type { Pass } from './loop.ts';
import type { Listening } from './names/server.ts';
import { leafOf } from './plan/leaves.ts';
import type { Choice } from './plan/state.ts';
import { type Config } from './settings.ts';
import type { PeerStatus, Status } from './status.ts';
import type { ClusterView } from './worker/messages.ts';

export interface StatusInput {
  readonly config: Config;
  readonly nowMs: number;
  readonly startedMs: number;
  readonly contact: Contact;
  readonly clockOffsetMs: number;
  readonly documents: Pick<Documents, 'inForce' | 'newest' | 'trial' | 'refused' | 'roots' | 'torn'>;
  readonly checkedMs: number | undefined;
  readonly pass: Pass | undefined;
  readonly passedMs: number;
  readonly gateway: GatewayPass | undefined;
  readonly choice: Choice;
  readonly peers: readonly PeerStatus[];
  readonly names: readonly Listening[];
  readonly ownership: OwnershipView | undefined;
  readonly clusters: readonly ClusterView[];
  readonly proofs: readonly Proof[] | undefined;
  /** Of the role, and of the process for clusters. */
  readonly findings: readonly Finding[];
}

export function statusOf(input: StatusInput): Status {
  const { config, documents, nowMs, pass } = input;
  const document = documents.inForce();
  return {
    agent: config.agent,
    role: config.role,
    version: RELEASE,
    processId: process.pid,
    residentBytes: process.memoryUsage.rss(),
    uptimeSeconds: age(nowMs, input.startedMs),
    tunnelAddress: document && leafOf(document, 'self')?.tunnelAddress,
    implementation: pass?.facts.implementation,
    controlPlane: controlPlaneOf(input),
    document: {
      newest: documents.newest,
      applied: pass?.version,
      trial: documents.trial,
      checkedAgeSeconds: input.checkedMs === undefined ? undefined : age(nowMs, input.checkedMs),
      refused: documents.refused,
      tornFiles: [...documents.torn],
    },
    activeHub: input.choice.activeHub,
    ownership: input.ownership && {
      ...input.ownership,
      conflicts: [...input.ownership.conflicts],
      failures: [...input.ownership.failures],
    },
    peers: [...input.peers],
    prefixes: (document && leafOf(document, 'network')?.prefixes) ?? [],
    names: input.names.map(({ address, state, reason }) => ({ address, state, reason })),
    pass: pass && { ageSeconds: age(nowMs, input.passedMs), steps: pass.steps, failure: pass.failure },
    clusters: [...input.clusters],
    ...(input.proofs === undefined ? {} : { proofs: [...input.proofs] }),
    findings: [...(pass?.findings ?? []), ...(input.gateway?.findings ?? []), ...input.findings],
  };
}

function controlPlaneOf({
  config,
  contact,
  nowMs,
  clockOffsetMs,
  documents,
}: StatusInput): Status['controlPlane'] {
  return {
    url: config.controlPlane,
    state: contact.state,
    contactAgeSeconds: contact.atMs === undefined ? undefined : age(nowMs, contact.atMs),
    code: contact.code,
    reason: contact.reason,
    clockOffsetSeconds: clockOffsetMs / 1_000,
    roots: documents.roots.map(({ id }) => id),
  };
}

function age(nowMs: number, thenMs: number): number {
  return Math.round((nowMs - thenMs) / 100) / 10;
}
