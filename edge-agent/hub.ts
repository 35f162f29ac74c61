/**
 * What a hub runs beside the loop: it answers probes, waits for messages, nudges its edges, and reports their liveness.
 * Everything it hears is a hint; what it does to packets comes from its document alone.
 */
import type { Document, PeerLeaf } from '../protocol/document.ts';
import type { Liveness } from '../protocol/report.ts';
import { pollDelayMs, retryDelayMs } from './link/backoff.ts';
import type { Caller } from './link/fetch.ts';
import { LivenessSender } from './link/liveness.ts';
import { receiveMessages } from './link/messages.ts';
import type { PeerSight } from './observe/peers.ts';
import { leafOf, leavesOf } from './plan/leaves.ts';
import type { Choice } from './plan/state.ts';
import { detoursOf } from './plan/twins.ts';
import { Poll } from './poll.ts';
import { NudgeSender } from './probe/nudge.ts';
import { Prober } from './probe/prober.ts';
import { Responder } from './probe/responder.ts';
import type { Role } from './role.ts';
import type { Tuning } from './settings.ts';
import { handshakeAge, type PeerStatus } from './status.ts';

/** An edge probes several times a second; silence of this length is not chance. */
const SILENCE_MS_MAX = 5_000;
const DENIED_SECONDS = 30;
const LATE_FACTOR = 1.5;

export interface HubOptions {
  readonly agent: string;
  readonly tuning: Tuning;
  readonly caller: Caller;
  readonly sights: () => Promise<readonly PeerSight[]>;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Milliseconds since 1970: handshakes are told in these. */
  readonly wallNow: () => number;
  /** From 0 up to 1. */
  readonly chance: () => number;
  /** An edge's leg was lost or is back, so its packets take another way. */
  readonly onPath: () => void;
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
  readonly #messages: Poll;
  readonly #beats: Poll;
  #peers: readonly PeerLeaf[] = [];
  #cursor = '';
  #failures = 0;
  readonly #twins: Prober;
  #detours: Readonly<Record<string, string>> = {};
  #watch: NodeJS.Timeout | undefined;
  #watchedMs = 0;
  #startedMs = 0;

  constructor(options: HubOptions) {
    this.#options = options;
    this.#responder = new Responder({ now: options.now });
    this.#liveness = new LivenessSender(options.caller, options.now);
    this.#twins = new Prober({ settings: options.tuning, now: options.now, onChange: () => undefined });
    this.#messages = new Poll(() => this.#receive());
    this.#beats = new Poll(() => this.#beat());
  }

  update(document: Document | undefined): void {
    const self = document && leafOf(document, 'self');
    if (document === undefined || self === undefined) return;
    this.#peers = leavesOf(document, 'peer');
    const twins = leafOf(document, 'twins')?.hubs ?? [];
    const known = [...this.#peers, ...twins].map(({ tunnelAddress }) => tunnelAddress);
    this.#responder.answer(self.tunnelAddress, new Set(known));
    this.#nudges.listen(self.tunnelAddress);
    this.#twins.probe(self.tunnelAddress, twins);
    if (this.#watch !== undefined) return;
    this.#startedMs = this.#options.now();
    this.#watchedMs = this.#startedMs;
    this.#watch = setInterval(() => this.#watchLegs(), this.#options.tuning.probeIntervalMs);
    this.#messages.wake();
    this.#beats.wake();
  }

  choice(): Choice {
    return { mtuByHub: {}, detours: this.#detours };
  }

  isReached() {
    return true;
  }

  nameHubs() {
    return [];
  }

  async peers(): Promise<readonly PeerStatus[]> {
    const sights = await this.#sightsByKey();
    return this.#peers.map((peer) => this.#statusOf(peer, sights.get(peer.publicKey)));
  }

  stop(): void {
    clearInterval(this.#watch);
    this.#watch = undefined;
    this.#twins.stop();
    this.#messages.stop();
    this.#beats.stop();
    this.#responder.stop();
    this.#nudges.stop();
  }

  /** After a late timer nothing is judged: probes that came meanwhile have not been read yet. */
  #watchLegs(): void {
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
    const isSame = JSON.stringify(detours) === JSON.stringify(this.#detours);
    this.#detours = detours;
    if (!isSame) onPath();
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
  async #receive(): Promise<number> {
    const { caller, chance, agent, onNudge } = this.#options;
    const received = await receiveMessages(caller, this.#cursor);
    if (received.kind === 'denied') return pollDelayMs(received.pollSeconds ?? DENIED_SECONDS, chance());
    if (received.kind === 'unreachable') {
      this.#failures += 1;
      return retryDelayMs(this.#failures, chance());
    }
    this.#failures = 0;
    this.#cursor = received.messages.cursor;
    const changed = new Set(received.messages.changed);
    if (changed.has(agent)) onNudge();
    for (const peer of this.#peers) if (changed.has(peer.agent)) this.#nudges.nudge(peer.tunnelAddress);
    return 0;
  }

  async #beat(): Promise<number> {
    const peers = await this.peers();
    await this.#liveness.send({ peers: peers.map(livenessOf) });
    return this.#options.tuning.livenessMs;
  }
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
