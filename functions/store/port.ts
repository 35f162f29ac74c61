/**
 * What the control plane asks of its table. Every write is one conditional write of one item: there are no
 * transactions, so each promise below names the condition it rests on. Expected outcomes are values, not throws.
 */

import type { z } from 'zod';
import type { AppPlaced, AppSpec, AppTemplate } from '../../protocol/app.ts';
import type { AppEndpoint, AppOrigin } from '../../protocol/app-endpoint.ts';
import type { BindingSpec } from '../../protocol/binding.ts';
import type { ClusterAttachment, ClusterSpec, ClusterStatus } from '../../protocol/cluster.ts';
import type { ClusterReport, Published } from '../../protocol/cluster-report.ts';
import type { SignedDocument, SigningRoot } from '../../protocol/document.ts';
import type { EdgeSpec, EdgeStatus } from '../../protocol/edge.ts';
import type { Event } from '../../protocol/event.ts';
import type { HubSpec, HubStatus } from '../../protocol/hub.ts';
import type { KeySpec } from '../../protocol/key.ts';
import type { PolicySpec, PolicyStatus } from '../../protocol/policy.ts';
import type { PoolSpec } from '../../protocol/pool.ts';
import type { Liveness, Report } from '../../protocol/report.ts';
import type { RoleSpec } from '../../protocol/role.ts';
import type { RouteSpec, RouteStatus } from '../../protocol/route.ts';
import type { Scaled } from '../../protocol/scaling.ts';
import type { ServiceSpec } from '../../protocol/service.ts';
import type { SiteSpec, SiteStatus } from '../../protocol/site.ts';
import type { TenantSpec, TenantStatus } from '../../protocol/tenant.ts';
import type { Token } from '../../protocol/token.ts';
import type { StageKind } from '../../protocol/track.ts';

/** What is stored of each kind beside its metadata. `internal` is never shown. */
export interface Kinds {
  tenant: { spec: TenantSpec; status: z.infer<typeof TenantStatus>; internal: Idempotent };
  site: { spec: SiteSpec; status: z.infer<typeof SiteStatus>; internal: Idempotent };
  /** `cluster`: it was found there, and goes when it is no longer found. */
  service: { spec: ServiceSpec; status: Record<string, never>; internal: Idempotent & Found };
  route: { spec: RouteSpec; status: z.infer<typeof RouteStatus>; internal: Idempotent & Found };
  policy: { spec: PolicySpec; status: z.infer<typeof PolicyStatus>; internal: Idempotent };
  /** Links, document and applied versions are read from the hubs' liveness, the documents and the reports. */
  edge: {
    spec: EdgeSpec;
    status: EdgeKept;
    internal: { identityKey: string; token: string; prefixes: readonly string[] | null };
  };
  hub: {
    spec: HubSpec;
    status: HubKept;
    /** `instanceAt` is when the last instance of the slot signed, ISO 8601: nothing older counts. */
    internal: Idempotent & { identityKey?: string | undefined; instanceAt?: string | undefined };
  };
  token: {
    spec: Token['spec'];
    status: { expiresAt: string; usedBy?: string | undefined };
    /** `usedKey` is the identity key that redeemed it: the same key gets the same answer, another a 409. */
    internal: Idempotent & { secretHash: string; usedKey?: string | undefined };
  };
  /** What its edge tells of it is kept apart: see `told`. */
  cluster: { spec: ClusterSpec; status: ClusterKept; internal: Idempotent };
  app: { spec: AppSpec; status: AppKept; internal: Idempotent };
  pool: { spec: PoolSpec; status: Record<string, never>; internal: Idempotent };
  role: { spec: RoleSpec; status: Record<string, never>; internal: Idempotent };
  binding: { spec: BindingSpec; status: Record<string, never>; internal: Idempotent };
  key: {
    spec: z.infer<typeof KeySpec>;
    status: Record<string, never>;
    internal: Idempotent & { secretHash: string };
  };
}
export type Kind = keyof Kinds;

/** Hash of the Idempotency-Key and of the request that created the item. */
export interface Idempotent {
  idempotency?: { key: string; request: string } | undefined;
}

/** Of what an edge found in a cluster and named for its users. */
export interface Found {
  cluster?: string | undefined;
}

/** `agent` is the edge that holds the cluster's credentials, `issuer` the key that signed tokens when it last attached. */
export interface ClusterKept
  extends Pick<ClusterStatus, 'kind' | 'authority'>,
    Pick<ClusterAttachment, 'knows'> {
  readonly agent: string;
  readonly issuer: SigningRoot;
}

/** Of an app beside what its clusters tell. */
export interface AppKept {
  /** Rises with every change of the template. */
  readonly release: number;
  /** The last release that was up in all its clusters, and what it was. */
  readonly good?: { readonly release: number; readonly template: AppTemplate } | undefined;
  /** A release that was taken back. It counts while it is the newest. */
  readonly failed?: { readonly release: number; readonly reason: string } | undefined;
  /** Earlier ones, newest first: what people can go back to. */
  readonly past?:
    | readonly { readonly release: number; readonly template: AppTemplate; readonly until: string }[]
    | undefined;
  /** Of a release on its way, in or out, beside the last one. */
  readonly stage?: AppStageKept | undefined;
  /** Where it runs, as it was last planned. */
  readonly placed?: AppPlacedKept | undefined;
  /** Where it is reached, as its clusters told of it last. */
  readonly endpoints?: readonly AppEndpoint[] | undefined;
  /** Where it speaks from, likewise. */
  readonly origins?: readonly AppOrigin[] | undefined;
  /** Of an app that scales: how many, as it was last chosen. */
  readonly scaled?: ScaledKept | undefined;
}

export interface ScaledKept extends Scaled {
  /** What was recommended within the hold, and until when it stood, milliseconds since 1970. */
  readonly held: readonly { readonly wanted: number; readonly atMs: number }[];
  readonly rise?: { readonly from: number; readonly atMs: number } | undefined;
}

export interface AppStageKept {
  readonly release: number;
  readonly template: AppTemplate;
  readonly kind: StageKind;
  readonly step: number;
  readonly since: string;
  readonly isPromoted?: boolean | undefined;
}

export interface AppPlacedKept extends AppPlaced {
  /** Since when replicas that burst could return, milliseconds since 1970. */
  readonly roomSinceMs?: number | undefined;
  /** The placement's words changed since: it is divided afresh. */
  readonly isReworded?: boolean | undefined;
  /** Something is the matter, and the sentences say what. */
  readonly isNoted?: boolean | undefined;
  /** Replicas that stay until those in their place are ready. */
  readonly leaving?: readonly { readonly cluster: string; readonly replicas: number }[] | undefined;
}

/** Parts of a cluster's report, and what became of the services in it; each with the time it was told, or came to be so. */
type Tellings = Omit<ClusterReport, 'events'> & { readonly published?: Published };
export type TellingPart = keyof Tellings;
export type Telling = {
  readonly [Part in TellingPart]?: { readonly at: string; readonly value: NonNullable<Tellings[Part]> };
};

type EdgeStatusAll = z.infer<typeof EdgeStatus>;
export type EdgeKept = Pick<
  EdgeStatusAll,
  'agent' | 'wireguardKey' | 'tunnelAddress' | 'version' | 'advertised' | 'accepted' | 'refused'
>;
type HubStatusAll = z.infer<typeof HubStatus>;
export type HubKept = Pick<
  HubStatusAll,
  'agent' | 'tunnelAddress' | 'wireguardKey' | 'version' | 'certificate'
>;

/** `tenant` is `*` for what belongs to the deployment (tenants, hubs, their tokens, its keys). Services are `SITE/NAME`. */
export interface ItemKey<K extends Kind = Kind> {
  readonly kind: K;
  readonly tenant: string;
  readonly name: string;
}

export interface Item<K extends Kind = Kind> {
  readonly key: ItemKey<K>;
  readonly version: number;
  readonly generation: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly spec: Kinds[K]['spec'];
  readonly status: Kinds[K]['status'];
  readonly internal: Kinds[K]['internal'];
  /** Audit entries that ride in the item until they are delivered to the log. */
  readonly outbox: readonly Event[];
  /** Set when deletion was asked for: the item stays, unseen by the API, until its outbox is delivered. */
  readonly deletedAt?: string | undefined;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Where the next page begins; opaque to callers. */
  readonly next?: string | undefined;
}

export interface PageRequest {
  /** 1 to 500. */
  readonly limit: number;
  readonly after?: string | undefined;
  /** Only names that begin with this. */
  readonly prefix?: string | undefined;
}

/**
 * One /16 of a virtual pool: `taken` maps a virtual prefix to its owner (`TENANT/SITE/REAL` or `agent/ID`). Or the claims of a tenant's address
 * pools: `taken` maps `SITE/REAL` to the stamp of the pool.
 */
export interface Ledger {
  /** The /16, for example `100.64.0.0/16`; or `pools/TENANT`. */
  readonly block: string;
  /** 0 if the item does not exist yet. */
  readonly version: number;
  readonly taken: Readonly<Record<string, { readonly owner: string; readonly at: string }>>;
}

/** The newest document of an agent, without its leaves (those are blobs by hash). */
export interface StoredDocument {
  readonly agent: string;
  readonly document: SignedDocument;
}

/** Times with milliseconds: from `since` on, before `until`. A page goes on within the same bounds. */
export interface EventRequest extends PageRequest {
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

export interface Store {
  /** Consistent read. Deleted items are returned too (see `deletedAt`). */
  get<K extends Kind>(key: ItemKey<K>): Promise<Item<K> | undefined>;
  /** Consistent read, ordered by name. Deleted items are returned too. */
  list<K extends Kind>(kind: K, tenant: string, page: PageRequest): Promise<Page<Item<K>>>;
  /** Writes if there is no item under this key. */
  create<K extends Kind>(item: Item<K>): Promise<'written' | 'exists'>;
  /**
   * Writes if the stored version is `item.version - 1`, of the same item: one that was created anew under its name is another. An update is
   * never an upsert.
   */
  replace<K extends Kind>(item: Item<K>): Promise<'written' | 'stale'>;
  /**
   * Empties the outbox if the stored version is `version`, which stays: an ETag that a client holds is still good. Not a
   * change anybody waits for, so it is left out of the stream.
   */
  clearOutbox(key: ItemKey, version: number): Promise<'cleared' | 'stale'>;
  /** Removes the item if the stored version is `version`. */
  purge<K extends Kind>(key: ItemKey<K>, version: number): Promise<'purged' | 'stale'>;

  ledger(block: string): Promise<Ledger>;
  /** Writes if the stored version is `ledger.version - 1`. */
  writeLedger(ledger: Ledger): Promise<'written' | 'stale'>;

  /** Claims a host name for a tenant; the same tenant may claim again. */
  claimHost(host: string, tenant: string): Promise<'claimed' | 'taken'>;
  releaseHost(host: string, tenant: string): Promise<void>;

  document(agent: string): Promise<StoredDocument | undefined>;
  /** Writes if the stored (epoch, generation) is `after`, or if there is none and `after` is undefined. */
  writeDocument(
    document: StoredDocument,
    after: { readonly epoch: number; readonly generation: number } | undefined,
  ): Promise<'written' | 'stale'>;

  report(agent: string): Promise<{ readonly at: string; readonly report: Report } | undefined>;
  writeReport(agent: string, at: string, report: Report): Promise<void>;
  /** Of a hub, by its agent id. */
  liveness(agent: string): Promise<{ readonly at: string; readonly liveness: Liveness } | undefined>;
  /** Overwrites; not a change anybody waits for, so it is left out of the stream. */
  writeLiveness(agent: string, at: string, liveness: Liveness): Promise<void>;

  /** What the edge of a cluster told last, in the parts that were asked for. */
  told(cluster: ItemKey<'cluster'>, parts: readonly TellingPart[]): Promise<Telling>;
  /** Overwrites one part; not a change anybody waits for, so it is left out of the stream. */
  writeTold<Part extends TellingPart>(
    cluster: ItemKey<'cluster'>,
    part: Part,
    told: NonNullable<Telling[Part]>,
  ): Promise<void>;

  /** Appends; writing the same id again changes nothing. */
  writeEvent(event: Event): Promise<void>;
  /** Newest first. */
  events(tenant: string, page: EventRequest): Promise<Page<Event>>;
}

/** What a write tells the reconcile function: a hint only, the sweep is the truth. */
export interface Change {
  readonly key: ItemKey;
}

/** What a store throws beyond the expected outcomes, which are values; the API makes problems of it. */
export type StoreFault =
  /** The item is larger than the table takes (400 kB). */
  | 'store.too_large'
  /** A tenant, name, host, block or agent id that can't be part of a key. */
  | 'store.bad_key'
  /** A page token that the store didn't make, or a limit outside 1 to 500. */
  | 'store.bad_page'
  /** What stands in the table was not written by this store. */
  | 'store.damaged';

export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreFault;

  constructor(code: StoreFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
