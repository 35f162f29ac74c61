/**
 * What a hub runs beside the loop: it answers probes, waits for messages, nudges its edges, reports their liveness, and in
 * a VPC has its part in owning the routes.
 * Everything it hears is a hint; what it does to packets comes from its document alone.
 */
import type { Document, PeerLeaf } from '../protocol/document.ts';
import { proofAddress } from '../protocol/proof.ts';
import type { Finding, Liveness } from '../protocol/report.ts';
import type { Cloud, Ownership, OwnershipOptions, OwnershipView } from './cloud/cloud.ts';
import { HubMessages } from './hub-messages.ts';
import { KeyWatch } from './key-watch.ts';
import type { Caller } from './link/fetch.ts';
import { LivenessSender } from './link/liveness.ts';
import { silentSites } from './names/silence.ts';
import { joinedSight, type PeerSight } from './observe/peers.ts';
import { refusedSetOf } from './plan/firewall-hub.ts';
import { leafOf, leavesOf } from './plan/leaves.ts';
import type { Choice } from './plan/state.ts';
import { detoursOf } from './plan/twins.ts';
import { Poll } from './poll.ts';
import { NudgeSender } from './probe/nudge.ts';
import { Prober } from './probe/prober.ts';
import type { ReadRefused } from './probe/refused-packet.ts';
import { Responder } from './probe/responder.ts';
import type { RequestCounter } from './request-counter.ts';
import type { Role } from './role.ts';
import type { Tuning } from './settings.ts';
import { handshakeAge, type PeerStatus } from './status.ts';

/** An edge probes several times a second; silence of this length is not chance. */
const SILENCE_MS_MAX = 5_000;
const LATE_FACTOR = 1.5;

/** Of a hub that is a cloud instance. */
export interface HubCloud {
  readonly account: Cloud;
  /** Name of the hub. */
  readonly hub: string;
  readonly journal: OwnershipOptions['journal'];
}

export interface HubOptions {
  readonly cloud?: HubCloud | undefined;
  readonly agent: string;
  readonly tuning: Tuning;
  readonly caller: Caller;
  readonly sights: () => Promise<readonly PeerSight[]>;
  readonly refused: ReadRefused;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Milliseconds since 1970: handshakes are told in these. */
  readonly wallNow: () => number;
  /** From 0 up to 1. */
  readonly chance: () => number;
  /** An edge's leg was lost or is back, so its packets take another way. */
  readonly onPath: () => void;
  /** Of the hub's gateway; absent where it is off. */
  readonly requests?: RequestCounter | undefined;
  /** The hub's own document changed. */
  readonly onNudge: () => void;
}

export function openHub(options: HubOptions): Role {
  return new HubRole(options);
}

class HubRole implements Role {
  readonly #options: HubOptions;
  readonly #responder: Responder;
  readonly #nudges = new NudgeSender();
  readonly #liveness: LivenessSender;
  readonly #messages: HubMessages;
  readonly #ownership: Ownership | undefined;
  readonly #beats: Poll;
  readonly #keys: KeyWatch;
  #peers: readonly PeerLeaf[] = [];
  readonly #twins: Prober;
  #detours: Readonly<Record<string, string>> = {};
  #vpcVia: string | undefined;
  #watch: NodeJS.Timeout | undefined;
  #watchedMs = 0;
  #startedMs = 0;

  constructor(options: HubOptions) {
    this.#options = options;
    this.#keys = new KeyWatch({ sights: options.sights, onChange: options.onPath });
    this.#responder = new Responder({
      now: options.now,
      markOf: (peer) => this.#keys.markOf(peer),
      refused: (peer, from, to) => this.#refused(peer, from, to),
    });
    this.#liveness = new LivenessSender(options.caller, options.now);
    const { cloud, now, wallNow } = options;
    this.#ownership = cloud?.account.ownership({ hub: cloud.hub, journal: cloud.journal, now, wallNow });
    this.#twins = new Prober({
      settings: options.tuning,
      now,
      onChange: () => undefined,
      onRound: ({ answered, late }) => this.#ownership?.round(answered, late),
    });
    this.#messages = new HubMessages({
      ...options,
      account: cloud?.account,
      onChanged: (agents) => this.#tell(agents),
    });
    this.#beats = new Poll(() => this.#beat());
  }

  update(document: Document | undefined): void {
    const self = document && leafOf(document, 'self');
    if (document === undefined || self === undefined) return;
    this.#peers = leavesOf(document, 'peer');
    this.#keys.update(this.#peers);
    this.#options.requests?.update(document);
    const slot = leafOf(document, 'slot');
    this.#ownership?.update(slot);
    this.#messages.update(slot?.queue);
    const twins = leafOf(document, 'twins')?.hubs ?? [];
    const known = [...this.#peers, ...twins].map(({ tunnelAddress }) => tunnelAddress);
    this.#responder.answer(self.tunnelAddress, new Set(known));
    this.#nudges.listen(self.tunnelAddress);
    this.#twins.probe(self.tunnelAddress, twins);
    if (this.#watch !== undefined) return;
    this.#startedMs = this.#options.now();
    this.#watchedMs = this.#startedMs;
    // Probes that have arrived are read first.
    const watch = () => setImmediate(() => this.#watchLegs());
    this.#watch = setInterval(watch, this.#options.tuning.probeIntervalMs);
    this.#beats.wake();
  }

  choice(): Choice {
    const { keyByEdge } = this.#keys;
    return { mtuByHub: {}, detours: this.#detours, vpcVia: this.#vpcVia, keyByEdge };
  }

  ownership(): OwnershipView | undefined {
    return this.#ownership?.view();
  }

  clusters() {
    return [];
  }

  proofs() {
    return undefined;
  }

  findings(): readonly Finding[] {
    return [...(this.#ownership?.findings() ?? []), ...this.#messages.findings()];
  }

  isReached() {
    return true;
  }

  nameHubs() {
    return [];
  }

  silentSites() {
    const edges = this.#peers.map(({ tenant, site, tunnelAddress }) => ({
      tenant,
      site,
      ageMs: this.#responder.ageMs(tunnelAddress),
    }));
    return silentSites(edges, this.#options.now() - this.#startedMs);
  }

  async peers(): Promise<readonly PeerStatus[]> {
    const sights = await this.#sightsByKey();
    return this.#peers.map((peer) => this.#statusOf(peer, sightOf(peer, sights)));
  }

  async stop(): Promise<void> {
    clearInterval(this.#watch);
    this.#watch = undefined;
    this.#twins.stop();
    this.#messages.stop();
    this.#ownership?.stop();
    this.#beats.stop();
    this.#responder.stop();
    this.#nudges.stop();
  }

  /** After a late timer nothing is judged: probes that came meanwhile have not been read yet. */
  #watchLegs(): void {
    if (this.#watch === undefined) return;
    void this.#keys.look();
    const { now, onPath, tuning } = this.#options;
    const nowMs = now();
    const isLate = nowMs - this.#watchedMs > tuning.probeIntervalMs * LATE_FACTOR;
    this.#watchedMs = nowMs;
    if (isLate) return;
    const legs = this.#peers.map(({ agent, tunnelAddress }) => ({
      agent,
      ageMs: this.#responder.ageMs(tunnelAddress),
    }));
    const detours = detoursOf(legs, this.#twins.view(), nowMs - this.#startedMs);
    const vpcVia = this.#ownerThatIsUp();
    const isSame = JSON.stringify(detours) === JSON.stringify(this.#detours) && vpcVia === this.#vpcVia;
    this.#detours = detours;
    this.#vpcVia = vpcVia;
    if (!isSame) onPath();
  }

  /** The twin that owns the routes of the VPC, as long as it answers. */
  #ownerThatIsUp(): string | undefined {
    const owner = this.#ownership?.view()?.owner;
    return this.#twins.view().find(({ name, state }) => name === owner && state === 'up')?.name;
  }

  /** An edge is told of what it sent itself. */
  async #refused(tunnelAddress: string, from: string, to: string): Promise<number | undefined> {
    const peer = this.#peers.find((one) => one.tunnelAddress === tunnelAddress);
    if (peer === undefined || proofAddress(peer) !== from) return undefined;
    return this.#options.refused(refusedSetOf(peer.tenant), from, to);
  }

  #statusOf(peer: PeerLeaf, sight: PeerSight | undefined): PeerStatus {
    const ageMs = this.#responder.ageMs(peer.tunnelAddress);
    return {
      name: peer.agent,
      tunnelAddress: peer.tunnelAddress,
      state: ageMs === undefined ? 'unknown' : ageMs <= SILENCE_MS_MAX ? 'up' : 'down',
      active: false,
      via: this.#detours[peer.agent],
      device: sight?.device,
      endpoint: sight?.endpoint,
      handshakeAgeSeconds: handshakeAge(sight?.handshakeSeconds, this.#options.wallNow()),
      probeAgeSeconds: ageMs === undefined ? undefined : ageMs / 1_000,
      receivedBytes: sight?.receivedBytes,
      sentBytes: sight?.sentBytes,
      spoofedPackets: sight?.spoofedPackets,
    };
  }

  async #sightsByKey(): Promise<Map<string, PeerSight>> {
    const sights = await this.#options.sights();
    return new Map(sights.map((sight) => [sight.publicKey, sight]));
  }

  /** Nudges every edge whose document changed, and fetches the hub's own. */
  #tell(agents: ReadonlySet<string>): void {
    if (agents.has(this.#options.agent)) this.#options.onNudge();
    for (const peer of this.#peers) if (agents.has(peer.agent)) this.#nudges.nudge(peer.tunnelAddress);
  }

  async #beat(): Promise<number> {
    const peers = await this.peers();
    const requests = await this.#options.requests?.rates();
    await this.#liveness.send({
      peers: peers.map(livenessOf),
      ...(requests === undefined ? {} : { requests }),
    });
    return this.#options.tuning.livenessMs;
  }
}

function sightOf({ publicKey, nextKey }: PeerLeaf, sights: ReadonlyMap<string, PeerSight>) {
  return joinedSight(
    [sights.get(publicKey), sights.get(nextKey ?? '')].filter((sight) => sight !== undefined),
  );
}

function livenessOf(peer: PeerStatus): Liveness['peers'][number] {
  const { handshakeAgeSeconds, probeAgeSeconds } = peer;
  return {
    agent: peer.name,
    up: peer.state === 'up',
    ...(handshakeAgeSeconds === undefined ? {} : { handshakeAgeSeconds }),
    ...(probeAgeSeconds === undefined ? {} : { probeAgeSeconds: Math.round(probeAgeSeconds) }),
    receivedBytes: peer.receivedBytes ?? 0,
    sentBytes: peer.sentBytes ?? 0,
    spoofedPackets: peer.spoofedPackets ?? 0,
  };
}
