/** What agents tell the control plane. Reports never carry desired state. */
import { z } from 'zod';
import { Cidr } from './address.ts';
import { Version } from './document.ts';
import { Name } from './metadata.ts';
import { Features, RotationReport } from './rotation.ts';
import { WireguardKey } from './wireguard-key.ts';

/** A fault that a person can act on, as `edge-agent doctor` prints it. `code` is stable. */
export const Finding = z
  .strictObject({
    code: z.string().max(64),
    level: z.enum(['ok', 'warning', 'error']),
    message: z.string().max(500),
    fix: z.string().max(500),
  })
  .meta({ id: 'Finding' });
export type Finding = z.infer<typeof Finding>;

/**
 * Whether packets to another site are refused, as an edge of an isolated tenant has tried. `refused`: while the control probe was answered, none to the judged port was,
 * and the firewalls counted them; `passed`: one was answered; `unreached`: the control probe was not answered, so the silence shows nothing; `uncounted`: no firewall counted what
 * was sent; `pending`: not known yet. `cut`: a flow that ran before is not answered any more.
 */
export const Proof = z
  .strictObject({
    site: Name,
    edge: Name,
    verdict: z.enum(['pending', 'refused', 'passed', 'unreached', 'uncounted']),
    cut: z.boolean(),
  })
  .meta({ id: 'Proof' });
export type Proof = z.infer<typeof Proof>;

/** Sent when something changed, not as a heartbeat: liveness comes from the hubs. */
export const Report = z
  .strictObject({
    version: z.string().max(50),
    features: Features.optional(),
    wireguardKey: WireguardKey,
    rotation: RotationReport.optional(),
    advertise: z.array(Cidr).max(64),
    applied: Version.optional(),
    refused: z
      .strictObject({ epoch: z.int(), generation: z.int(), reason: z.string().max(500) })
      .optional()
      .meta({ description: 'A document that the agent would not take, or rolled back' }),
    activeHub: z.string().optional(),
    certificate: z.string().max(20_000).optional(),
    findings: z.array(Finding).max(64),
    proofs: z
      .array(Proof)
      .max(16)
      .optional()
      .meta({ description: 'Of an edge whose document asks for them' }),
  })
  .meta({ id: 'Report' });
export type Report = z.infer<typeof Report>;

/** Peers in one request: with the longest names 3,000 stay below the limit of a body. */
export const PEERS_PER_REQUEST_MAX = 5_000;
const PARTS_MAX = 16;

/**
 * Of liveness that takes several requests. `round` rises once all parts of one have arrived. The part of index 0 comes last:
 * with it the round is whole, and is shown.
 */
export const LivenessPart = z
  .strictObject({
    round: z.int().min(0),
    index: z
      .int()
      .min(0)
      .max(PARTS_MAX - 1),
    count: z.int().min(2).max(PARTS_MAX),
  })
  .refine(({ index, count }) => index < count, { error: 'The index is below the count.', path: ['index'] })
  .meta({ id: 'LivenessPart' });
export type LivenessPart = z.infer<typeof LivenessPart>;

/** Requests at a hub's gateway for a port of an app that scales by them. */
export const RequestRate = z
  .strictObject({
    tenant: Name,
    app: Name,
    port: Name,
    perSecond: z.number().min(0),
  })
  .meta({ id: 'RequestRate' });
export type RequestRate = z.infer<typeof RequestRate>;

/** By a hub for all its peers, in one batch or in parts: heartbeats cost O(hubs). */
export const Liveness = z
  .strictObject({
    part: LivenessPart.optional().meta({ description: 'Absent if all peers are in this request' }),
    peers: z
      .array(
        z.strictObject({
          agent: z.string(),
          up: z.boolean(),
          handshakeAgeSeconds: z.int().optional(),
          probeAgeSeconds: z.int().optional(),
          receivedBytes: z.int(),
          sentBytes: z.int(),
          spoofedPackets: z.int(),
        }),
      )
      .max(PEERS_PER_REQUEST_MAX),
    requests: z
      .array(RequestRate)
      .max(1_024)
      .optional()
      .meta({ description: 'In the first part; absent while the gateway does not run' }),
  })
  .meta({ id: 'Liveness' });
export type Liveness = z.infer<typeof Liveness>;

/** WireGuard makes a new handshake every two minutes while packets flow, and gives one up after three. */
const HANDSHAKE_SECONDS_MAX = 180;

/**
 * How long ago the hub heard of the edge for certain, in seconds. A handshake alone tells of silence only once it is overdue: a hub that has just started has heard
 * no probe yet. Undefined: it has never heard of it.
 */
export function heardSecondsAgo({
  handshakeAgeSeconds: handshake,
  probeAgeSeconds: probe,
}: Pick<Liveness['peers'][number], 'handshakeAgeSeconds' | 'probeAgeSeconds'>): number | undefined {
  if (probe !== undefined) return Math.min(probe, handshake ?? probe);
  if (handshake === undefined) return undefined;
  return handshake > HANDSHAKE_SECONDS_MAX ? handshake : 0;
}

/** Messages to a hub: agents whose document changed. The hub nudges them through the tunnel; it is a hint only. */
export const Messages = z
  .strictObject({
    changed: z.array(z.string()),
    cursor: z.string(),
    againSeconds: z.int().min(1).optional().meta({ description: 'Ask again no sooner than this' }),
  })
  .meta({ id: 'Messages' });
export type Messages = z.infer<typeof Messages>;
