/** What is there of the gateway: what runs, what is on disk, which certificates there are. Values only. */
import type { GatewayTarget, MapEntry, SlotFile } from './gateway.ts';
import type { ClusterEntry } from './gateway-clusters.ts';
import type { ObservedGroup } from './gateway-groups.ts';

/** `ready` takes requests, `draining` finishes its own, `closed` refuses. Times in seconds since the last change. */
export interface ObservedSlot extends GatewayTarget {
  readonly slot: number;
  readonly state: 'ready' | 'draining' | 'closed';
  readonly sinceSeconds: number;
  readonly sessions: number;
}

/** SHA-1 of the certificate in upper-case hex, as the runtime API tells it: for comparison, not for trust. */
export interface CertificateFile {
  readonly file: string;
  readonly fingerprint: string;
}

export interface SuppliedCertificate extends CertificateFile {
  /** DNS names, some with a leading `*.` label. */
  readonly names: readonly string[];
  /** Whole days until it ends; negative when it has ended. */
  readonly daysLeft: number;
}

export interface RunningGateway {
  readonly revision: string;
  readonly slots: readonly ObservedSlot[];
  readonly groups: readonly ObservedGroup[];
  readonly routes: readonly MapEntry[];
  /** Undefined: it was started by a configuration without clusters. */
  readonly clusters: readonly ClusterEntry[] | undefined;
  readonly certificates: readonly CertificateFile[];
}

export interface ObservedGateway {
  readonly running: RunningGateway | undefined;
  readonly files: {
    readonly base: string | undefined;
    readonly slots: SlotFile;
    readonly routes: readonly MapEntry[];
    readonly clusters: readonly ClusterEntry[] | undefined;
    readonly certificates: readonly string[];
  };
  /** The gateway's own certificate; undefined if it is missing or was not issued by the authority on disk. */
  readonly own: SuppliedCertificate | undefined;
  readonly supplied: readonly SuppliedCertificate[];
  /** Files in the directory of supplied certificates that can't be used: no certificate, no key, or not a pair. */
  readonly unusable: readonly string[];
  /** PEM of the hub's own authority, to verify the gateway by. */
  readonly authority: string | undefined;
}
