/**
 * An agent's probes of its hubs (an edge's) or twins (a hub's): small ones to every hub, several a second, and padded ones now and then. What they mean is
 * decided in `plan/path.ts` and `plan/mtu.ts`; this file sends, counts and tells when the verdict changes.
 */
import type { RemoteInfo } from 'node:dgram';
import { PROBE_PORT } from '../../protocol/document.ts';
import { answeredMtu, type MtuState, tickMtu, UNMEASURED } from '../plan/mtu.ts';
import { NO_PATH, nextPath, type PathState, type Round, toAsk, withHubs } from '../plan/path.ts';
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
}

export interface ProberOptions {
  readonly settings: ProberSettings;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** The active hub, a hub's state or a tunnel's MTU is another one now. */
  readonly onChange: () => void;
  /** A standby that answers is asked in every so manieth round; absent: in each. */
  readonly standbyEvery?: number;
  /** A round is over; hubs by name. */
  readonly onRound?: ((round: Round) => void) | undefined;
  /** Port of the hubs' responders; another one in tests. */
  readonly port?: number;
}

interface Target {
  readonly hub: ProbedHub;
  mtu: MtuState;
  asked: boolean;
  answered: boolean;
  rttMs: number | undefined;
  replyMs: number | undefined;
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
  #rounds = 0;
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
    return [...this.#targets.values()].map(({ hub, mtu, rttMs, replyMs }) => ({
      ...hub,
      state: this.#path.hubs[hub.name]?.state ?? 'unknown',
      mtuBytes: mtu.sizeBytes,
      isMtuMeasured: mtu.isMeasured,
      rttMs,
      replyAgeMs: replyMs === undefined ? undefined : nowMs - replyMs,
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
    const answered = targets.filter((target) => target.answered).map(({ hub }) => hub.name);
    const resting = targets.filter((target) => !target.asked).map(({ hub }) => hub.name);
    this.#path = nextPath(
      this.#path,
      { answered, late, resting },
      {
        missesToDown: settings.probeMisses,
        goodToReturn: settings.probeGoodToReturn,
      },
    );
    this.#ask(targets, nowMs);
    this.#options.onRound?.({ answered, late, resting });
    if (this.#verdict() !== before) onChange();
  }

  #ask(targets: readonly Target[], nowMs: number): void {
    const names = toAsk(this.#path, this.#rounds, this.#standbyEvery);
    this.#rounds += 1;
    for (const target of targets) {
      target.answered = false;
      target.asked = names.includes(target.hub.name);
      if (target.asked) this.#send(target, nowMs);
    }
  }

  get #standbyEvery(): number {
    return this.#options.standbyEvery ?? 1;
  }

  #send(target: Target, nowMs: number): void {
    const { mtuVerifyMs, mtuRaiseMs } = this.#options.settings;
    const isUp = this.#path.hubs[target.hub.name]?.state === 'up';
    const next = tickMtu(target.mtu, { atMs: nowMs, isUp }, { verifyMs: mtuVerifyMs, raiseMs: mtuRaiseMs });
    target.mtu = next.state;
    for (const sizeBytes of [0, ...next.send]) this.#sendOne(target, sizeBytes, nowMs);
  }

  #sendOne({ hub, replyMs }: Target, sizeBytes: number, nowMs: number): void {
    this.#number = this.#number >= NUMBER_MAX ? 1 : this.#number + 1;
    this.#outstanding.set(this.#number, nowMs);
    const oldest = this.#outstanding.keys().next().value;
    if (this.#outstanding.size > OUTSTANDING_MAX && oldest !== undefined) this.#outstanding.delete(oldest);
    const { probeIntervalMs, probeMisses } = this.#options.settings;
    const heard =
      replyMs !== undefined && nowMs - replyMs <= probeIntervalMs * (probeMisses + this.#standbyEvery);
    const bytes = encodeProbe({ kind: 'probe', number: this.#number, heard }, sizeBytes);
    this.#socket.send(bytes, this.#options.port ?? PROBE_PORT, hub.tunnelAddress);
  }

  #receive(bytes: Buffer, from: RemoteInfo): void {
    const packet = decodeProbe(bytes);
    const target = this.#targets.get(from.address);
    const sentMs = this.#outstanding.get(packet?.number ?? 0);
    if (packet?.kind !== 'reply' || target === undefined || sentMs === undefined) return;
    this.#outstanding.delete(packet.number);
    const nowMs = this.#options.now();
    target.answered = true;
    target.replyMs = nowMs;
    const sizeBytes = bytes.length + IP_AND_UDP_BYTES;
    if (sizeBytes < PADDED_BYTES_MIN) target.rttMs = nowMs - sentMs;
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

function fresh(hub: ProbedHub): Target {
  return { hub, mtu: UNMEASURED, asked: false, answered: false, rttMs: undefined, replyMs: undefined };
}
