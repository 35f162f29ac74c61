/**
 * Tries, again and again, whether the isolation of the tenant holds towards other sites. What a trial shows and when to try again is decided in `plan/proof.ts`; this file
 * sends, waits and tells when a verdict changes.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROBE_PORT, type ProofLeaf } from '../../protocol/document.ts';
import { CONTROL_PORT, JUDGED_PORT } from '../../protocol/proof.ts';
import type { Proof } from '../../protocol/report.ts';
import {
  afterOpenTrial,
  afterTrial,
  beginProof,
  type ProofState,
  type RefusedCounts,
  restMs,
} from '../plan/proof.ts';
import { Poll } from '../poll.ts';
import { decodeProbe, encodeProbe } from './packet.ts';
import { decodeRefused, encodeRefused } from './refused-packet.ts';
import { TunnelSocket } from './socket.ts';

/** As long as a question may take that is answered at all. */
const ANSWER_MS_MAX = 2_000;
/** What is refused is waited for so much longer than the control took. */
const WAIT_FACTOR = 3;
const WAIT_MS_MIN = 100;
const LOOK_MS = 10;
/** Packets may be lost, so each is sent twice. */
const REPEATS = 2;
const REPEAT_MS = 60;
const NUMBER_MAX = 0xffff_ffff;

type Peer = ProofLeaf['peers'][number];

export interface AskerOptions {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Tunnel address of the hub that carries this edge's packets; undefined: none is known to be up. */
  readonly hub: () => string | undefined;
  readonly onChange: () => void;
  readonly ports?: { readonly probe: number; readonly judged: number; readonly control: number };
}

const PORTS = { probe: PROBE_PORT, judged: JUDGED_PORT, control: CONTROL_PORT };

export class ProofAsker {
  readonly #options: AskerOptions;
  readonly #trials = new Poll(() => this.#try());
  /** Answers to probes of the judged port, by the number of the probe. */
  readonly #answered = new Set<number>();
  /** Counts that were told, by the number of the question. */
  readonly #told = new Map<number, number>();
  readonly #running = new TunnelSocket(0, (bytes, { address }) => this.#probed(bytes, address));
  readonly #questions = new TunnelSocket(0, (bytes, { address }) => this.#receive(bytes, address));
  /** Whom each open question went to, by its number. */
  readonly #open = new Map<number, string>();
  #leaf: ProofLeaf | undefined;
  #tunnelAddress = '';
  #states = new Map<string, ProofState>();
  #packets = 0;
  #doubt = '';

  constructor(options: AskerOptions) {
    this.#options = options;
  }

  /** Ours, both ways, since the start. */
  get packets(): number {
    return this.#packets;
  }

  /** Undefined: the document does not ask for proofs, or the tenant is open. */
  proofs(): readonly Proof[] | undefined {
    if (this.#leaf?.isolated !== true) return undefined;
    return this.#leaf.peers.map((peer) => {
      const { verdict, cut } = this.#states.get(keyOf(peer)) ?? beginProof(0);
      return { site: peer.site, edge: peer.edge, verdict, cut };
    });
  }

  /** Sets whom to ask; idempotent. `doubt`: whatever else the answer hangs on; when it changes all are asked at once. */
  ask(leaf: ProofLeaf | undefined, tunnelAddress: string, doubt: string): void {
    const before = this.#leaf;
    this.#leaf = leaf;
    this.#tunnelAddress = tunnelAddress;
    if (leaf === undefined) return;
    const isSame = JSON.stringify(leaf) === JSON.stringify(before) && doubt === this.#doubt;
    this.#doubt = doubt;
    if (isSame) return;
    const isTold = leaf.isolated !== before?.isolated;
    const nowMs = this.#options.now();
    this.#states = new Map(
      leaf.peers.map((peer) => {
        const known = this.#states.get(keyOf(peer));
        return [keyOf(peer), known === undefined || isTold ? beginProof(nowMs, known?.ranMs) : known];
      }),
    );
    this.#trials.wake();
  }

  stop(): void {
    this.#trials.stop();
    this.#running.close();
    this.#questions.close();
  }

  /** One trial of all peers; resolves to the rest after it. */
  async #try(): Promise<number> {
    const { now } = this.#options;
    const leaf = this.#leaf;
    if (leaf === undefined || leaf.peers.length === 0) return restMs([], now(), true);
    this.#running.listen(this.#tunnelAddress);
    this.#questions.listen(this.#tunnelAddress);
    // Each in its own time: one that is away must not hold up what the others show.
    if (leaf.isolated) await this.#tryIsolated(leaf);
    else await Promise.all(leaf.peers.map((peer) => this.#tryOpen(leaf, peer)));
    for (const kept of [this.#open, this.#told, this.#answered]) kept.clear();
    return restMs([...this.#states.values()], now(), this.#leaf?.isolated ?? false);
  }

  async #tryOpen(leaf: ProofLeaf, peer: Peer): Promise<void> {
    const number = await this.#probe(this.#running, peer, ANSWER_MS_MAX);
    this.#change(peer, leaf, (state) =>
      afterOpenTrial(state, this.#answered.has(number), this.#options.now()),
    );
  }

  async #tryIsolated(leaf: ProofLeaf): Promise<void> {
    const fresh = new TunnelSocket(0, (bytes, { address }) => this.#probed(bytes, address));
    fresh.listen(this.#tunnelAddress);
    await Promise.all(leaf.peers.map((peer) => this.#tryPeer(leaf, peer, fresh)));
    fresh.close();
  }

  /** What passes is judged by when the trial began: a hub may have been late then. */
  async #tryPeer(leaf: ProofLeaf, peer: Peer, fresh: TunnelSocket): Promise<void> {
    const begunMs = this.#options.now();
    // The one hub for both counts, whatever carries our packets afterwards.
    const hub = this.#options.hub();
    const before = await this.#counts(leaf, peer, hub);
    const tookMs = this.#options.now() - begunMs;
    const waitMs = before.peer === undefined ? WAIT_MS_MIN : Math.max(WAIT_MS_MIN, WAIT_FACTOR * tookMs);
    const [freshProbe, runningProbe] = await Promise.all([
      this.#probe(fresh, peer, waitMs),
      this.#probe(this.#running, peer, waitMs),
    ]);
    const after = await this.#counts(leaf, peer, hub);
    const trial = {
      before,
      after,
      freshAnswered: this.#answered.has(freshProbe),
      runningAnswered: this.#answered.has(runningProbe),
    };
    this.#change(peer, leaf, (state) => afterTrial(state, trial, begunMs));
  }

  /** Not if the document changed meanwhile: then the trial was another one's. */
  #change(peer: Peer, leaf: ProofLeaf, next: (state: ProofState) => ProofState): void {
    const state = this.#states.get(keyOf(peer));
    if (state === undefined || leaf !== this.#leaf) return;
    const shown = JSON.stringify(this.proofs());
    this.#states.set(keyOf(peer), next(state));
    if (JSON.stringify(this.proofs()) !== shown) this.#options.onChange();
  }

  /** Sends to the judged port; resolves to the number, once it is answered or late. */
  async #probe(socket: TunnelSocket, peer: Peer, waitMs: number): Promise<number> {
    const number = this.#next(peer.address);
    await this.#until(() => socket.isBound, ANSWER_MS_MAX);
    for (let repeat = 0; repeat < REPEATS; repeat += 1) {
      this.#send(socket, encodeProbe({ kind: 'probe', number }), [peer.address, this.#ports.judged]);
      await sleep(REPEAT_MS);
    }
    await this.#until(() => this.#answered.has(number), waitMs);
    return number;
  }

  /** What the hub and the peer have refused of ours so far. */
  async #counts(leaf: ProofLeaf, peer: Peer, hub: string | undefined): Promise<RefusedCounts> {
    await this.#until(() => this.#questions.isBound, ANSWER_MS_MAX);
    const asked = {
      hub: hub === undefined ? undefined : this.#question(leaf, peer, [hub, this.#ports.probe]),
      peer: this.#question(leaf, peer, [peer.address, this.#ports.control]),
    };
    const isTold = (number: number | undefined) => number === undefined || this.#told.has(number);
    await this.#until(() => isTold(asked.peer) && isTold(asked.hub), ANSWER_MS_MAX);
    const toldOf = (number: number | undefined) =>
      number === undefined ? undefined : this.#told.get(number);
    return { hub: toldOf(asked.hub), peer: toldOf(asked.peer) };
  }

  #question({ address: from }: ProofLeaf, { address: to }: Peer, whom: Whom): number {
    const number = this.#next(whom[0]);
    const bytes = encodeRefused({ kind: 'ask', number, from, to, count: 0 });
    for (let repeat = 0; repeat < REPEATS; repeat += 1) this.#send(this.#questions, bytes, whom);
    return number;
  }

  #send(socket: TunnelSocket, bytes: Buffer, [address, port]: Whom): void {
    this.#packets += 1;
    socket.send(bytes, port, address);
  }

  #probed(bytes: Buffer, from: string): void {
    this.#packets += 1;
    const packet = decodeProbe(bytes);
    if (packet?.kind === 'reply' && this.#open.get(packet.number) === from) this.#answered.add(packet.number);
  }

  #receive(bytes: Buffer, from: string): void {
    this.#packets += 1;
    const answer = decodeRefused(bytes);
    if (answer?.kind === 'told' && this.#open.get(answer.number) === from)
      this.#told.set(answer.number, answer.count);
  }

  async #until(condition: () => boolean, waitMs: number): Promise<void> {
    const endMs = this.#options.now() + waitMs;
    while (!condition() && this.#options.now() < endMs) await sleep(LOOK_MS);
  }

  /** One that nobody can guess, so that nobody else can answer. */
  #next(whom: string): number {
    const number = randomInt(1, NUMBER_MAX);
    this.#open.set(number, whom);
    return number;
  }

  get #ports() {
    return this.#options.ports ?? PORTS;
  }
}

type Whom = readonly [address: string, port: number];

function keyOf({ site, edge, address }: Peer): string {
  return `${site}/${edge} ${address}`;
}
