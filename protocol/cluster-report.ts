/** What an edge tells of one of its clusters: facts, apps, services that it found, and who asked its API server for what. */
import { z } from 'zod';
import { AppInstance } from './app.ts';
import { ClusterFacts } from './cluster.ts';
import { Name, Timestamp } from './metadata.ts';
import { Reservation } from './pool.ts';
import { AppUsage } from './scaling.ts';
import { Port, Protocol } from './service.ts';

/** A service of the cluster that asks to be an Isthmus service of its site, by its labels. */
export const FoundService = z
  .strictObject({
    name: Name,
    source: z.string().max(507).meta({ description: 'NAMESPACE/NAME in the cluster' }),
    address: z.string().max(45),
    port: Port,
    protocol: Protocol,
    route: z
      .strictObject({ host: z.string().max(253), path: z.string().max(500) })
      .optional()
      .meta({ description: 'Public HTTPS path to it' }),
  })
  .meta({ id: 'FoundService' });
export type FoundService = z.infer<typeof FoundService>;

/** What became of the services that were found, as the control plane keeps it beside what is told. */
export interface Published {
  readonly services: number;
  readonly routes: number;
  /** Sentences about the first that could not be had, `NAMESPACE/NAME: …`. */
  readonly faults: readonly string[];
  /** Of all that could not be had. */
  readonly faultCount: number;
}

/** One who asks: a subject and its program. Sums over the window. */
export const Talker = z
  .strictObject({
    subject: z.string().max(200),
    program: z.string().max(200),
    verb: z.string().max(32),
    resource: z.string().max(200),
    requests: z.int(),
    perMinute: z.number(),
    bytes: z.int(),
    p50Ms: z.number(),
    p99Ms: z.number(),
    fromCache: z.int(),
    coalesced: z.int(),
    upstream: z.int(),
    errors: z.int(),
  })
  .meta({ id: 'Talker' });
export type Talker = z.infer<typeof Talker>;

export const CachedType = z
  .strictObject({
    resource: z.string().max(200),
    state: z.enum(['syncing', 'synced', 'stale', 'dropped']),
    objects: z.int(),
    bytes: z.int(),
    watchers: z.int(),
    lastUsedSeconds: z.int(),
  })
  .meta({ id: 'CachedType' });
export type CachedType = z.infer<typeof CachedType>;

/** What the cluster proxy saw in its window, and what it would advise. */
export const RequestAnalysis = z
  .strictObject({
    windowSeconds: z.int(),
    requests: z.int(),
    fromCache: z.int(),
    coalesced: z.int(),
    upstream: z.int(),
    upstreamLists: z.int(),
    upstreamWatches: z.int(),
    accessReviews: z.int(),
    openStreams: z.int(),
    budgetBytes: z.int(),
    usedBytes: z.int(),
    types: z.array(CachedType).max(200),
    talkers: z.array(Talker).max(50),
    advice: z.array(z.string().max(500)).max(50),
  })
  .meta({ id: 'RequestAnalysis' });
export type RequestAnalysis = z.infer<typeof RequestAnalysis>;

/** Something that happened at the site and belongs into the audit log; the same id is kept once. */
export const SiteEvent = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9.-]{8,64}$/),
    at: Timestamp,
    action: z
      .string()
      .max(64)
      .meta({ examples: ['drill.failed', 'exec.recorded', 'access.ended'] }),
    actor: z.string().max(200),
    detail: z.string().max(500),
  })
  .meta({ id: 'SiteEvent' });
export type SiteEvent = z.infer<typeof SiteEvent>;

/** `POST /v1/agent/clusters/{cluster}/report`. Absent parts are as they were last told. */
export const ClusterReport = z
  .strictObject({
    facts: ClusterFacts.optional(),
    apps: z
      .array(z.strictObject({ app: Name, instance: AppInstance }))
      .max(1_000)
      .optional(),
    services: z.array(FoundService).max(500).optional(),
    reservations: z
      .array(Reservation.extend({ pool: Name }))
      .max(4_096)
      .optional(),
    requests: RequestAnalysis.optional(),
    usage: z
      .array(z.strictObject({ app: Name, usage: AppUsage }))
      .max(1_000)
      .optional(),
    events: z.array(SiteEvent).max(100).optional(),
  })
  .meta({ id: 'ClusterReport' });
export type ClusterReport = z.infer<typeof ClusterReport>;
