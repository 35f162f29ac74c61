/**
 * Tries, again and again, whether the isolation of the tenant holds towards other sites. What a trial shows and when to try again is decided in `plan/proof.ts`; this file
 * sends, waits and tells when a verdict changes.
 */
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
  #number = 0;
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
    const { now, onChange } = this.#options;
    const leaf = this.#leaf;
    if (leaf === undefined || leaf.peers.length === 0) return restMs([], now(), true);
    const shown = JSON.stringify(this.proofs());
    this.#running.listen(this.#tunnelAddress);
    this.#questions.listen(this.#tunnelAddress);
    if (leaf.isolated) await this.#tryIsolated(leaf);
    else await this.#tryOpen(leaf);
    if (JSON.stringify(this.proofs()) !== shown) onChange();
    return restMs([...this.#states.values()], now(), this.#leaf?.isolated ?? false);
  }

  async #tryOpen(leaf: ProofLeaf): Promise<void> {
    const probes = await this.#probe(this.#running, leaf.peers, ANSWER_MS_MAX);
    for (const [key, number] of probes)
      this.#change(key, leaf, (state) =>
        afterOpenTrial(state, this.#answered.has(number), this.#options.now()),
      );
    this.#forget();
  }

  async #tryIsolated(leaf: ProofLeaf): Promise<void> {
    const begunMs = this.#options.now();
    const before = await this.#countEach(leaf);
    const waitMs = Math.max(WAIT_MS_MIN, WAIT_FACTOR * (this.#options.now() - begunMs));
    const fresh = new TunnelSocket(0, (bytes, { address }) => this.#probed(bytes, address));
    fresh.listen(this.#tunnelAddress);
    const [freshProbes, runningProbes] = await Promise.all([
      this.#probe(fresh, leaf.peers, waitMs),
      this.#probe(this.#running, leaf.peers, waitMs),
    ]);
    fresh.close();
    const after = await this.#countEach(leaf);
    for (const key of leaf.peers.map(keyOf)) {
      const trial = {
        before: before.get(key) ?? NOT_TOLD,
        after: after.get(key) ?? NOT_TOLD,
        freshAnswered: this.#answered.has(freshProbes.get(key) ?? 0),
        runningAnswered: this.#answered.has(runningProbes.get(key) ?? 0),
      };
      this.#change(key, leaf, (state) => afterTrial(state, trial, this.#options.now()));
    }
    this.#forget();
  }

  #forget(): void {
    for (const kept of [this.#open, this.#told, this.#answered]) kept.clear();
  }

  /** Not if the document changed meanwhile: then the trial was another one's. */
  #change(key: string, leaf: ProofLeaf, next: (state: ProofState) => ProofState): void {
    const state = this.#states.get(key);
    if (state !== undefined && leaf === this.#leaf) this.#states.set(key, next(state));
  }

  /** Sends to the judged port of each; resolves to the numbers by peer, once all are answered or late. */
  async #probe(socket: TunnelSocket, peers: readonly Peer[], waitMs: number): Promise<Map<string, number>> {
    const numbers = new Map(peers.map((peer) => [keyOf(peer), this.#next(peer.address)]));
    await this.#until(() => socket.isBound, ANSWER_MS_MAX);
    for (let repeat = 0; repeat < REPEATS; repeat += 1) {
      for (const peer of peers) {
        const number = numbers.get(keyOf(peer)) ?? 0;
        this.#send(socket, encodeProbe({ kind: 'probe', number }), [peer.address, this.#ports.judged]);
      }
      await sleep(REPEAT_MS);
    }
    await this.#until(() => [...numbers.values()].every((number) => this.#answered.has(number)), waitMs);
    return numbers;
  }

  /** What the hub and each peer have refused of ours so far. */
  async #countEach(leaf: ProofLeaf): Promise<Map<string, RefusedCounts>> {
    const hub = this.#options.hub();
    await this.#until(() => this.#questions.isBound, ANSWER_MS_MAX);
    const asked = leaf.peers.map((peer) => ({
      key: keyOf(peer),
      hub: hub === undefined ? undefined : this.#question(leaf, peer, [hub, this.#ports.probe]),
      peer: this.#question(leaf, peer, [peer.address, this.#ports.control]),
    }));
    const isTold = (number: number | undefined) => number === undefined || this.#told.has(number);
    await this.#until(() => asked.every((one) => isTold(one.peer) && isTold(one.hub)), ANSWER_MS_MAX);
    const toldOf = (number: number | undefined) =>
      number === undefined ? undefined : this.#told.get(number);
    return new Map(asked.map((one) => [one.key, { hub: toldOf(one.hub), peer: toldOf(one.peer) }]));
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

  #next(whom: string): number {
    this.#number = this.#number >= NUMBER_MAX ? 1 : this.#number + 1;
    this.#open.set(this.#number, whom);
    return this.#number;
  }

  get #ports() {
    return this.#options.ports ?? PORTS;
  }
}

type Whom = readonly [address: string, port: number];

const NOT_TOLD: RefusedCounts = { hub: undefined, peer: undefined };

function keyOf({ site, edge, address }: Peer): string {
  return `${site}/${edge} ${address}`;
}
