/**
 * An agent's probes of its hubs (an edge's) or twins (a hub's): small ones to every hub, and padded ones now and then. When to ask is decided
 * in `plan/pace.ts`, what it means in `plan/path.ts` and `plan/mtu.ts`; this file sends, counts and tells when the verdict changes.
 */
import type { RemoteInfo } from 'node:dgram';
import { PROBE_PORT } from '../../protocol/document.ts';
import { answeredMtu, type MtuState, tickMtu, UNMEASURED } from '../plan/mtu.ts';
import { type Asking, answered, idleEvery, isJudged, NOT_ASKED, nextAsking } from '../plan/pace.ts';
import { NO_PATH, nextPath, type PathState, type Round, withHubs } from '../plan/path.ts';
import { decodeProbe, encodeProbe, IP_AND_UDP_BYTES } from './packet.ts';
import { TunnelSocket } from './socket.ts';

const LATE_FACTOR = 1.5;
const OUTSTANDING_MAX = 512;
const NUMBER_MAX = 0xffff_ffff;

export interface ProberSettings {
  readonly probeIntervalMs: number;
  readonly probeMisses: number;
  readonly probeGoodToReturn: number;
  readonly mtuVerifyMs: number;
  readonly mtuRaiseMs: number;
}

export interface ProbedHub {
  readonly name: string;
  readonly tunnelAddress: string;
}

/** How a hub looks from here. Ages are in milliseconds; absent: never heard of. */
export interface HubView {
  readonly name: string;
  readonly tunnelAddress: string;
  readonly state: 'unknown' | 'up' | 'down';
  readonly mtuBytes: number;
  readonly isMtuMeasured: boolean;
  readonly rttMs?: number | undefined;
  readonly replyAgeMs?: number | undefined;
  /** Mark of the next key that the hub said it takes. */
  readonly accepts?: number | undefined;
}

/** Probes sent and answers received since a hub became known, by its name. */
export type OwnPackets = Readonly<Record<string, number>>;

export interface ProberOptions {
  readonly settings: ProberSettings;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** The active hub, a hub's state or a tunnel's MTU is another one now. */
  readonly onChange: () => void;
  /** A standby that answers is asked in every so manieth round; absent: in each. */
  readonly standbyEvery?: number;
  /** Asked once a round: do packets pass that are not ours? Absent: one must always be as quick as if they did. */
  readonly isBusy?: (own: OwnPackets) => boolean;
  /** A round is over; hubs by name. */
  readonly onRound?: ((round: Round) => void) | undefined;
  /** A hub that is to carry nothing as long as another can. */
  readonly avoided?: () => string | undefined;
  /** Port of the hubs' responders; another one in tests. */
  readonly port?: number;
}

interface Target {
  readonly hub: ProbedHub;
  mtu: MtuState;
  asking: Asking;
  /** Ours, both ways. */
  packets: number;
  replyMs: number | undefined;
  accepts: number | undefined;
}

export class Prober {
  readonly #options: ProberOptions;
  readonly #socket = new TunnelSocket(0, (bytes, from) => this.#receive(bytes, from));
  readonly #outstanding = new Map<number, number>();
  #targets = new Map<string, Target>();
  #path: PathState = NO_PATH;
  #address: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #number = 0;
  #tickedMs = 0;

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  get active(): string | undefined {
    return this.#path.active;
  }

  /** Sets whom to probe, and from which address; idempotent. */
  probe(address: string, hubs: readonly ProbedHub[]): void {
    this.#address = address;
    this.#targets = new Map(hubs.map((hub) => [hub.tunnelAddress, this.#kept(hub) ?? fresh(hub)]));
    this.#path = withHubs(
      this.#path,
      hubs.map(({ name }) => name),
    );
    this.#timer ??= this.#start();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#socket.close();
  }

  view(): readonly HubView[] {
    const nowMs = this.#options.now();
    return [...this.#targets.values()].map(({ hub, mtu, asking, replyMs, accepts }) => ({
      ...hub,
      state: this.#path.hubs[hub.name]?.state ?? 'unknown',
      mtuBytes: mtu.sizeBytes,
      isMtuMeasured: mtu.isMeasured,
      rttMs: asking.rttMs,
      replyAgeMs: replyMs === undefined ? undefined : nowMs - replyMs,
      accepts,
    }));
  }

  #kept(hub: ProbedHub): Target | undefined {
    const target = this.#targets.get(hub.tunnelAddress);
    return target?.hub.name === hub.name ? target : undefined;
  }

  #start(): NodeJS.Timeout {
    this.#tickedMs = this.#options.now();
    const { probeIntervalMs } = this.#options.settings;
    // What has arrived is read first: a process that had to wait must not take its unread answers for silence.
    return setInterval(() => setImmediate(() => this.#tick()), probeIntervalMs);
  }

  #tick(): void {
    if (this.#timer === undefined) return;
    const { settings, now, onChange } = this.#options;
    const nowMs = now();
    const late = nowMs - this.#tickedMs > settings.probeIntervalMs * LATE_FACTOR || !this.#socket.isBound;
    this.#tickedMs = nowMs;
    if (this.#address !== undefined) this.#socket.listen(this.#address);
    const before = this.#verdict();
    const targets = [...this.#targets.values()];
    const isBusy = this.#isBusy(targets);
    const round = { ...roundOf(targets, settings.probeIntervalMs), late };
    this.#path = nextPath(this.#path, round, {
      missesToDown: settings.probeMisses,
      goodToReturn: settings.probeGoodToReturn,
      avoided: this.#options.avoided?.(),
    });
    for (const target of targets) this.#ask(target, { atMs: nowMs, isBusy });
    this.#options.onRound?.(round);
    if (this.#verdict() !== before) onChange();
  }

  #isBusy(targets: readonly Target[]): boolean {
    const own = Object.fromEntries(targets.map(({ hub, packets }) => [hub.name, packets]));
    return this.#options.isBusy?.(own) ?? true;
  }

  #ask(target: Target, now: Now): void {
    const { name } = target.hub;
    const path = this.#path.hubs[name];
    if (path === undefined) return;
    const next = nextAsking(
      target.asking,
      { ...now, path, isActive: name === this.#path.active },
      { probeIntervalMs: this.#options.settings.probeIntervalMs, standbyEvery: this.#standbyEvery },
    );
    target.asking = next.asking;
    if (next.isDue) this.#send(target, now);
  }

  get #standbyEvery(): number {
    return this.#options.standbyEvery ?? 1;
  }

  #send(target: Target, { atMs, isBusy }: Now): void {
    const { mtuVerifyMs, mtuRaiseMs } = this.#options.settings;
    const isUp = this.#path.hubs[target.hub.name]?.state === 'up';
    const settings = { verifyMs: mtuVerifyMs, raiseMs: mtuRaiseMs };
    const next = tickMtu(target.mtu, { atMs, isUp, isBusy }, settings);
    target.mtu = next.state;
    for (const sizeBytes of [0, ...next.send]) this.#sendOne(target, sizeBytes, atMs);
  }

  /** Heard lately: it may rest between two questions, but only while it is up. */
  #isHeard({ hub, replyMs }: Target, nowMs: number): boolean {
    const { probeIntervalMs, probeMisses } = this.#options.settings;
    const isUp = this.#path.hubs[hub.name]?.state === 'up';
    const mayIdle = isUp && this.#options.isBusy !== undefined;
    const rest = Math.max(this.#standbyEvery, mayIdle ? idleEvery(probeIntervalMs) : 1);
    return replyMs !== undefined && nowMs - replyMs <= probeIntervalMs * (probeMisses + rest);
  }

  #sendOne(target: Target, sizeBytes: number, nowMs: number): void {
    this.#number = this.#number >= NUMBER_MAX ? 1 : this.#number + 1;
    this.#outstanding.set(this.#number, nowMs);
    const oldest = this.#outstanding.keys().next().value;
    if (this.#outstanding.size > OUTSTANDING_MAX && oldest !== undefined) this.#outstanding.delete(oldest);
    const heard = this.#isHeard(target, nowMs);
    target.packets += 1;
    const bytes = encodeProbe({ kind: 'probe', number: this.#number, heard }, sizeBytes);
    this.#socket.send(bytes, this.#options.port ?? PROBE_PORT, target.hub.tunnelAddress);
  }

  #receive(bytes: Buffer, from: RemoteInfo): void {
    const packet = decodeProbe(bytes);
    const target = this.#targets.get(from.address);
    const sentMs = this.#outstanding.get(packet?.number ?? 0);
    if (packet?.kind !== 'reply' || target === undefined || sentMs === undefined) return;
    this.#outstanding.delete(packet.number);
    const nowMs = this.#options.now();
    target.replyMs = nowMs;
    target.accepts = packet.accepts;
    target.packets += 1;
    target.asking = answered(target.asking, sentMs);
    const sizeBytes = bytes.length + IP_AND_UDP_BYTES;
    if (sizeBytes < PADDED_BYTES_MIN) target.asking = { ...target.asking, rttMs: nowMs - sentMs };
    else target.mtu = answeredMtu(target.mtu, sizeBytes);
  }

  /** What others act on, as text: compared before and after a round. */
  #verdict(): string {
    const hubs = [...this.#targets.values()].map(
      ({ hub, mtu }) => `${hub.name} ${this.#path.hubs[hub.name]?.state ?? ''} ${mtu.sizeBytes}`,
    );
    return [this.#path.active ?? '', ...hubs].join(',');
  }
}

const PADDED_BYTES_MIN = 1_000;

interface Now {
  readonly atMs: number;
  readonly isBusy: boolean;
}

function fresh(hub: ProbedHub): Target {
  return { hub, mtu: UNMEASURED, asking: NOT_ASKED, packets: 0, replyMs: undefined, accepts: undefined };
}

function roundOf(targets: readonly Target[], probeIntervalMs: number): Pick<Round, 'answered' | 'resting'> {
  const namesOf = (some: readonly Target[]) => some.map(({ hub }) => hub.name);
  return {
    answered: namesOf(targets.filter(({ asking }) => asking.isAnswered)),
    resting: namesOf(targets.filter(({ asking }) => !isJudged(asking, probeIntervalMs))),
  };
}
