/** What an agent runs beside the loop, by its role. One shape for both, so that the agent need not ask which it is. */
import type { Document } from '../protocol/document.ts';
import type { Finding, Proof } from '../protocol/report.ts';
import type { OwnershipView } from './cloud/cloud.ts';
import type { Upstream } from './names/upstream.ts';
import type { Choice } from './plan/state.ts';
import type { PeerStatus } from './status.ts';
import type { ClusterView } from './worker/messages.ts';

export interface Role {
  /** Sets what the document in force says; idempotent. */
  update(document: Document | undefined): void;
  choice(): Choice;
  peers(): Promise<readonly PeerStatus[]>;
  /** Hubs that answer questions about names, the best one first. */
  nameHubs(): readonly Upstream[];
  /** Sites that a hub does not hear of now, as `TENANT/SITE`; an edge knows of none. */
  silentSites(): ReadonlySet<string>;
  /** True while a nudge can arrive: by a tunnel, or by a long poll of its own. */
  isReached(): boolean;
  /** Who owns the routes of the VPC; undefined where there is no VPC. */
  ownership(): OwnershipView | undefined;
  /** Clusters that this host reaches and drives. */
  clusters(): readonly ClusterView[];
  /** What an edge's trials of its tenant's isolation show; undefined: it is not asked for any. */
  proofs(): readonly Proof[] | undefined;
  /** What is wrong beside the host itself. */
  findings(): readonly Finding[];
  stop(): Promise<void>;
}
