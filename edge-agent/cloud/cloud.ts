/**
 * What the agent of a cloud instance asks of its account, without a word of the SDK: the queue with messages, the routes
 * of its VPC, its slot, and a proof of its instance role. `aws.ts` answers; edges never load it.
 */
import type { SlotLeaf } from '../../protocol/document.ts';
import type { InstanceProof } from '../../protocol/enrolment.ts';
import type { Finding } from '../../protocol/report.ts';
import type { SlotInterface } from '../plan/slot.ts';

/** Agents whose document changed; what was received is deleted, for messages are hints. */
export type QueueMessages =
  | { readonly kind: 'messages'; readonly agents: readonly string[] }
  | { readonly kind: 'failed'; readonly code: string; readonly reason: string };

/** Who owns the VPC's routes, as this hub knows it. Ages are in seconds; absent: not read, or not looked, yet. */
export interface OwnershipView {
  readonly owner?: string | undefined;
  readonly epoch?: number | undefined;
  /** ISO 8601. */
  readonly since?: string | undefined;
  readonly readAgeSeconds?: number | undefined;
  readonly lookAgeSeconds?: number | undefined;
  readonly tables: number;
  /** Routes of others that stand where ours should. */
  readonly conflicts: readonly string[];
  readonly failures: readonly string[];
}

/** This hub's part in owning the routes of its VPC. Nothing rejects: what fails is a finding. */
export interface Ownership {
  /** Sets what the document says; idempotent. Absent: owns nothing, watches nothing. */
  update(slot: SlotLeaf | undefined): void;
  /** A round of the probes is over: which twins answered in it. `late`: our own timer was, so nobody is blamed. */
  round(answered: readonly string[], late: boolean): void;
  view(): OwnershipView | undefined;
  findings(): readonly Finding[];
  stop(): void;
}

export interface OwnershipOptions {
  /** Name of this hub. */
  readonly hub: string;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly wallNow: () => number;
  /** What was done to the VPC, or could not be done. */
  readonly journal: (event: 'applied' | 'failed', steps: readonly string[], reason?: string) => void;
}

export interface Cloud {
  /** Waits up to 20 s. Never rejects. */
  messages(queue: string): Promise<QueueMessages>;
  ownership(options: OwnershipOptions): Ownership;
}

/** What taking a slot asks of the account. Every method rejects with an error whose message says why. */
export interface Slots {
  find(interfaceId: string): Promise<SlotInterface>;
  attach(interfaceId: string, instance: string): Promise<void>;
  detach(attachment: string, force: boolean): Promise<void>;
  /** Text of a secret. */
  secret(id: string): Promise<string>;
}

/** What is proved: a statement, by its hash, to one control plane. */
export interface ProofOrder {
  readonly region: string;
  /** SHA-256 of the enrolment's context and statement, in lower-case hex. */
  readonly statementHash: string;
  /** Origin of the control plane. */
  readonly audience: string;
}

export type Prove = (order: ProofOrder) => Promise<InstanceProof>;

/** What `aws.ts` gives to whoever has loaded it. */
export interface CloudModule {
  readonly openCloud: (options: CloudOptions) => Cloud;
  readonly openSlots: (region: string) => Promise<Slots>;
  readonly prove: Prove;
}

export interface CloudOptions {
  readonly region: string;
  /** From 0 to below 1. */
  readonly chance: () => number;
}
